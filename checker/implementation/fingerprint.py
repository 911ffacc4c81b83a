"""A canonical fingerprint of 128 bits: equal worlds have equal ones, in every process and in every run.

A world is fingerprinted by its parts, so that what a step left alone is not looked at again. Two different worlds
have the same fingerprint with a probability of about n² / 2^129 among n worlds: for a hundred million, 1e-23.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

from .budget import Found

Prints = tuple[bytes, ...]  # of nodes, disks, connections, notifications, the rest, and both specifications
_SIZE = 16


class Fingerprints:
    """Remembers the fingerprints of parts: there are few different ones."""

    def __init__(self) -> None:
        self._known: dict[tuple[type, object], bytes] = {}

    def of(self, found: Found, before: Found | None = None, prints: Prints = ()) -> Prints:
        """The fingerprints of the groups of parts; those of `before` are taken where the group is the same."""
        now = _groups(found)
        if before is None:
            return tuple(self._group(group) for group in now)
        was = _groups(before)
        return tuple(
            old if group is earlier else self._group(group, earlier, old)
            for group, earlier, old in zip(now, was, prints, strict=True)
        )

    def _group(self, group: tuple[Any, ...], before: tuple[Any, ...] = (), prints: bytes = b"") -> bytes:
        if len(before) != len(group):
            return b"".join([self._part(part) for part in group])
        parts = []
        for n, part in enumerate(group):
            same = part is before[n]
            parts.append(prints[n * _SIZE : (n + 1) * _SIZE] if same else self._part(part))
        return b"".join(parts)

    def _part(self, part: object) -> bytes:
        """Types are told apart: a disk that equals a node would be a mistake nobody sees."""
        key = (part.__class__, part)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = blake2b(encoded(part), digest_size=_SIZE).digest()
        return found


def whole(prints: Prints) -> bytes:
    """The fingerprint of a world from those of its groups."""
    return blake2b(b"".join(prints), digest_size=_SIZE).digest()


def _groups(found: Found) -> tuple[tuple[Any, ...], ...]:
    world = found.world
    single = world.blocked, world.oracle, world.requests, found.spent
    rest = *single, world.leaders, world.committed, world.promised, world.credentials
    beside = found.zab, found.election, (found.mismatch,)
    return world.nodes, world.disks, world.connections, world.notifications, rest, *beside


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
