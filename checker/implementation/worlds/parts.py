"""Parts of worlds as numbers, and as shares of a fingerprint.

There are few different nodes and queues, and many worlds made of them. A part has one number in this process, and for
every place in a world one share of 128 bits in all processes and runs; a world's fingerprint is the sum modulo 2 of its
parts' shares, so that a step changes only those of what it touched. Two different worlds have the same fingerprint
with a probability of about n² / 2^129 among n worlds: for a hundred million, 1e-23.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from typing import Any


class Parts:
    """Numbers for parts, and shares for parts in places. A number is never given twice."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._parts: list[Any] = []
        self._shares: dict[tuple[int, int], int] = {}

    def number(self, part: object) -> int:
        """The number of a part."""
        number = self._numbers.get(part)
        if number is None:
            number = self._numbers[part] = len(self._parts)
            self._parts.append(part)
        return number

    def part(self, number: int) -> Any:
        """The part with a number."""
        return self._parts[number]

    def share(self, place: int, number: int) -> int:
        """What a part at a place adds to a fingerprint."""
        share = self._shares.get((place, number))
        if share is None:
            digest = blake2b(encoded(self._parts[number]), digest_size=16, salt=b"%d" % place).digest()
            share = self._shares[place, number] = int.from_bytes(digest)
        return share


def encoded(value: object) -> bytes:
    """A value of dataclasses, tuples, sets, numbers and text as bytes: unambiguous, and sets in one order."""
    if value is None or isinstance(value, bool):
        return b"%d;" % (2 if value is None else value)
    if isinstance(value, int):
        return b"i%d;" % value
    if isinstance(value, str):
        return b"s%d:" % len(value) + value.encode()
    if isinstance(value, tuple):
        return b"(" + b"".join([encoded(item) for item in value]) + b")"
    if isinstance(value, frozenset):
        return b"{" + b"".join(sorted(encoded(item) for item in value)) + b"}"
    kind: type = type(value)
    assert is_dataclass(kind), f"a world holds {value!r}, which has no canonical form here"
    return b"<" + kind.__name__.encode() + b"".join([encoded(getattr(value, f)) for f in _compared(kind)]) + b">"


@cache
def _compared(kind: type) -> tuple[str, ...]:
    assert is_dataclass(kind)
    return tuple(field.name for field in fields(kind) if field.compare)
