"""Jute's primitives: the integers, buffers, strings and vectors that every record on wire and disk is made of.

Knows no record and no I/O: bytes in, values out, and back. Whatever it reads is hostile: each length is checked
against the bytes that are really there before anything is allocated.
Source: org.apache.jute.BinaryInputArchive and BinaryOutputArchive (3.8.0).
"""

import re
from collections.abc import Callable, Iterable
from struct import Struct
from typing import TypeVar

T = TypeVar("T")

_INT = Struct("!i")
_LONG = Struct("!q")
_NULL = b"\xff\xff\xff\xff"


class Malformed(ValueError):
    """The bytes are not the record they should be. The message says what was read, where, and what would be legal."""


class Reader:
    """Reads values one after another from `data[offset:end]`; every method raises `Malformed` past the end."""

    __slots__ = ("_data", "_end", "offset")

    def __init__(self, data: bytes, offset: int = 0, end: int | None = None) -> None:
        self._data = data
        self.offset = offset
        self._end = len(data) if end is None else end

    def remaining(self) -> int:
        """Number of bytes not yet read."""
        return self._end - self.offset

    def take(self, size: int, what: str) -> bytes:
        """The next `size` bytes as they are."""
        return self._data[self._advance(size, what) : self.offset]

    def struct(self, layout: Struct) -> tuple[int, ...]:
        """Several fixed-size integers at once."""
        return layout.unpack_from(self._data, self._advance(layout.size, "fixed-size fields"))

    def int32(self) -> int:
        """Signed 32 bits, big-endian."""
        value: int = _INT.unpack_from(self._data, self._advance(4, "int32"))[0]
        return value

    def int64(self) -> int:
        """Signed 64 bits, big-endian."""
        value: int = _LONG.unpack_from(self._data, self._advance(8, "int64"))[0]
        return value

    def boolean(self) -> bool:
        """One byte; anything but zero is true."""
        return self._data[self._advance(1, "boolean")] != 0

    def buffer(self) -> bytes | None:
        """Length and bytes; length -1 is null."""
        length = self._length("buffer")
        return None if length is None else self.take(length, "buffer")

    def string(self) -> str | None:
        """A buffer of UTF-8; what is not UTF-8 becomes U+FFFD exactly where Java puts it."""
        raw = self.buffer()
        return None if raw is None else text_of(raw)

    def text(self) -> str:
        """A string that must not be null."""
        start = self.offset
        value = self.string()
        if value is None:
            raise Malformed(f"offset {start}: a null string where a text is required")
        return value

    def vector(self, item: Callable[["Reader"], T]) -> tuple[T, ...] | None:
        """Count and items; count -1 is null. No item is smaller than one byte, so the count is bounded by the bytes."""
        count = self._length("vector")
        return None if count is None else tuple(item(self) for _ in range(count))

    def finish(self) -> None:
        """Raises when bytes are left over: a record that is longer than its fields was not understood."""
        if self.remaining():
            raise Malformed(f"offset {self.offset}: {self.remaining()} bytes are left after the last field")

    def _length(self, what: str) -> int | None:
        start = self.offset
        length = self.int32()
        if length == -1:
            return None
        if not 0 <= length <= self.remaining():
            raise Malformed(
                f"offset {start}: {what} of length {length}, but {self.remaining()} bytes are left; "
                f"a length is -1 (null) or at most what is left"
            )
        return length

    def _advance(self, size: int, what: str) -> int:
        start = self.offset
        if size > self._end - start:
            raise Malformed(f"offset {start}: {what} needs {size} bytes, {self._end - start} are left")
        self.offset = start + size
        return start


class Writer:
    """Collects encoded values; `done` returns them. `struct.error` says that a number does not fit its field."""

    __slots__ = ("_out",)

    def __init__(self) -> None:
        self._out = bytearray()

    def done(self) -> bytes:
        """Everything written so far."""
        return bytes(self._out)

    def raw(self, data: bytes) -> None:
        """Bytes as they are, without a length."""
        self._out += data

    def struct(self, layout: Struct, *values: int) -> None:
        """Several fixed-size integers at once."""
        self._out += layout.pack(*values)

    def int32(self, value: int) -> None:
        """Signed 32 bits, big-endian."""
        self._out += _INT.pack(value)

    def int64(self, value: int) -> None:
        """Signed 64 bits, big-endian."""
        self._out += _LONG.pack(value)

    def boolean(self, value: bool) -> None:
        """One byte, 1 or 0."""
        self._out.append(1 if value else 0)

    def buffer(self, value: bytes | None) -> None:
        """Length and bytes; None is length -1."""
        if value is None:
            self._out += _NULL
        else:
            self._out += _INT.pack(len(value))
            self._out += value

    def string(self, value: str | None) -> None:
        """A buffer of Java's UTF-8 (see `bytes_of`)."""
        self.buffer(None if value is None else bytes_of(value))

    def vector(self, items: Iterable[T] | None, item: Callable[["Writer", T], None]) -> None:
        """Count and items; None is count -1."""
        if items is None:
            self._out += _NULL
            return
        values = tuple(items)
        self._out += _INT.pack(len(values))
        for value in values:
            item(self, value)


_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


def text_of(raw: bytes) -> str:
    """What `new String(raw, UTF_8)` makes of the bytes: one U+FFFD per malformed part, one per encoded surrogate."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _SURROGATE.sub(_REPLACEMENT, raw).decode(errors="replace")


def bytes_of(text: str) -> bytes:
    """What BinaryOutputArchive.writeString writes: UTF-8, but a character beyond U+FFFF as two surrogates of 3 bytes.

    Java itself reads those back as U+FFFD; a path cannot hold them, an ACL's id can.
    """
    try:
        raw = text.encode()
        if not raw or max(raw) < 0xF0:
            return raw
    except UnicodeEncodeError:
        pass
    units = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(map(chr, units)).encode("utf-8", "surrogatepass")
