"""A place in the state (`log[server1][0].epoch`): its name, its value in a state, and the places an expression read.

Knows recorded evaluations and states; nothing of traces, properties or printing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..spec.lang import domains, ir
from ..spec.lang.domains import Plain, Type, show
from ..spec.lang.meaning.convert import Mismatch, convert
from ..spec.lang.meaning.evaluate import Case, Part

MISSING = object()  # the place does not exist in the state: the sequence is shorter, the record is another


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a Map, or an item of a Seq."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Named:
    """A field, or the "first" or "last" item."""

    name: str


@dataclass(frozen=True, slots=True)
class As:
    """The value at another type: not None, or this record of a union."""

    type: Type


@dataclass(frozen=True, slots=True)
class Place:
    """A variable, or a part of it; `before` puts it into the state before the step."""

    variable: ir.Variable
    path: tuple[Key | Named | As, ...] = ()
    before: bool = False

    def __str__(self) -> str:
        text, kind = self.variable.name, self.variable.type
        for part in self.path:
            match part:
                case Key(value):
                    text += f"[{show(kind.key, value) if isinstance(kind, domains.Map) else value}]"
                case Named(name):
                    text += f".{name}"
            kind = _inner(kind, part)
        return f"before.{text}" if self.before else text

    def value(self, state: tuple[Plain, ...], variables: tuple[ir.Variable, ...]) -> Plain:
        """The plain value of the place in a state, or MISSING."""
        plain, kind = state[[one.name for one in variables].index(self.variable.name)], self.variable.type
        for part in self.path:
            plain = _step(kind, part, plain)
            if plain is MISSING:
                return MISSING
            kind = _inner(kind, part, plain)
        return plain


def _step(kind: Type, part: Key | Named | As, plain: Plain) -> Plain:
    match kind, part:
        case domains.Map(key), Key(value):
            return plain[domains.position(key, value)]
        case domains.Seq(), Key(value):
            return plain[value] if 0 <= value < len(plain) else MISSING
        case domains.Seq(), Named(which):
            return plain[0 if which == "first" else -1] if plain else MISSING
        case domains.Record(), Named(name):
            found = kind.field(name)
            return plain[found[0]] if found else MISSING
        case domains.Union(records), Named(name):
            return _step(records[plain[0]], part, plain[1])
        case _, As(wanted):
            try:
                return convert(kind, wanted, plain)
            except Mismatch:
                return MISSING
    return MISSING


def _inner(kind: Type, part: Key | Named | As, plain: Plain = None) -> Type:
    """The type of a part; a field of a union has one type in all its records."""
    match kind, part:
        case domains.Map(_, value), Key():
            return value
        case domains.Seq(_, item, _), Key() | Named():
            return item
        case domains.Record(), Named(name):
            found = kind.field(name)
            return found[1] if found else kind
        case domains.Union(records), Named(name):
            return next((found[1] for record in records if (found := record.field(name))), kind)
        case _, As(wanted):
            return wanted
    return kind


@dataclass(frozen=True, slots=True)
class Reading:
    """A place that an expression read, and what it found there."""

    place: Place
    type: Type
    value: Plain


def readings(
    parts: tuple[Part | Case, ...], variables: tuple[ir.Variable, ...], before: bool = False
) -> Iterator[Reading]:
    """The largest places that were read on the way to a value, in order, each as often as it was read.

    `before`: the parts were evaluated in the state before the step, as all is within a call of `before.helper(…)`.
    """
    for part in parts:
        place = place_of(part, variables)
        if place is not None and isinstance(part, Part):
            yield Reading(replace(place, before=place.before or before), _type_of(part), part.value)
            yield from _keys(part, variables, before)
        else:
            yield from readings(part.parts, variables, before or is_call_before(part))


def is_call_before(part: Part | Case) -> bool:
    """Whether a part is a helper's call in the state before the step."""
    return isinstance(part, Part) and isinstance(part.node, ir.Call) and part.node.before


def place_of(part: Part | Case, variables: tuple[ir.Variable, ...]) -> Place | None:
    """The place that a part reads, if it reads one."""
    if isinstance(part, Case):
        return None
    if isinstance(part.node, ir.Read):
        named = {variable.name: variable for variable in variables}
        return Place(named[part.node.variable], before=part.node.before)
    if not isinstance(part.node, ir.At | ir.Field | ir.End | ir.Convert):
        return None
    whole = place_of(part.parts[0], variables)
    return whole and replace(whole, path=(*whole.path, _path_of(part)))


def _path_of(part: Part) -> Key | Named | As:
    match part.node:
        case ir.At():
            return Key(part.parts[1].value)
        case ir.Field(_, name) | ir.End(_, name):
            return Named(name)
    return As(_type_of(part))


def _keys(part: Part, variables: tuple[ir.Variable, ...], before: bool) -> Iterator[Reading]:
    """What was read to compute the keys of a place: `votes` in `log[votes[r]]`."""
    if part.parts:
        whole, *keys = part.parts
        if isinstance(whole, Part):
            yield from _keys(whole, variables, before)
        yield from readings(tuple(keys), variables, before)


def _type_of(part: Part) -> Type:
    assert not isinstance(part.node, ir.Property)
    return part.node.type
