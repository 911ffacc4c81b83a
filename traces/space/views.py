"""The state graph around a trace, clustered so that it can be read, with the trace as a path through it.

The states are found breadth first from the initial ones and from the trace's own, up to a number of states; a view
groups them, and no view has more than 150 groups. Knows specifications and traces, nothing of drawing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import networkx

from ...spec.lang import domains, ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Meaning
from ..export.diagram import Main, main_type
from ..export.graph import MOST_NODES
from ..trace import State, Trace
from .layout import layered

MOST_STATES = 2000
MOST_VARIABLES = 6  # that a view of their own is offered for
OTHERS = "all others"


@dataclass(frozen=True, slots=True)
class Space:
    """States in the order found, the depth at which each was found, edges with their action, and whether that is all.

    `came` is the action that first led to a state.
    """

    states: tuple[State, ...]
    depths: tuple[int, ...]
    came: tuple[str, ...]
    edges: tuple[tuple[int, int, str], ...]
    complete: bool


def explore(trace: Trace, meaning: Meaning, most: int = MOST_STATES) -> Space:
    """The states around a trace, breadth first; the trace's own are always among them."""
    boundaries = [one.name for one in trace.specification.properties if one.kind == "boundary"]
    numbers: dict[State, int] = {}
    depths: list[int] = []
    came: list[str] = []

    def add(state: State, depth: int, action: str) -> int:
        if state not in numbers:
            numbers[state] = len(depths)
            depths.append(depth)
            came.append(action)
        return numbers[state]

    for label, state in meaning.initial()[:most]:
        add(state, 1, label[0])
    for number, step in enumerate(trace.steps[:MOST_STATES], start=1):
        add(step.state, number, step.label[0])
    edges, complete = set[tuple[int, int, str]](), len(trace.steps) <= MOST_STATES
    frontier = list(numbers)
    for state in frontier:
        source = numbers[state]
        for label, after in _successors(meaning, state, boundaries):
            if after not in numbers:
                if len(depths) >= most:
                    complete = False
                    continue
                frontier.append(after)
            edges.add((source, add(after, depths[source] + 1, label[0]), label[0]))
    return Space(tuple(numbers), _true_depths(depths, edges), tuple(came), tuple(sorted(edges)), complete)


def _successors(meaning: Meaning, state: State, boundaries: list[str]) -> Iterator[tuple[Any, State]]:
    try:
        if all(meaning.holds(name, state) for name in boundaries):
            yield from meaning.successors(state)
    except EvaluationError:
        return


def _true_depths(depths: list[int], edges: set[tuple[int, int, str]]) -> tuple[int, ...]:
    """The trace's states were numbered first; what is nearer to an initial state gets its own depth back."""
    after: dict[int, list[int]] = {}
    for source, target, _ in sorted(edges):
        after.setdefault(source, []).append(target)
    found = list(depths)
    queue = sorted(range(len(found)), key=lambda state: found[state])
    for state in queue:
        for target in after.get(state, ()):
            if found[target] > found[state] + 1:
                found[target] = found[state] + 1
                queue.append(target)
    return tuple(found)


def views(trace: Trace, meaning: Meaning, most: int = MOST_STATES) -> dict[str, Any]:
    """Every view of the space: groups with their place in a drawing, edges with counts, the trace's way through."""
    space = explore(trace, meaning, most)
    numbers = {state: number for number, state in enumerate(space.states)}
    path = [numbers[step.state] for step in trace.steps if step.state in numbers]
    found = [_view(space, path, name, groups) for name, groups in _groupings(trace, space)]
    return {"states": len(space.states), "complete": space.complete, "views": found}


def _groupings(trace: Trace, space: Space) -> Iterator[tuple[str, list[str]]]:
    if len(space.states) <= MOST_NODES:
        yield "state", [f"state {number + 1}" for number in range(len(space.states))]
    main = main_type(trace.specification)
    offered = 0
    for position, variable in enumerate(trace.specification.variables):
        shown = _vector(variable.type, main)
        if shown is not None and offered < MOST_VARIABLES:
            groups = [shown(state[position]) for state in space.states]
            if len(set(groups)) > 1:
                offered += 1
                yield variable.name, groups
    yield "depth", [f"depth {depth}" for depth in space.depths]
    yield "last action", list(space.came)
    yield "strongly connected component", _components(space)


def naming(specification: ir.Specification, variable: str) -> Callable[[Any], str] | None:
    """How a view by a variable names its values; None where they are too many to make a view."""
    kind = next((one.type for one in specification.variables if one.name == variable), None)
    return None if kind is None else _vector(kind, main_type(specification))


def _vector(kind: domains.Type, main: Main | None) -> Callable[[Any], str] | None:
    """How a variable's value is named, if it is small: a role or epoch per element, or one value."""
    match kind:
        case domains.Map(key, value) if key == main and _is_small(value):
            return lambda entries: " ".join(_abbreviated(value, entry) for entry in entries)
        case domains.Set(item) if item == main:
            return lambda mask: domains.show(kind, mask)
        case _ if _is_small(kind):
            return lambda plain: _short(kind, plain)
    return None


def _is_small(kind: domains.Type) -> bool:
    match kind:
        case domains.Optional(item):
            return _is_small(item)
        case domains.Bool() | domains.Enumeration() | domains.Range() | domains.Sort():
            return domains.cardinality(kind) <= MOST_NODES
    return False


def _short(kind: domains.Type, plain: Any) -> str:
    return domains.show(kind, plain).rpartition(".")[2]


def _abbreviated(kind: domains.Type, plain: Any) -> str:
    """A member of an Enum by its first letters, as many as tell all members apart."""
    if not isinstance(kind, domains.Enumeration):
        return _short(kind, plain)
    enough = next(n for n in range(4, 99) if len({name[:n] for name in kind.members}) == len(kind.members))
    name: str = kind.members[plain]
    return name[:enough]


def _components(space: Space) -> list[str]:
    """Each component of several states is a group; single states are grouped by depth."""
    graph: Any = networkx.DiGraph()
    graph.add_nodes_from(range(len(space.states)))
    graph.add_edges_from((source, target) for source, target, _ in space.edges)
    groups = [f"single, depth {depth}" for depth in space.depths]
    several = [component for component in networkx.strongly_connected_components(graph) if len(component) > 1]
    for number, component in enumerate(sorted(several, key=min), start=1):
        for state in component:
            groups[state] = f"component {number}"
    return groups


def _view(space: Space, path: list[int], name: str, groups: list[str]) -> dict[str, Any]:
    kept = _kept(groups, path)
    names = [group if group in kept else OTHERS for group in groups]
    order = list(dict.fromkeys(names))
    number = {group: position for position, group in enumerate(order)}
    sizes, depth = Counter(names), dict[str, int]()
    for group, own in zip(names, space.depths, strict=True):
        depth[group] = min(own, depth.get(group, own))
    edges: Counter[tuple[int, int]] = Counter()
    actions: dict[tuple[int, int], set[str]] = {}
    for source, target, action in space.edges:
        ends = number[names[source]], number[names[target]]
        edges[ends] += 1
        actions.setdefault(ends, set()).add(action)
    places = layered([depth[group] for group in order], sorted(edges))
    sinks = set(number.values()) - {source for source, target in edges if source != target}
    return {
        "name": name,
        "nodes": [[group, sizes[group], *places[position]] for position, group in enumerate(order)],
        "edges": [[*ends, count, sorted(actions[ends])[:4]] for ends, count in sorted(edges.items())],
        "path": [number[names[state]] for state in path],
        "sinks": sorted(sinks),
    }


def _kept(groups: list[str], path: list[int]) -> set[str]:
    """The groups that are drawn: those of the trace, then the largest; the rest becomes one."""
    counted = Counter(groups)
    if len(counted) <= MOST_NODES:
        return set(counted)
    wanted = list(dict.fromkeys([groups[state] for state in path] + [group for group, _ in counted.most_common()]))
    return set(wanted[: MOST_NODES - 1])
