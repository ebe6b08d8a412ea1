from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional, Union


@dataclass(frozen=True)
class Ok:
    """A value that came back."""

    value: Any


@dataclass(frozen=True)
class Err:
    """An error that came back."""

    error: Any


Result = Union[Ok, Err]


class _Reader:
    def __init__(self, data: bytes):
        self.data = bytes(data)
        self.at = 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ValueError("the answer ends too early")
        self.at += count
        return self.data[self.at - count : self.at]


@dataclass(frozen=True)
class _Codec:
    put: Callable[[Any], bytes]
    get: Callable[[_Reader], Any]


def _integer(bits: int, signed: bool) -> _Codec:
    size = bits // 8
    return _Codec(
        lambda value: int(value).to_bytes(size, "little", signed=signed),
        lambda reader: int.from_bytes(reader.take(size), "little", signed=signed),
    )


def _unsigned(bits: int) -> _Codec:
    return _integer(bits, False)


def _signed(bits: int) -> _Codec:
    return _integer(bits, True)


def _put_compact(value: int) -> bytes:
    if not 0 <= value < 1 << 128:
        raise OverflowError(f"{value} has no compact form")
    if value < 1 << 6:
        return (value << 2).to_bytes(1, "little")
    if value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    if value < 1 << 30:
        return (value << 2 | 2).to_bytes(4, "little")
    length = max(4, (value.bit_length() + 7) // 8)
    return bytes([(length - 4) << 2 | 3]) + value.to_bytes(length, "little")


def _get_compact(reader: _Reader) -> int:
    first = reader.take(1)[0]
    if first & 3 == 3:
        return int.from_bytes(reader.take((first >> 2) + 4), "little")
    more = (0, 1, 3)[first & 3]
    return int.from_bytes(bytes([first]) + reader.take(more), "little") >> 2


_compact = _Codec(_put_compact, _get_compact)
_unit = _Codec(lambda value: b"", lambda reader: None)


def _get_bool(reader: _Reader) -> bool:
    byte = reader.take(1)[0]
    if byte > 1:
        raise ValueError("neither true nor false")
    return byte == 1


_bool = _Codec(lambda value: bytes([1 if value else 0]), _get_bool)
_bytes = _Codec(
    lambda value: _put_compact(len(value)) + bytes(value),
    lambda reader: reader.take(_get_compact(reader)),
)
_text = _Codec(
    lambda value: _bytes.put(value.encode()),
    lambda reader: _bytes.get(reader).decode(),
)


def _fixed(length: int) -> _Codec:
    def put(value: bytes) -> bytes:
        if len(value) != length:
            raise ValueError(f"{length} bytes are needed")
        return bytes(value)

    return _Codec(put, lambda reader: reader.take(length))


def _tuple(items: list) -> _Codec:
    def put(value: Any) -> bytes:
        if len(value) != len(items):
            raise ValueError(f"{len(items)} items are needed")
        return b"".join(item.put(one) for item, one in zip(items, value))

    return _Codec(put, lambda reader: tuple(item.get(reader) for item in items))


def _array(length: int, item: _Codec) -> _Codec:
    inner = _tuple([item] * length)
    return _Codec(inner.put, lambda reader: list(inner.get(reader)))


def _list(item: _Codec) -> _Codec:
    return _Codec(
        lambda value: _put_compact(len(value)) + b"".join(item.put(one) for one in value),
        lambda reader: [item.get(reader) for _ in range(_get_compact(reader))],
    )


def _record(fields: list) -> _Codec:
    return _Codec(
        lambda value: b"".join(item.put(value[name]) for name, item in fields),
        lambda reader: {name: item.get(reader) for name, item in fields},
    )


def _variants(kinds: list) -> _Codec:
    plain = all(not fields for _, _, fields in kinds)

    def put(value: Any) -> bytes:
        kind = value if plain else value["kind"]
        for name, index, fields in kinds:
            if name == kind:
                return bytes([index]) + (b"" if plain else _record(fields).put(value))
        raise ValueError(f"there is no {kind}")

    def get(reader: _Reader) -> Any:
        byte = reader.take(1)[0]
        for name, index, fields in kinds:
            if index == byte:
                return name if plain else {"kind": name, **_record(fields).get(reader)}
        raise ValueError("an unknown variant")

    return _Codec(put, get)


def _option(item: _Codec) -> _Codec:
    return _Codec(
        lambda value: b"\0" if value is None else b"\1" + item.put(value),
        lambda reader: item.get(reader) if _get_bool(reader) else None,
    )


def _result(good: _Codec, bad: _Codec) -> _Codec:
    def put(value: Result) -> bytes:
        if isinstance(value, Ok):
            return b"\0" + good.put(value.value)
        return b"\1" + bad.put(value.error)

    def get(reader: _Reader) -> Result:
        return Err(bad.get(reader)) if _get_bool(reader) else Ok(good.get(reader))

    return _Codec(put, get)


def _read(codec: _Codec, data: bytes) -> Any:
    reader = _Reader(data)
    value = codec.get(reader)
    if reader.at != len(reader.data):
        raise ValueError("the answer is too long")
    return value


class Call:
    """A constructor or method."""

    #: The bytes in front of the arguments.
    selector: bytes
    #: Whether tokens may come with it.
    payable: bool
    #: Whether it may write.
    writes: bool


class Event:
    """An event."""

    #: Its first topic.
    topic: Optional[bytes]
