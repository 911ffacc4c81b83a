"""What differs between two values of one type, down to the leaf.

Maps by key, records by field, sets and bags as what came and went, sequences as an edit script. Knows types and
values, nothing of traces.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..spec.lang import domains, ir
from ..spec.lang.domains import Plain, Type, show


@dataclass(frozen=True, slots=True)
class Change:
    """A place of the state as a user writes it (`phase[rm1]`), and what happened to it."""

    place: str
    what: str


def changed_variables(
    variables: tuple[ir.Variable, ...], before: tuple[Plain, ...], after: tuple[Plain, ...]
) -> Iterator[Change]:
    """Every difference between two states, in the order of the variables."""
    for variable, old, new in zip(variables, before, after, strict=True):
        yield from changes(variable.name, variable.type, old, new)


def changes(place: str, kind: Type, old: Plain, new: Plain) -> Iterator[Change]:
    """Every difference between two values of a type."""
    if old == new:
        return
    match kind:
        case domains.Map(key, value):
            for k, before, after in zip(domains.values(key), old, new, strict=True):
                yield from changes(f"{place}[{show(key, k)}]", value, before, after)
        case domains.Record(_, fields):
            for (name, item), before, after in zip(fields, old, new, strict=True):
                yield from changes(f"{place}.{name}", item, before, after)
        case domains.Optional(item) if old is not None and new is not None:
            yield from changes(place, item, old, new)
        case domains.Union(records) if old[0] == new[0]:
            yield from changes(place, records[old[0]], old[1], new[1])
        case domains.Set(item):
            came = [show(item, member) for member in domains.members_of(kind, new & ~old)]
            went = [show(item, member) for member in domains.members_of(kind, old & ~new)]
            yield Change(place, _came_and_went(came, went))
        case domains.Bag(_, item, _):
            came = [show(item, part) for part in _more(new, old)]
            went = [show(item, part) for part in _more(old, new)]
            yield Change(place, _came_and_went(came, went))
        case domains.Seq(_, item, _):
            yield from _edits(place, item, old, new)
        case _:
            yield Change(place, f"{show(kind, old)} → {show(kind, new)}")


def _more(items: tuple[Plain, ...], others: tuple[Plain, ...]) -> list[Plain]:
    """What one bag holds beyond the other, in order."""
    beyond: Counter[Plain] = Counter(items)
    beyond.subtract(others)
    return list((+beyond).elements())


def _came_and_went(came: list[str], went: list[str]) -> str:
    parts = [f"+ {', '.join(came)}"] if came else []
    return "   ".join([*parts, f"- {', '.join(went)}"] if went else parts)


def _edits(place: str, item: Type, old: Plain, new: Plain) -> Iterator[Change]:
    """The edit script of a sequence: positions of what went are the old ones, of what came the new ones."""
    for op, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "replace" and i1 == j1 and i2 == j2:
            for position in range(i1, i2):
                yield from changes(f"{place}[{position}]", item, old[position], new[position])
        elif op != "equal":
            for position in range(i1, i2):
                yield Change(f"{place}[{position}]", f"- {show(item, old[position])}")
            for position in range(j1, j2):
                yield Change(f"{place}[{position}]", f"+ {show(item, new[position])}")
