"""The classical wire format, written from README.md and the module documents alone."""

from dataclasses import dataclass

VERSION = 1
CLASSICAL = 0
SIGNED_DOMAIN = b"parlance-e2ee/1 signed prekey"
ONE_TIME_DOMAIN = b"parlance-e2ee/1 one-time prekey"


class Reader:
    """SCALE, as far as it is needed."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        part = self.data[self.at:self.at + count]
        assert len(part) == count, "bytes end early"
        self.at += count
        return part

    def integer(self, size):
        return int.from_bytes(self.take(size), "little")

    def option(self, read):
        flag = self.integer(1)
        assert flag in (0, 1)
        return read() if flag else None

    def length(self):
        first = self.integer(1)
        mode = first & 3
        assert mode < 3, "longer than anything here"
        rest = self.take((0, 1, 3)[mode])
        return int.from_bytes(bytes([first]) + rest, "little") >> 2

    def blob(self):
        return self.take(self.length())

    def end(self):
        assert self.at == len(self.data), "bytes left over"


def compact(length):
    if length < 1 << 6:
        return (length << 2).to_bytes(1, "little")
    if length < 1 << 14:
        return (length << 2 | 1).to_bytes(2, "little")
    return (length << 2 | 2).to_bytes(4, "little")


def u32(value):
    return value.to_bytes(4, "little")


def u64(value):
    return value.to_bytes(8, "little")


@dataclass
class PreKey:
    id: int
    public: bytes
    signature: bytes
    created: int = 0


@dataclass
class Bundle:
    identity: bytes
    signed: PreKey
    one_time: PreKey | None

    def encode(self):
        signed, one_time = self.signed, self.one_time
        out = bytes([VERSION, CLASSICAL]) + self.identity
        out += u32(signed.id) + u64(signed.created) + signed.public + b"\0" + signed.signature
        if one_time is None:
            return out + b"\0"
        return out + b"\1" + u32(one_time.id) + one_time.public + b"\0" + one_time.signature

    @classmethod
    def decode(cls, data):
        reader = Reader(data)
        assert reader.integer(1) == VERSION and reader.integer(1) == CLASSICAL
        identity = reader.take(64)
        number, created, public = reader.integer(4), reader.integer(8), reader.take(32)
        assert reader.integer(1) == 0, "a KEM key in classical mode"
        signed = PreKey(number, public, reader.take(64), created)

        def read_one_time():
            number, public = reader.integer(4), reader.take(32)
            assert reader.integer(1) == 0, "a KEM key in classical mode"
            return PreKey(number, public, reader.take(64))

        one_time = reader.option(read_one_time)
        reader.end()
        return cls(identity, signed, one_time)


@dataclass
class Handshake:
    identity: bytes
    ephemeral: bytes
    signed_id: int
    one_time_id: int | None

    def encode(self):
        one_time = b"\0" if self.one_time_id is None else b"\1" + u32(self.one_time_id)
        return self.identity + self.ephemeral + u32(self.signed_id) + one_time + b"\0"


@dataclass
class Message:
    handshake: Handshake | None
    public: bytes
    previous: int
    number: int
    body: bytes

    def encode(self):
        handshake = b"\0" if self.handshake is None else b"\1" + self.handshake.encode()
        header = self.public + u32(self.previous) + u32(self.number)
        body = compact(len(self.body)) + self.body
        return bytes([VERSION, CLASSICAL]) + handshake + header + body

    @classmethod
    def decode(cls, data):
        reader = Reader(data)
        assert reader.integer(1) == VERSION and reader.integer(1) == CLASSICAL

        def read_handshake():
            handshake = Handshake(
                reader.take(64),
                reader.take(32),
                reader.integer(4),
                reader.option(lambda: reader.integer(4)),
            )
            assert reader.integer(1) == 0, "a KEM ciphertext in classical mode"
            return handshake

        handshake = reader.option(read_handshake)
        message = cls(
            handshake, reader.take(32), reader.integer(4), reader.integer(4), reader.blob()
        )
        reader.end()
        return message
