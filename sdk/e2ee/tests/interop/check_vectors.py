#!/usr/bin/env python3
"""Computes the committed vectors a second time, from the documents, with other libraries.

    pip install -r tests/interop/requirements.txt
    python3 tests/interop/check_vectors.py

X25519, Ed25519, ML-KEM-768, HKDF, HMAC, AES and ChaCha20-Poly1305 come from `cryptography`; HChaCha20 is
written here. Exits with 1 at the first difference.
"""

import hashlib
import hmac
import json
import pathlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors"
HYBRID = b"parlance-e2ee/1 PQXDH X25519 SHA-256 ML-KEM-768"
CLASSICAL = b"parlance-e2ee/1 X3DH"
SIZES = [512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536]


def load(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r} is not {expected!r}"


def hkdf(salt, material, info, length):
    return HKDF(SHA256(), length, salt, info).derive(material)


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def dh(secret, public):
    private = X25519PrivateKey.from_private_bytes(secret)
    return private.exchange(X25519PublicKey.from_public_bytes(public))


def public_of(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def rotate(value, bits):
    return (value << bits | value >> 32 - bits) & 0xFFFFFFFF


def hchacha20(key, nonce):
    """draft-irtf-cfrg-xchacha-03, 2.2."""
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    rounds = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    rounds += [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in rounds:
            for first, second, bits in ((a, d, 16), (c, b, 12), (a, d, 8), (c, b, 7)):
                other = b if first == a else d
                state[first] = (state[first] + state[other]) & 0xFFFFFFFF
                state[second] = rotate(state[second] ^ state[first], bits)
    return struct.pack("<8I", *state[:4], *state[12:])


def open_sealed(key, nonce, data, sealed):
    cipher = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return cipher.decrypt(b"\0\0\0\0" + nonce[16:], sealed, data)


def open_classical(key, data, sealed):
    keys = hkdf(bytes(32), key, b"parlance-e2ee/1 classical message", 80)
    body, tag = sealed[:-32], sealed[-32:]
    same(mac(keys[32:64], data + body), tag, "tag of a classical message")
    cipher = Cipher(algorithms.AES(keys[:32]), modes.CBC(keys[64:])).decryptor()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(cipher.update(body) + cipher.finalize()) + unpadder.finalize()


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        part, self.data = self.data[:count], self.data[count:]
        same(len(part), count, "length of what is left")
        return part

    def option(self, count):
        return self.take(count) if self.take(1) == b"\1" else None

    def blob(self):
        first = self.data[0]
        size = (1, 2, 4)[first & 3]
        return self.take(int.from_bytes(self.take(size), "little") >> 2)


def check_identity(vector):
    seed, secret = unhex(vector["signing_seed"]), unhex(vector["agreement_secret"])
    signing = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    same(signing, unhex(vector["signing_public"]), "signing key")
    same(public_of(secret), unhex(vector["agreement_public"]), "agreement key")
    return signing + public_of(secret)


def check_prekey(vector, domain, numbers, draws, identity):
    """One prekey: X25519 secret and, in hybrid mode, ML-KEM seed are the next draws."""
    secret = draws.pop(0)
    same(public_of(secret), unhex(vector["public"]), "prekey")
    kem = None
    signed = domain + numbers + public_of(secret)
    if vector["kem_public"] is not None:
        kem = MLKEM768PrivateKey.from_seed_bytes(draws.pop(0))
        same(kem.public_key().public_bytes_raw(), unhex(vector["kem_public"]), "ML-KEM prekey")
        signed += unhex(vector["kem_public"])
    verifier = Ed25519PublicKey.from_public_bytes(identity[:32])
    verifier.verify(unhex(vector["signature"]), signed)
    return secret, kem, signed


def check_handshake(vector, hybrid):
    alice, bob = check_identity(vector["alice"]), check_identity(vector["bob"])
    bundle = vector["bundle"]
    draws = [unhex(draw) for draw in bundle["prekey_draws"]]
    number = struct.pack("<IQ", bundle["signed"]["id"], bundle["created"])
    spk, kem, signed = check_prekey(
        bundle["signed"], b"parlance-e2ee/1 signed prekey", number, draws, bob
    )
    same(signed, unhex(bundle["signed_bytes"]), "signed bytes")
    opk = None
    if bundle["one_time"] is not None:
        number = struct.pack("<I", bundle["one_time"]["id"])
        opk, kem, signed = check_prekey(
            bundle["one_time"], b"parlance-e2ee/1 one-time prekey", number, draws, bob
        )
        same(signed, unhex(bundle["one_time_signed_bytes"]), "signed bytes")

    result = vector["result"]
    header = unhex(result["header"])
    reader = Reader(header)
    same(reader.take(64), alice, "identity in the header")
    ephemeral = reader.take(32)
    same(ephemeral, public_of(unhex(vector["draws"][0])), "ephemeral key")
    same(reader.take(4), struct.pack("<I", bundle["signed"]["id"]), "number of the signed prekey")
    reader.option(4)
    ciphertext = reader.option(1088)
    same(reader.data, b"", "end of the header")

    secret = unhex(vector["bob"]["agreement_secret"])
    material = b"\xff" * 32 + dh(spk, alice[32:]) + dh(secret, ephemeral) + dh(spk, ephemeral)
    if opk is not None:
        material += dh(opk, ephemeral)
    context = unhex(vector["context"])
    if hybrid:
        material += kem.decapsulate(ciphertext)
        keys = hkdf(bytes(32), material, HYBRID, 96)
        data = b"parlance-e2ee/1 transcript" + header + bob + public_of(spk)
        data += b"\0" if opk is None else b"\1" + public_of(opk)
        data = hashlib.sha256(data + kem.public_key().public_bytes_raw() + context).digest()
    else:
        keys = hkdf(bytes(32), material, CLASSICAL, 32) + bytes(64)
        data = alice + bob + context
    names = ("root_key", "initiator_header_key", "responder_header_key")
    for index, name in enumerate(names):
        same(keys[32 * index:32 * index + 32], unhex(result[name]), name)
    same(data, unhex(result["associated_data"]), "associated data")
    number = hashlib.sha256(b"parlance-e2ee/1 handshake number" + header).digest()[:16]
    same(number, unhex(result["number"]), "handshake number")


class Side:
    """What one side of a ratchet has: its newest secret, and the seed of its open offer."""

    def __init__(self, secret, next_header):
        self.secret, self.next_header, self.offer = secret, next_header, None
        self.previous, self.sent, self.active = 0, 0, False


def start_chain(step, sender, receiver, root, hybrid):
    start, draws = step["chain_start"], [unhex(draw) for draw in step["draws"]]
    same(root, unhex(start["root_key_before"]), "root key before")
    # The receiver's newest secret, against the sender's new one.
    sender.secret = draws.pop(0)
    same(public_of(sender.secret), unhex(start["public_key"]), "key of the chain")
    material = dh(receiver.secret, public_of(sender.secret))
    answer = unhex(start["answer"])
    if answer is not None:
        draws.pop(0)
        material += receiver.offer.decapsulate(answer)
    sender.offer = None
    if start["offer"] is not None:
        sender.offer = MLKEM768PrivateKey.from_seed_bytes(draws.pop(0))
        offer = sender.offer.public_key().public_bytes_raw()
        same(offer, unhex(start["offer"]), "offer")
    if hybrid:
        keys = hkdf(root, material, b"parlance-e2ee/1 hybrid root", 96)
        same(sender.next_header, unhex(start["header_key"]), "header key")
        same(keys[64:], unhex(start["next_header_key"]), "next header key")
    else:
        keys = hkdf(root, material, b"parlance-e2ee/1 root", 64) + bytes(32)
    sender.header, sender.next_header = sender.next_header, keys[64:]
    sender.previous, sender.sent = sender.sent, 0
    sender.public, sender.start, sender.chain = public_of(sender.secret), start, keys[32:64]
    return keys[:32]


def check_message(step, sender, associated, hybrid):
    same(sender.chain, unhex(step["chain_key"]), "chain key")
    message_key, next_chain = mac(sender.chain, b"\1"), mac(sender.chain, b"\2")
    same(message_key, unhex(step["message_key"]), "message key")
    same(next_chain, unhex(step["next_chain_key"]), "next chain key")
    header = sender.public + struct.pack("<II", sender.previous, sender.sent)
    reader = Reader(unhex(step["message"]))
    if hybrid:
        nonce, sealed, body = reader.take(24), reader.blob(), reader.blob()
        same(nonce, unhex(step["draws"][-1]), "nonce")
        for name in ("offer", "answer"):
            value = unhex(sender.start[name])
            header += b"\0" if value is None else b"\1" + value
        same(open_sealed(sender.header, nonce, b"", sealed), header, "header")
        plaintext = open_sealed(message_key, nonce, associated + sealed, body)
    else:
        same(reader.take(40), header, "header")
        plaintext = open_classical(message_key, associated + header, reader.blob())
    same(reader.data, b"", "end of the message")
    same(plaintext, unhex(step["plaintext"]), "plaintext")
    sender.chain, sender.sent = next_chain, sender.sent + 1


def check_ratchet(vector, hybrid):
    start = vector["start"]
    associated, root = unhex(start["associated_data"]), unhex(start["root_key"])
    spk = unhex(start["signed_prekey_secret"])
    same(public_of(spk), unhex(start["signed_prekey"]), "signed prekey")
    alice = Side(None, unhex(start["initiator_header_key"]))
    bob = Side(spk, unhex(start["responder_header_key"]))
    for step in vector["steps"]:
        sides = (alice, bob) if step["from"] == "alice" else (bob, alice)
        if step["chain_start"] is not None:
            root = start_chain(step, *sides, root, hybrid)
        check_message(step, sides[0], associated, hybrid)
    return len(vector["steps"])


def check_envelopes(vector):
    recipient = check_identity(vector["recipient"])
    secret = unhex(vector["recipient"]["agreement_secret"])
    for envelope in vector["envelopes"]:
        reader = Reader(unhex(envelope["encoding"]))
        same(reader.take(1), b"\1", "version")
        mailbox, ticket, sealed = reader.take(32), reader.blob(), reader.blob()
        same((mailbox, ticket), (unhex(vector["mailbox"]), unhex(vector["ticket"])), "outside")
        assert len(sealed) == envelope["size"] and len(sealed) in SIZES
        ephemeral, sealed = sealed[:32], sealed[32:]
        same(ephemeral, public_of(unhex(envelope["draws"][0])), "ephemeral key")
        salt = ephemeral + recipient[32:]
        keys = hkdf(salt, dh(secret, ephemeral), b"parlance-e2ee/1 envelope", 56)
        padded = open_sealed(keys[:32], keys[32:], b"\1" + mailbox, sealed)
        length = int.from_bytes(padded[:4], "little")
        content, zeros = padded[4:4 + length], padded[4 + length:]
        same(content, unhex(vector["sender"]) + unhex(envelope["message"]), "content")
        same(zeros, bytes(len(zeros)), "padding")


def check_files(vector):
    key = unhex(vector["key"])
    for file in vector["files"]:
        length, chunk, sealed = file["length"], 65_536, b""
        content = bytes(place % 251 for place in range(length))
        last = max(0, (length - 1) // chunk)
        for number in range(last + 1):
            nonce = struct.pack("<QB15x", number, number == last)
            part = content[number * chunk:(number + 1) * chunk]
            subkey = hchacha20(key, nonce[:16])
            cipher = ChaCha20Poly1305(subkey)
            part = cipher.encrypt(bytes(4) + nonce[16:], part, b"parlance-e2ee/1 file")
            same(part[-16:], unhex(file["tags"][number]), "tag of a chunk")
            sealed += part
        same(hashlib.sha256(sealed).digest(), unhex(file["sha256"]), "ciphertext of a file")


def check_safety(vector):
    digits = []
    for account, devices, expected in zip(
        vector["accounts"], vector["devices"], vector["fingerprints"]
    ):
        subject = b"parlance-e2ee/1 fingerprint" + unhex(account)
        subject += b"".join(sorted(unhex(device) for device in devices))
        digest = hashlib.sha512(subject).digest()
        for _ in range(5199):
            digest = hashlib.sha512(digest + subject).digest()
        same(digest[:32], unhex(expected), "fingerprint")
        groups = (int.from_bytes(digest[at:at + 5], "big") % 100_000 for at in range(0, 30, 5))
        digits.append(" ".join(f"{group:05}" for group in groups))
    same(" ".join(sorted(digits)), vector["safety_number"], "safety number")


def check_state(vector):
    sealed = unhex(vector["sealed"])
    head, nonce = sealed[:7], sealed[7:31]
    same(head, b"PLE2\1\0\1", "head of a state")
    plain = open_sealed(unhex(vector["key"]), nonce, head, sealed[31:])
    same(plain, unhex(vector["plain"]), "stored identity")


def main():
    for name, hybrid in (("x3dh", False), ("pqxdh", True)):
        for vector in load(name)["handshakes"]:
            check_handshake(vector, hybrid)
    messages = check_ratchet(load("double_ratchet_classical"), False)
    messages += check_ratchet(load("double_ratchet_hybrid"), True)
    check_envelopes(load("envelope"))
    check_files(load("file"))
    check_safety(load("safety"))
    check_state(load("state"))
    print(f"4 handshakes, {messages} messages, 3 envelopes, 4 files, safety number, state: all as computed")


if __name__ == "__main__":
    main()
