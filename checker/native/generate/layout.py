"""Where every part of a value lies: the bits that C reads and writes, and the same bits read and written by Python.

A *small* type has values of at most 63 bits, its `code`, which C holds in one 64-bit word; a *large* type occupies
whole words. No part ever straddles two words and what is unused is zero, so equal values have equal bits. Codes of
most small types are ordered like the values (`monotone`); those of scalars are their positions (`dense`).
Knows types and plain values; nothing of expressions or C.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import assert_never

from ....spec.lang import domains, ir
from ....spec.lang.domains import Plain, Type

WORD = 64
SMALL = 63

_Decoder = Callable[[int], Plain]


@cache
def width(kind: Type) -> int:
    """Bits of a code of this type; more than 63 means that values are large (and `size` counts their words)."""
    match kind:
        case domains.Int():
            return WORD
        case domains.Bool() | domains.Range() | domains.Enumeration() | domains.Sort() | domains.Optional():
            return max(1, top(kind).bit_length())
        case domains.Record(_, fields):
            return max(1, sum(width(item) for _, item in fields))
        case domains.Union(records):
            return tag_width(kind) + max(width(record) for record in records)
        case domains.Map(key, value):
            return max(1, domains.cardinality(key) * width(value))
        case domains.Set(item):
            return max(1, domains.cardinality(item))
        case domains.Seq(_, item, capacity) | domains.Bag(_, item, capacity):
            return max(1, length_width(kind) + capacity * width(item))
        case domains.Tuple():
            return WORD * size(kind)
    assert_never(kind)


@cache
def top(kind: Type) -> int:
    """The largest code of a small type."""
    match kind:
        case domains.Bool():
            return 1
        case domains.Range(_, low, high):
            return high - low
        case domains.Enumeration() | domains.Sort():
            return domains.cardinality(kind) - 1
        case domains.Optional(item):
            return top(item) + 1
    return int(2 ** width(kind) - 1)


@cache
def small(kind: Type) -> bool:
    """Whether a value is held as one number: its code, or the number itself."""
    return isinstance(kind, domains.Int) or width(kind) <= SMALL


def numeric(kind: Type) -> bool:
    """Whether C computes with the value itself instead of a code."""
    return isinstance(kind, domains.Int | domains.Range)


@cache
def size(kind: Type) -> int:
    """Words that a large value occupies; 1 for a small one that stands alone."""
    if not isinstance(kind, domains.Tuple) and small(kind):
        return 1
    match kind:
        case domains.Record(_, fields):
            return _packed(tuple(item for _, item in fields))[1]
        case domains.Tuple(items):
            return sum(size(item) for item in items)
        case domains.Union(records):
            return 1 + max(size(record) for record in records)
        case domains.Optional(item):
            return 1 + size(item)
        case domains.Map() | domains.Set() | domains.Seq() | domains.Bag():
            return _array(kind).words
    raise AssertionError(f"{domains.describe(kind)} is small")


def bits(kind: Type) -> int:
    """Bits that a value occupies where it is stored."""
    return width(kind) if small(kind) else WORD * size(kind)


def tag_width(kind: domains.Union) -> int:
    """Bits of the number that tells the records of a union apart."""
    return max(1, (len(kind.records) - 1).bit_length())


def length_width(kind: domains.Seq | domains.Bag) -> int:
    """Bits of the number of items."""
    return max(1, kind.capacity.bit_length())


# ------------------------------------------------------------------------------------------- where parts lie


def field_offset(kind: domains.Record, position: int) -> int:
    """The first bit of a field. In a small record the first field is the most significant, so codes are ordered."""
    kinds = tuple(item for _, item in kind.fields)
    if small(kind):
        return sum(width(item) for item in kinds[position + 1 :])
    return _packed(kinds)[0][position]


def payload_width(kind: domains.Union) -> int:
    """Bits of the record in a small union; its tag stands above them."""
    return max(width(record) for record in kind.records)


def tag_offset(kind: domains.Union) -> int:
    """The first bit of the tag: above the record, which begins at 0."""
    return payload_width(kind) if small(kind) else WORD * (size(kind) - 1)


@dataclass(frozen=True, slots=True)
class Array:
    """How the entries of a Map, Seq, Bag, or the bits of a Set are laid out.

    Entry i begins at bit `first + i / per_word * 64 + i % per_word * stride` when several share a word
    (`per_word` > 0), else at `first + i * stride`.
    """

    first: int
    stride: int
    per_word: int
    length: int  # the first bit of the number of items, for Seq and Bag
    words: int

    def offset(self, index: int) -> int:
        """The first bit of an entry."""
        if self.per_word:
            return self.first + index // self.per_word * WORD + index % self.per_word * self.stride
        return self.first + index * self.stride


@cache
def _array(kind: domains.Map | domains.Set | domains.Seq | domains.Bag) -> Array:
    match kind:
        case domains.Set(item):
            return Array(0, 1, 0, 0, -(-domains.cardinality(item) // WORD))
        case domains.Map(key, value):
            return _entries(value, domains.cardinality(key), small(kind))
        case domains.Seq(_, item, capacity) | domains.Bag(_, item, capacity):
            lengths = length_width(kind)
            if small(kind):
                return Array(lengths, width(item), 0, 0, 1)
            plain = _entries(item, capacity, False)
            spare = WORD - plain.per_word * plain.stride if plain.per_word else 0
            if spare >= lengths:
                return Array(0, plain.stride, plain.per_word, WORD - lengths, plain.words)
            return Array(WORD, plain.stride, plain.per_word, 0, plain.words + 1)
    assert_never(kind)


array = _array


def _entries(item: Type, count: int, in_a_word: bool) -> Array:
    if in_a_word:
        return Array(0, width(item), 0, 0, 1)
    if not small(item):
        return Array(0, WORD * size(item), 0, 0, count * size(item))
    per_word = WORD // width(item)
    return Array(0, width(item), per_word, 0, max(1, -(-count // per_word)))


@cache
def _packed(kinds: tuple[Type, ...]) -> tuple[tuple[int, ...], int]:
    """First bits of parts side by side, and the words they take: a small part goes into the first word with room."""
    used: list[int] = []
    offsets = []
    for kind in kinds:
        if small(kind):
            word = next((w for w, taken in enumerate(used) if taken + width(kind) <= WORD), len(used))
            if word == len(used):
                used.append(0)
            offsets.append(WORD * word + used[word])
            used[word] += width(kind)
        else:
            offsets.append(WORD * len(used))
            used.extend([WORD] * size(kind))
    return tuple(offsets), max(1, len(used))


# --------------------------------------------------------------------------------------------- the whole state


@dataclass(frozen=True, slots=True)
class StateLayout:
    """Where the variables lie. Those that make up the identity come first and fill `identity_words` words."""

    variables: tuple[ir.Variable, ...]
    offsets: tuple[int, ...]
    words: int
    identity_words: int

    def offset(self, variable: str) -> int:
        """The first bit of a variable."""
        return next(o for v, o in zip(self.variables, self.offsets, strict=True) if v.name == variable)

    def encode(self, state: tuple[Plain, ...]) -> bytes:
        """The words of a state, as C holds them in memory (little-endian)."""
        number = sum(
            encode(v.type, part) << offset for v, offset, part in zip(self.variables, self.offsets, state, strict=True)
        )
        return number.to_bytes(self.words * 8, "little")

    def decode(self, data: bytes) -> tuple[Plain, ...]:
        """The state that these words hold."""
        return self.decoder()(data)

    def decoder(self) -> Callable[[bytes], tuple[Plain, ...]]:
        """What makes states of their words: to be asked for once where many are decoded."""
        kinds = (variable.type for variable in self.variables)
        whole = _of_parts(list(zip(kinds, self.offsets, strict=True)))
        return lambda data: whole(int.from_bytes(data, "little"))


def state_layout(variables: tuple[ir.Variable, ...], ghosts_count: bool = False) -> StateLayout:
    """Lays out the variables: first those of the identity, then the ghosts; ghosts may be counted as identity."""
    inside = [v for v in variables if ghosts_count or not v.ghost]
    outside = [v for v in variables if v not in inside]
    first, first_words = _packed(tuple(v.type for v in inside))
    second, second_words = _packed(tuple(v.type for v in outside)) if outside else ((), 0)
    where = dict(zip((v.name for v in inside), first, strict=True))
    where |= dict(zip((v.name for v in outside), (WORD * first_words + o for o in second), strict=True))
    offsets = tuple(where[v.name] for v in variables)
    return StateLayout(variables, offsets, first_words + second_words, first_words)


def mask(kind: Type) -> int:
    """All bits of a stored value."""
    return int(2 ** bits(kind) - 1)


# --------------------------------------------------------------------------------------- plain values and bits


def encode(kind: Type, plain: Plain) -> int:
    """The bits of a value, as one number."""
    match kind:
        case domains.Int():
            return int(plain) & int(2**WORD - 1)
        case domains.Range(_, low, _):
            return int(plain) - low
        case domains.Bool() | domains.Enumeration() | domains.Sort() | domains.Set():
            return int(plain)
        case domains.Optional(item):
            return _encode_optional(kind, item, plain)
        case domains.Record(_, fields):
            parts = zip(range(len(fields)), fields, plain, strict=True)
            return sum(encode(item, part) << field_offset(kind, at) for at, (_, item), part in parts)
        case domains.Union(records):
            tag, record = plain
            return encode(records[tag], record) | int(tag) << tag_offset(kind)
        case domains.Map(_, item):
            return _encode_items(_array(kind), item, plain)
        case domains.Seq(_, item, _) | domains.Bag(_, item, _):
            return _encode_items(_array(kind), item, plain) | len(plain) << _array(kind).length
        case domains.Tuple():
            raise AssertionError("tuples are never stored")
    assert_never(kind)


def _encode_optional(kind: domains.Optional, item: Type, plain: Plain) -> int:
    if plain is None:
        return 0
    return 1 + encode(item, plain) if small(kind) else 1 | encode(item, plain) << WORD


def _encode_items(where: Array, item: Type, items: tuple[Plain, ...]) -> int:
    return sum(encode(item, part) << where.offset(index) for index, part in enumerate(items))


def decode(kind: Type, number: int) -> Plain:
    """The value of these bits; the inverse of `encode`."""
    return decoder(kind)(number)


@cache
def decoder(kind: Type) -> _Decoder:
    """What makes values of these bits."""
    match kind:
        case domains.Bool():
            return bool
        case domains.Int():
            return lambda number: number - 2**WORD if number >> (WORD - 1) else number
        case domains.Range(_, low, _):
            return low.__add__
        case domains.Enumeration() | domains.Sort() | domains.Set():
            return int
        case domains.Optional(item):
            inner, shift, less = decoder(item), *((0, 1) if small(kind) else (WORD, 0))
            return lambda number: None if number == 0 else inner((number >> shift) - less)
        case domains.Record(_, fields):
            offsets = (field_offset(kind, at) for at in range(len(fields)))
            return _of_parts([(item, offset) for (_, item), offset in zip(fields, offsets, strict=True)])
        case domains.Union(records):
            above, parts = tag_offset(kind), [(decoder(record), mask(record)) for record in records]
            return lambda number: (tag := number >> above, parts[tag][0](number & parts[tag][1]))
        case domains.Map(key, item):
            return _of_parts([(item, _array(kind).offset(at)) for at in range(domains.cardinality(key))])
        case domains.Seq() | domains.Bag():
            return _of_items(kind)
        case domains.Tuple():
            raise AssertionError("tuples are never stored")
    assert_never(kind)


def _of_parts(parts: list[tuple[Type, int]]) -> _Decoder:
    """Values that begin at these bits, side by side."""
    rows = [(decoder(kind), offset, mask(kind)) for kind, offset in parts]
    return lambda number: tuple([inner(number >> offset & ones) for inner, offset, ones in rows])


def _of_items(kind: domains.Seq | domains.Bag) -> _Decoder:
    inner, ones, where = decoder(kind.item), mask(kind.item), _array(kind)
    offsets, lengths = [where.offset(at) for at in range(kind.capacity)], 2 ** length_width(kind) - 1

    def items(number: int) -> Plain:
        count = number >> where.length & lengths
        return _canonical(kind, tuple([inner(number >> offset & ones) for offset in offsets[:count]]))

    return items


def _canonical(kind: Type, items: tuple[Plain, ...]) -> tuple[Plain, ...]:
    if isinstance(kind, domains.Bag):
        return tuple(sorted(items, key=domains.order_key(kind.item)))
    return items


# ------------------------------------------------------------------------------------------- order and position


@cache
def monotone(kind: Type) -> bool:
    """Whether comparing codes is comparing values, for a small type."""
    match kind:
        case domains.Bool() | domains.Int() | domains.Range() | domains.Enumeration() | domains.Sort() | domains.Set():
            return True
        case domains.Optional(item):
            return monotone(item)
        case domains.Record(_, fields):
            return all(monotone(item) for _, item in fields)
        case domains.Union(records):
            return all(monotone(record) for record in records)
        case domains.Map() | domains.Seq() | domains.Bag() | domains.Tuple():
            return False
    assert_never(kind)


@cache
def dense(kind: Type) -> bool:
    """Whether codes are positions: every number up to the largest code is a value, in order."""
    match kind:
        case domains.Int():
            return False
        case domains.Bool() | domains.Range() | domains.Enumeration() | domains.Sort() | domains.Set():
            return True
        case domains.Optional(item):
            return dense(item)
        case domains.Record(_, fields):
            return bool(fields) and all(dense(item) and top(item) + 1 == 2 ** width(item) for _, item in fields)
    return False
