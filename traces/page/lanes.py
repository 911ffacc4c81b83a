"""The space–time diagram's data: lanes, messages, and what colours a lane.

A role is a Map from the lanes' Sort to an Enum (or, for want of one, to Bool, or a Set of elements); an epoch is a Map
from it to a Range. Both are found from the types. Knows traces and types, nothing of drawing.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain
from ..export.bands import cuts, halves, is_down
from ..export.diagram import Diagram, Main, Message, channels, main_type
from ..trace import State, Trace
from .texts import Texts

EPOCHS = frozenset(("epoch", "term", "round", "ballot", "time", "clock"))  # what comes first, if it stands in a name
DROPS = frozenset(("drop", "drops", "lose", "loses"))  # an action that is named so is no server's
MOST_ROLES = 12  # an Enum with more members is no role


def lanes(trace: Trace, found: Diagram, texts: Texts) -> dict[str, Any]:
    """Lanes by name, the lane of every step, the messages, and every role and epoch that can colour the lanes."""
    passing = channels(trace.specification)
    main = main_type(trace.specification)
    roles = [] if main is None else list(_roles(trace, main))
    return {
        "lanes": list(found.lanes),
        "events": [-1, *(event.lane for event in found.events)],
        "others": [[], *(list(event.others) for event in found.events)],
        "messages": [_message(trace, passing, message, texts) for message in _marked(trace, found, roles)],
        "roles": roles,
        "epochs": [] if main is None else list(_epochs(trace, main)),
        "halves": [[one.lane, one.first, one.last, one.outcome, texts.number(one.rest)] for one in halves(trace)],
        "cuts": [[one.first, one.last, one.groups] for one in cuts(trace)],
    }


def _marked(trace: Trace, found: Diagram, roles: list[dict[str, Any]]) -> Iterator[tuple[Message, str]]:
    """Each message with what is special about its course.

    Its receiver was down; it was read again, or overtaken by a later one; or its receiver has changed its role since.
    """
    first, down = set[tuple[str, int, int, int | None]](), is_down(trace.specification)
    for message in found.messages:
        course = (message.text, message.sent, message.sender, message.towards)
        again = course in first and message.received is not None
        overtaken = any(
            other.sent > message.sent
            and (other.sender, other.receiver) == (message.sender, message.receiver)
            and other.received is not None
            and message.received is not None
            and other.received < message.received
            for other in found.messages[:_FEW]
        )
        dead = message.received is not None and _met_nobody(trace, message, down)
        late = message.fate == "received" and _changed_role(roles, message)
        yield message, "dead" if dead else "again" if again else "overtaken" if overtaken else "late" if late else ""
        first.add(course)


def _met_nobody(trace: Trace, message: Message, down: Callable[[State, int], bool]) -> bool:
    """Whether the receiver was down when the message came, or went down in the step that lost it."""
    receiver = message.receiver if message.towards is None else message.towards
    if receiver is None or message.received is None or receiver not in _elements(trace):
        return False
    before, after = (trace.steps[number].state for number in (message.received - 2, message.received - 1))
    return down(before, receiver) or (message.fate == "lost" and down(after, receiver))


def _elements(trace: Trace) -> range:
    """The numbers of the lanes that are elements, not the system."""
    main = main_type(trace.specification)
    return range(0 if main is None else domains.cardinality(main))


def _changed_role(roles: list[dict[str, Any]], message: Message) -> bool:
    courses: list[list[tuple[int, int]]] = next(
        (one["courses"] for one in roles if "role" in one["name"].split("_")), []
    )
    if message.receiver is None or message.received is None or message.receiver >= len(courses):
        return False
    course = courses[message.receiver]
    return _at(course, message.sent) != _at(course, message.received - 1)


def _at(course: list[tuple[int, int]], number: int) -> int:
    """The value of a course in a step."""
    return next(value for start, value in reversed(course) if start <= number)


_FEW = 300  # beyond so many messages nobody looks for overtaking


def _message(trace: Trace, passing: frozenset[str], marked: tuple[Message, str], texts: Texts) -> list[Any]:
    message, mark = marked
    fate = message.fate
    dropped = fate == "lost" and message.received is not None and _drops(trace, passing, message.received)
    fate_shown = "dropped" if dropped else fate
    return [
        texts.number(message.text),
        message.sent,
        message.sender,
        message.received,
        message.towards if message.receiver is None else message.receiver,
        fate_shown,
        mark,
    ]


def _drops(trace: Trace, passing: frozenset[str], number: int) -> bool:
    """Whether a step does nothing but take messages away, or is named so; else they are lost in something larger."""
    if DROPS & set(trace.steps[number - 1].label[0].split("_")):
        return True
    before, after = trace.steps[number - 2].state, trace.steps[number - 1].state
    parts = zip(trace.specification.variables, before, after, strict=True)
    return all(old == new for variable, old, new in parts if variable.name not in passing)


def _roles(trace: Trace, main: Main) -> Iterator[dict[str, Any]]:
    variables = trace.specification.variables
    for position, variable in enumerate(variables):
        match variable.type:
            case domains.Map(key, domains.Enumeration(_, members)) if key == main and len(members) <= MOST_ROLES:
                yield _coloured(trace, variable, position, list(members), _entries)
    for position, variable in enumerate(variables):
        match variable.type:
            case domains.Map(key, domains.Bool()) if key == main:
                yield _coloured(trace, variable, position, [f"not {variable.name}", variable.name], _entries)
            case domains.Set(item) if item == main:
                yield _coloured(trace, variable, position, [f"not {variable.name}", variable.name], _membership(main))


def _entries(value: Plain) -> list[int]:
    return [int(entry) for entry in value]


def _membership(main: Main) -> Any:
    size = domains.cardinality(main)
    return lambda mask: [mask >> bit & 1 for bit in range(size)]


def _coloured(trace: Trace, variable: ir.Variable, position: int, members: list[str], read: Any) -> dict[str, Any]:
    """For every lane the steps at which its value changes, and the values as numbers of members."""
    courses: list[list[tuple[int, int]]] = []
    for number, step in enumerate(trace.steps, start=1):
        for lane, value in enumerate(read(step.state[position])):
            if lane == len(courses):
                courses.append([])
            if not courses[lane] or courses[lane][-1][1] != value:
                courses[lane].append((number, value))
    return {"name": variable.name, "members": members, "courses": courses}


def _epochs(trace: Trace, main: Main) -> Iterator[dict[str, Any]]:
    """Those named so come first, then numbers that never fall in this trace, of these the ones that change."""
    found = []
    for position, variable in enumerate(trace.specification.variables):
        match variable.type:
            case domains.Map(key, domains.Range()) if key == main:
                found.append(_coloured(trace, variable, position, [], _entries))
    yield from sorted(
        found,
        key=lambda one: (
            not (EPOCHS & set(one["name"].split("_"))),
            not _grows(one),
            max(map(len, one["courses"])) == 1,
        ),
    )


def _grows(epoch: dict[str, Any]) -> bool:
    return all(earlier[1] < later[1] for course in epoch["courses"] for earlier, later in pairwise(course))
