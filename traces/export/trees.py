"""Maps whose keys have parents, such as a tree of znodes by path: found from the types, and how two of them differ.

A tree is a Map from an Enum or a Sort to optional values, in a specification with a helper function `parent` from keys
to keys; a root is its own parent. Knows specifications and values, nothing of traces or pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain, show
from ...spec.lang.meaning.interpret import Interpreter
from ..changes import changes

PARENT = "parent"
MOST_PLACES = 200  # a Map with more entries is shown as one value


@dataclass(frozen=True, slots=True)
class Tree:
    """A variable that is a tree. `places` are its keys, parents first, each with its depth; `names` are theirs."""

    variable: str
    position: int
    kind: domains.Map
    places: tuple[tuple[int, int], ...]
    names: tuple[str, ...]

    def place(self, key: int) -> str:
        """The entry of a key as a user writes it: `tree[Path.A]`."""
        return f"{self.variable}[{show(self.kind.key, key)}]"


@dataclass(frozen=True, slots=True)
class Branch:
    """A place in the difference of two trees: its sign is + (came), - (went), Δ (changed), or none (only above one)."""

    key: int
    depth: int
    name: str
    sign: str
    what: tuple[tuple[str, str], ...]


def trees(specification: ir.Specification) -> tuple[Tree, ...]:
    """The variables that are trees."""
    found = []
    for position, variable in enumerate(specification.variables):
        kind = variable.type
        if isinstance(kind, domains.Map) and isinstance(kind.value, domains.Optional):
            parents = _parents(specification, kind.key)
            if parents is not None:
                members = [show(kind.key, key).rpartition(".")[2] for key in range(len(parents))]
                found.append(Tree(variable.name, position, kind, tuple(_ordered(parents)), tuple(members)))
    return tuple(found)


def difference(tree: Tree, before: Plain, after: Plain) -> list[Branch]:
    """What differs, as a part of the tree: every place that came, went or changed, below those it hangs from."""
    differing = {key for key, _ in tree.places if before[key] != after[key]}
    found: list[Branch] = []
    kept: set[int] = set()
    above: list[int] = []
    for key, depth in tree.places:
        above = [*above[:depth], key]
        if key in differing:
            kept |= set(above)
    for key, depth in tree.places:
        if key in kept:
            found.append(_branch(tree, key, depth, before[key], after[key]))
    return found


def _branch(tree: Tree, key: int, depth: int, before: Plain, after: Plain) -> Branch:
    assert isinstance(tree.kind.value, domains.Optional)
    name, item = tree.names[key], tree.kind.value.item
    if before == after:
        return Branch(key, depth, name, "", ())
    if before is None or after is None:
        sign, value = ("+", after) if before is None else ("-", before)
        return Branch(key, depth, name, sign, (("", show(item, value)),))
    parts = tuple((change.place.removeprefix("."), change.what) for change in changes("", item, before, after))
    return Branch(key, depth, name, "Δ", parts)


def _parents(specification: ir.Specification, key: domains.Type) -> list[int] | None:
    """The parent of every key, where the specification says what that is; None where these are no trees."""
    if not isinstance(key, domains.Enumeration | domains.Sort) or domains.cardinality(key) > MOST_PLACES:
        return None
    for function in specification.functions:
        if function.name == PARENT and function.returns == key and [one.type for one in function.params] == [key]:
            interpreter, span = Interpreter(specification), function.span
            keys = [ir.Literal(span=span, type=key, value=one) for one in domains.values(key)]
            calls = [ir.Call(span=span, type=key, function=PARENT, arguments=(one,)) for one in keys]
            found = [interpreter.value(call, (), (), {}) for call in calls]
            return found if all(_ends(found, one) for one in range(len(found))) else None
    return None


def _ends(parents: list[int], key: int) -> bool:
    """Whether a root stands above a key."""
    seen = set[int]()
    while parents[key] != key:
        if key in seen:
            return False
        seen.add(key)
        key = parents[key]
    return True


def _ordered(parents: list[int]) -> Iterator[tuple[int, int]]:
    """Keys and depths, each key before those below it."""
    pending = [(key, 0) for key in reversed(range(len(parents))) if parents[key] == key]
    while pending:
        key, depth = pending.pop()
        yield key, depth
        below = [other for other in range(len(parents)) if parents[other] == key and other != key]
        pending += [(other, depth + 1) for other in reversed(below)]
