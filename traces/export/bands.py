"""What stretches over several steps: actions that are half done, partitions of the network, servers that are down.

Half-done actions are those that splitting left unfinished. Partitions and servers that are down are found by the words
in a variable's name, as faults are found by the words in an action's: a specification gives the hint by its naming.
Knows traces, nothing of drawing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain, Type, show
from ...spec.lang.split import UNFINISHED
from ..trace import State, Trace, action_of
from .diagram import Main, main_type

APART = frozenset(("partition", "partitioned", "cut", "severed", "blocked", "unreachable", "disconnected", "isolated"))
TOGETHER = frozenset(("connected", "reachable", "linked", "links", "connections"))
DOWN = frozenset(("down", "crashed", "dead", "stopped", "offline", "failed"))
UP = frozenset(("up", "alive", "running", "online"))


@dataclass(frozen=True, slots=True)
class Half:
    """An action that is half done in a lane, from the step that began it to the step that ended it."""

    lane: int
    first: int
    last: int | None  # None: it is half done at the end
    outcome: Literal["done", "given up", "open"]
    rest: str  # what is still to do, as first said


@dataclass(frozen=True, slots=True)
class Cut:
    """A partition from the state after one step to that after another: groups of lanes that can reach each other."""

    first: int
    last: int
    groups: tuple[tuple[int, ...], ...]


def halves(trace: Trace) -> Iterator[Half]:
    """The actions that are half done somewhere, lane by lane."""
    names = [one.name for one in trace.specification.variables]
    if UNFINISHED not in names:
        return
    position = names.index(UNFINISHED)
    kind = trace.specification.variables[position].type
    assert isinstance(kind, domains.Map) and isinstance(kind.value, domains.Map)
    if kind.key != main_type(trace.specification):
        return
    for lane in range(domains.cardinality(kind.key)):
        for thread in range(domains.cardinality(kind.value.key)):
            course = [step.state[position][lane][thread] for step in trace.steps]
            yield from _of_thread(trace, lane, course, kind.value.value)


def _of_thread(trace: Trace, lane: int, course: list[Plain], kind: Type) -> Iterator[Half]:
    began: int | None = None
    for number, value in enumerate(course, start=1):
        if began is None and value is not None:
            began = number
        elif began is not None and value is None:
            action = action_of(trace.specification, trace.steps[number - 1].label[0])
            done = action is not None and action.continues is not None
            yield Half(lane, began, number, "done" if done else "given up", show(kind, course[began - 1]))
            began = None
    if began is not None:
        yield Half(lane, began, None, "open", show(kind, course[began - 1]))


def cuts(trace: Trace) -> Iterator[Cut]:
    """The partitions of the lanes, where a variable that is named after them says so."""
    main = main_type(trace.specification)
    reach = None if main is None else _reach(trace.specification, main)
    if main is None or reach is None:
        return
    courses = [_groups(domains.cardinality(main), reach, step.state) for step in trace.steps]
    began = 0
    for number in range(1, len(courses) + 1):
        if number == len(courses) or courses[number] != courses[began]:
            if len(courses[began]) > 1:
                yield Cut(began + 1, number, courses[began])
            began = number


_Reach = Callable[[State, int, int], bool]


def _reach(specification: ir.Specification, main: Main) -> _Reach | None:
    """Whether one element can reach another in a state."""
    for position, variable in enumerate(specification.variables):
        words = set(variable.name.split("_"))
        if words & (APART | TOGETHER):
            between = _between(variable.type, main, bool(words & TOGETHER))
            if between is not None:
                return lambda state, one, other: between(state[position], one, other)
    return None


def _between(kind: Type, main: Main, together: bool) -> Callable[[Plain, int, int], bool] | None:
    match kind:
        case domains.Map(key, domains.Map(inner, domains.Bool())) if key == inner == main:
            return lambda value, one, other: bool(value[one][other]) is together
        case domains.Map(key, domains.Set(inner)) if key == inner == main:
            return lambda value, one, other: bool(value[one] >> other & 1) is together
        case domains.Set(item) if item == main:
            return lambda value, one, other: (not (value >> one | value >> other) & 1) is not together
        case domains.Map(key, domains.Bool()) if key == main:
            return lambda value, one, other: bool(value[one] or value[other]) is together
        case domains.Map(key, domains.Range() | domains.Enumeration()) if key == main:
            return lambda value, one, other: bool(value[one] == value[other])  # which side it is on
    return None


def _groups(size: int, reach: _Reach, state: State) -> tuple[tuple[int, ...], ...]:
    """The lanes that can reach each other, directly or through others, either way round."""
    group = list(range(size))
    for one in range(size):
        for other in range(one + 1, size):
            if reach(state, one, other) or reach(state, other, one):
                low, high = sorted((group[one], group[other]))
                group = [low if own == high else own for own in group]
    return tuple(tuple(lane for lane in range(size) if group[lane] == own) for own in sorted(set(group)))


def is_down(specification: ir.Specification) -> Callable[[State, int], bool]:
    """Whether a lane's element is down in a state; never, where no name says so."""
    main = main_type(specification)
    for position, variable in enumerate(specification.variables):
        words = set(variable.name.split("_"))
        match variable.type:
            case domains.Map(key, domains.Bool()) if key == main and words & (UP | DOWN):
                down = not words & UP
                return lambda state, lane: bool(state[position][lane]) is down
            case domains.Set(item) if item == main and words & (UP | DOWN):
                down = not words & UP
                return lambda state, lane: bool(state[position] >> lane & 1) is down
            case domains.Map(key, domains.Enumeration(_, members)) if key == main:
                gone = {value for value, name in enumerate(members) if set(name.lower().split("_")) & DOWN}
                if gone:
                    return lambda state, lane: state[position][lane] in gone
    return lambda state, lane: False
