"""Both peers of the cross test: ours behind a pipe, and PyPI's X3DH and DoubleRatchet."""

import json
import subprocess

import doubleratchet
import x3dh
import xeddsa
from doubleratchet.recommended import (
    HashFunction,
    aead_aes_hmac,
    diffie_hellman_ratchet_curve25519,
    kdf_hkdf,
    kdf_separate_hmacs,
)

from x3dh.crypto_provider import HashFunction as X3DHHash
from x3dh.identity_key_pair import IdentityKeyPairSeed

import wire

CONTEXT = b"interop"
MAX_SKIP = 1000
MAX_KEPT = 2000


class Refused(Exception):
    """A message that a peer did not accept."""


class RustPeer:
    """ours: `examples/interop.rs`."""

    def __init__(self, binary, seed, random):
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.identity = bytes.fromhex(self.call(op="new", seed=seed.hex(), random=random)["identity"])

    def call(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    async def bundle(self):
        return bytes.fromhex(self.call(op="bundle")["bundle"])

    async def initiate(self, bundle, identity):
        self.call(op="initiate", bundle=bundle.hex(), identity=identity.hex())

    async def encrypt(self, plaintext):
        return bytes.fromhex(self.call(op="encrypt", plaintext=plaintext.hex())["message"])

    async def decrypt(self, message, identity):
        answer = self.call(op="decrypt", message=message.hex(), identity=identity.hex())
        return bytes.fromhex(answer["plaintext"])

    async def store(self):
        self.call(op="store")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class X3DHState(x3dh.BaseState):
    """The application's part of X3DH: how keys are encoded. The signed prekey has number 1, time 0."""

    @staticmethod
    def _encode_public_key(key_format, pub):
        if key_format is x3dh.IdentityKeyFormat.ED_25519:
            return pub + xeddsa.ed25519_pub_to_curve25519_pub(pub)
        return wire.SIGNED_DOMAIN + wire.u32(1) + wire.u64(0) + pub


class RootKDF(kdf_hkdf.KDF):
    @staticmethod
    def _get_hash_function():
        return HashFunction.SHA_256

    @staticmethod
    def _get_info():
        return b"parlance-e2ee/1 root"


class ChainKDF(kdf_separate_hmacs.KDF):
    @staticmethod
    def _get_hash_function():
        return HashFunction.SHA_256


class AEAD(aead_aes_hmac.AEAD):
    @staticmethod
    def _get_hash_function():
        return HashFunction.SHA_256

    @staticmethod
    def _get_info():
        return b"parlance-e2ee/1 classical message"


class Ratchet(doubleratchet.DoubleRatchet):
    @staticmethod
    def _build_associated_data(associated_data, header):
        numbers = wire.u32(header.previous_sending_chain_length)
        numbers += wire.u32(header.sending_chain_length)
        return associated_data + header.ratchet_pub + numbers


RATCHET = {
    "diffie_hellman_ratchet_class": diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet,
    "root_chain_kdf": RootKDF,
    "message_chain_kdf": ChainKDF,
    "message_chain_constant": b"\x02\x01",
    "dos_protection_threshold": MAX_SKIP,
    "max_num_skipped_message_keys": MAX_KEPT,
    "aead": AEAD,
}


class PythonPeer:
    """PyPI's X3DH and DoubleRatchet."""

    def __init__(self, seed):
        self.seed = seed
        self.state = X3DHState.create(
            x3dh.IdentityKeyFormat.ED_25519,
            X3DHHash.SHA_256,
            b"parlance-e2ee/1 X3DH",
            IdentityKeyPairSeed(seed),
        )
        self.state.generate_pre_keys(1)
        signing = self.state.bundle.identity_key
        self.identity = signing + xeddsa.ed25519_pub_to_curve25519_pub(signing)
        self.ratchet = self.pending = self.handshake = None

    async def bundle(self):
        bundle = self.state.bundle
        (one_time,) = bundle.pre_keys
        # X3DH does not sign one-time prekeys; our relays take signed ones only.
        signed_bytes = wire.ONE_TIME_DOMAIN + wire.u32(2) + one_time
        signature = xeddsa.ed25519_seed_sign(self.seed, signed_bytes)
        return wire.Bundle(
            self.identity,
            wire.PreKey(1, bundle.signed_pre_key, bundle.signed_pre_key_sig),
            wire.PreKey(2, one_time, signature),
        ).encode()

    async def initiate(self, encoded, identity):
        bundle = wire.Bundle.decode(encoded)
        assert bundle.identity == identity and bundle.signed.id == 1
        one_time = frozenset() if bundle.one_time is None else frozenset([bundle.one_time.public])
        theirs = x3dh.Bundle(identity[:32], bundle.signed.public, bundle.signed.signature, one_time)
        secret, data, header = await self.state.get_shared_secret_active(theirs, CONTEXT)
        number = None if bundle.one_time is None else bundle.one_time.id
        self.handshake = wire.Handshake(self.identity, header.ephemeral_key, 1, number)
        self.pending = (secret, bundle.signed.public)
        self.data = data

    async def encrypt(self, plaintext):
        if self.pending:
            (secret, public), self.pending = self.pending, None
            self.ratchet, message = await Ratchet.encrypt_initial_message(
                shared_secret=secret,
                recipient_ratchet_pub=public,
                message=plaintext,
                associated_data=self.data,
                **RATCHET,
            )
        else:
            message = await self.ratchet.encrypt_message(plaintext, self.data)
        header = message.header
        return wire.Message(
            self.handshake,
            header.ratchet_pub,
            header.previous_sending_chain_length,
            header.sending_chain_length,
            message.ciphertext,
        ).encode()

    async def decrypt(self, encoded, identity):
        message = wire.Message.decode(encoded)
        header = doubleratchet.Header(message.public, message.previous, message.number)
        encrypted = doubleratchet.EncryptedMessage(header, message.body)
        try:
            if self.ratchet is None:
                return await self.accept(message.handshake, encrypted, identity)
            plaintext = await self.ratchet.decrypt_message(encrypted, self.data)
        except (
            doubleratchet.AuthenticationFailedException,
            doubleratchet.DecryptionFailedException,
            doubleratchet.DoSProtectionException,
            doubleratchet.DuplicateMessageException,
        ) as error:
            raise Refused(type(error).__name__) from error
        self.handshake = None
        return plaintext

    async def accept(self, handshake, encrypted, identity):
        assert handshake.identity == identity
        (one_time,) = self.state.bundle.pre_keys
        header = x3dh.Header(
            identity[:32],
            handshake.ephemeral,
            self.state.bundle.signed_pre_key,
            one_time if handshake.one_time_id == 2 else None,
        )
        secret, self.data, signed = await self.state.get_shared_secret_passive(header, CONTEXT)
        self.ratchet, plaintext = await Ratchet.decrypt_initial_message(
            shared_secret=secret,
            own_ratchet_priv=signed.priv,
            message=encrypted,
            associated_data=self.data,
            **RATCHET,
        )
        return plaintext

    async def store(self):
        arguments = {key: value for key, value in RATCHET.items()}
        self.ratchet = Ratchet.from_json(self.ratchet.json, **arguments)

    def close(self):
        pass
