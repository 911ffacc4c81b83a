"""Values in C: where they are, how their parts are read and written, compared and converted.

A small value is a C expression (`Scalar`) or bits in memory (`Place`); a large one is always a Place; a tuple is its
parts. Numbers (Range, Int) are computed with as themselves, everything else as its code. Knows layouts and types,
nothing of expressions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ....spec.lang import domains, ir
from ....spec.lang.domains import Type
from . import layout
from .text import Body


@dataclass(frozen=True, slots=True)
class Scalar:
    """A C expression without side effects: an i64 for numbers, else a u64 code."""

    kind: Type
    c: str


@dataclass(frozen=True, slots=True)
class Place:
    """Bits in memory: in word `word + words` of `pointer`, from bit `bit + bits` on."""

    kind: Type
    pointer: str
    word: int = 0
    words: str = ""
    bit: int = 0
    bits: str = ""
    stable: bool = False  # nothing writes there while the function runs

    @property
    def at_word(self) -> str:
        return _sum(self.word, self.words)

    @property
    def at_bit(self) -> str:
        return _sum(self.bit, self.bits)

    @property
    def address(self) -> str:
        """A pointer to the first word."""
        return self.pointer if self.at_word == "0" else f"({self.pointer} + {self.at_word})"

    def part(self, kind: Type, offset: int) -> "Place":
        """A part at a fixed bit offset."""
        at = self.bit + offset
        return replace(self, kind=kind, word=self.word + at // layout.WORD, bit=at % layout.WORD)


@dataclass(frozen=True, slots=True)
class Parts:
    """A tuple: its items side by side."""

    kind: domains.Tuple
    items: tuple["Value", ...]


Value = Scalar | Place | Parts


def _sum(constant: int, dynamic: str) -> str:
    if not dynamic:
        return str(constant)
    return f"{constant} + {dynamic}" if constant else dynamic


def ctype(kind: Type) -> str:
    """The C type that a small value is computed in."""
    return "i64" if layout.numeric(kind) else "u64"


def code(kind: Type, number: int) -> Scalar:
    """A small value known now, from its encoding."""
    if layout.numeric(kind):
        return Scalar(kind, f"INT64_C({layout.decode(kind, number)})" if number >> 31 else str(_signed(kind, number)))
    return Scalar(kind, f"{number}ull")


def _signed(kind: Type, number: int) -> str:
    value = layout.decode(kind, number)
    return f"({value})" if value < 0 else str(value)


def truth(c: str) -> Scalar:
    """A truth value."""
    return Scalar(domains.Bool(), c)


def load(value: Value) -> str:
    """The C expression of a small value."""
    match value:
        case Scalar(_, c):
            return c
        case Place(kind):
            word = f"{value.pointer}[{value.at_word}]"
            bits = word if isinstance(kind, domains.Int) else f"get({word}, {value.at_bit}, {layout.width(kind)})"
            return _number(kind, bits)
    raise AssertionError("a tuple is not one number")


def _number(kind: Type, bits: str) -> str:
    if isinstance(kind, domains.Range):
        return (
            f"((i64){bits} + {kind.low})"
            if kind.low > 0
            else f"((i64){bits} - {-kind.low})"
            if kind.low < 0
            else f"(i64){bits}"
        )
    return f"(i64){bits}" if isinstance(kind, domains.Int) else bits


def raw(value: Value) -> str:
    """The code of a small value, also of a number."""
    if isinstance(value, Place) and isinstance(value.kind, domains.Range):
        return load(replace(value, kind=_unsigned(value.kind)))
    c = load(value)
    if c.isdigit() and layout.decode(value.kind, 0) == 0:
        return f"{c}ull"
    if isinstance(value.kind, domains.Range) and value.kind.low:
        return f"(u64)({c} - ({value.kind.low}))"
    return f"(u64){_atom(c)}" if layout.numeric(value.kind) else c


def _unsigned(kind: domains.Range) -> Type:
    return domains.Sort("code", layout.top(kind) + 1)


def _atom(c: str) -> str:
    return c if c.replace("_", "").isalnum() or (c.startswith("(") and c.endswith(")")) else f"({c})"


def from_raw(kind: Type, bits: str) -> Scalar:
    """The small value with this code."""
    return Scalar(kind, _number(kind, _atom(bits)))


def plain(c: str) -> bool:
    """Whether a C expression is a name or a number: as good as a name of its own."""
    return c.replace("_", "").removeprefix("(i64)").isalnum()


def name(body: Body, value: Value, stem: str = "t") -> Value:
    """The value under a name of its own, so that it is computed once."""
    if isinstance(value, Parts):
        return Parts(value.kind, tuple(name(body, item, stem) for item in value.items))
    if isinstance(value, Place) and not layout.small(value.kind):
        return value
    c = load(value)
    if plain(c):
        return Scalar(value.kind, c)
    fresh = body.fresh(stem)
    body.line(f"const {ctype(value.kind)} {fresh} = {c};")
    return Scalar(value.kind, fresh)


def store(body: Body, place: Place, value: Value) -> None:
    """Writes a value of the place's own type."""
    if layout.small(place.kind):
        word = f"{place.pointer}[{place.at_word}]"
        if isinstance(place.kind, domains.Int):
            body.line(f"{word} = {raw(value)};")
        else:
            body.line(f"put(&{word}, {place.at_bit}, {layout.width(place.kind)}, {raw(value)});")
        return
    assert isinstance(value, Place)
    if value.address != place.address:
        body.line(f"copy({place.address}, {value.address}, {layout.size(place.kind)});")


def zeroed(body: Body, kind: Type, stem: str = "t") -> Place:
    """New storage, all zero: an empty collection."""
    storage = body.storage(layout.size(kind), stem)
    body.line(f"clear({storage}, {layout.size(kind)});")
    return Place(kind, storage)


def held(body: Body, value: Value) -> Place:
    """A value in memory: where it is, or a copy of a small one in a word of its own."""
    if isinstance(value, Place):
        return value
    assert isinstance(value, Scalar)
    storage = body.storage(1)
    body.line(f"{storage}[0] = {raw(value)};")
    return Place(value.kind, storage)


def copied(body: Body, value: Value, stem: str = "t") -> Value:
    """A value that stays what it is when the state changes."""
    if isinstance(value, Parts):
        return Parts(value.kind, tuple(copied(body, item, stem) for item in value.items))
    if isinstance(value, Place) and not layout.small(value.kind):
        if value.stable:
            return value
        place = Place(value.kind, body.storage(layout.size(value.kind), stem), stable=True)
        store(body, place, value)
        return place
    return name(body, value, stem)


# ------------------------------------------------------------------------------------------------------ parts


def field(value: Value, kind: domains.Record, position: int) -> Value:
    """A field of a record."""
    item, offset = kind.fields[position][1], layout.field_offset(kind, position)
    if isinstance(value, Place):
        return value.part(item, offset)
    return from_raw(item, f"get({load(value)}, {offset}, {layout.width(item)})")


def entry(value: Value, item: Type, index: str) -> Value:
    """The entry of a Map at a position, or an item of a Seq or Bag."""
    assert isinstance(value.kind, domains.Map | domains.Seq | domains.Bag)
    where = layout.array(value.kind)
    index = _atom(index)
    if isinstance(value, Scalar):
        return from_raw(item, f"get({value.c}, {_sum(where.first, _times(index, where.stride))}, {where.stride})")
    assert isinstance(value, Place)
    constant = _constant(index)
    if constant is not None:
        return value.part(item, where.offset(constant))
    inside = value.part(item, where.first)
    if where.per_word == 1:
        return replace(inside, words=_plus(inside.words, index))
    if where.per_word:
        words, bits = f"{index} / {where.per_word}", _times(f"{index} % {where.per_word}", where.stride)
        return replace(inside, words=_plus(inside.words, words), bits=_plus(inside.bits, bits))
    if layout.small(value.kind):
        return replace(inside, bits=_plus(inside.bits, _times(index, where.stride)))
    return replace(inside, words=_plus(inside.words, _times(index, where.stride // layout.WORD)))


def _constant(index: str) -> int | None:
    digits = index.removesuffix("ull")
    return int(digits) if digits.isdigit() else None


def _times(c: str, factor: int) -> str:
    return c if factor == 1 else f"{c} * {factor}"


def _plus(left: str, right: str) -> str:
    return f"{left} + {right}" if left else right


def item_of(kind: Type) -> Type:
    """The type of the items of a Seq or Bag."""
    assert isinstance(kind, domains.Seq | domains.Bag)
    return kind.item


def length(value: Value) -> str:
    """The number of items of a Seq or Bag, as a u64."""
    kind = value.kind
    assert isinstance(kind, domains.Seq | domains.Bag)
    if isinstance(value, Scalar):
        return f"get({value.c}, 0, {layout.length_width(kind)})"
    return load(_length_place(value))


def _length_place(value: Value) -> Place:
    assert isinstance(value, Place) and isinstance(value.kind, domains.Seq | domains.Bag)
    counter = domains.Enumeration("length", tuple(str(n) for n in range(value.kind.capacity + 1)))
    return value.part(counter, layout.array(value.kind).length)


def store_length(body: Body, place: Place, count: str) -> None:
    """Sets the number of items."""
    where = _length_place(place)
    store(body, where, Scalar(where.kind, count))


def tag(value: Value) -> str:
    """The position of the record in a union."""
    kind = value.kind
    assert isinstance(kind, domains.Union)
    offset = layout.tag_offset(kind)
    if isinstance(value, Scalar):
        return f"({value.c} >> {offset})"
    assert isinstance(value, Place)
    return load(value.part(domains.Enumeration("tag", tuple(r.name for r in kind.records)), offset))


def payload(value: Value, record: domains.Record) -> Value:
    """The record in a union, known to be this one."""
    kind = value.kind
    assert isinstance(kind, domains.Union)
    if isinstance(value, Place):
        return value.part(record, 0)
    return from_raw(record, f"get({load(value)}, 0, {layout.width(record)})")


def is_some(value: Value) -> str:
    """Whether an optional value is not None."""
    if layout.small(value.kind):
        return f"({load(value)} != 0)"
    assert isinstance(value, Place)
    return f"({value.pointer}[{value.at_word}] != 0)"


def some(value: Value) -> Value:
    """The item of an optional value known not to be None."""
    assert isinstance(value.kind, domains.Optional)
    if layout.small(value.kind):
        return from_raw(value.kind.item, f"({load(value)} - 1)")
    assert isinstance(value, Place)
    return value.part(value.kind.item, layout.WORD)


# ------------------------------------------------------------------------------------------------- comparing


def equal(left: Value, right: Value) -> str:
    """Whether two values are equal; numbers may differ in range, else they have one type."""
    if isinstance(left, Parts) and isinstance(right, Parts):
        return all_of([equal(a, b) for a, b in zip(left.items, right.items, strict=True)])
    if layout.numeric(left.kind) or layout.small(left.kind):
        return f"({load(left)} == {load(right)})"
    assert isinstance(left, Place) and isinstance(right, Place)
    return f"same({left.address}, {right.address}, {layout.size(left.kind)})"


def all_of(tests: Sequence[str]) -> str:
    """The conjunction of C conditions."""
    return "1" if not tests else tests[0] if len(tests) == 1 else f"({' && '.join(tests)})"


def within(value: Value, kind: domains.Range) -> str | None:
    """The C condition that a number is outside a range; None when it cannot be."""
    assert isinstance(value.kind, domains.Int | domains.Range)
    tests = [f"{load(value)} < {kind.low}"] if value.kind.low < kind.low else []
    tests += [f"{load(value)} > {kind.high}"] if value.kind.high > kind.high else []
    return " || ".join(tests) or None


def span_text(span: ir.Span) -> str:
    """Where something stands in the source, for a comment."""
    return f"{span.line}:{span.column}"


# ---------------------------------------------------------------------------------------------- local variables


def declare(body: Body, kind: Type, stem: str) -> Value:
    """A local variable of the function, without a value yet."""
    if isinstance(kind, domains.Tuple):
        return Parts(kind, tuple(declare(body, item, stem) for item in kind.items))
    if layout.small(kind):
        return Scalar(kind, body.variable(ctype(kind), stem))
    return Place(kind, body.storage(layout.size(kind), stem), stable=True)


def assign(body: Body, variable: Value, value: Value) -> None:
    """Gives a local variable a value of its own type."""
    match variable, value:
        case Parts(), Parts():
            for one, other in zip(variable.items, value.items, strict=True):
                assign(body, one, other)
        case Scalar(_, c), _:
            body.line(f"{c} = {load(value)};")
        case Place(), _:
            store(body, variable, value)
