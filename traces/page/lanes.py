"""The space–time diagram's data: lanes, messages, and what colours a lane.

A role is a Map from the lanes' Sort to an Enum (or, for want of one, to Bool, or a Set of elements); an epoch is a Map
from it to a Range. Both are found from the types. Knows traces and types, nothing of drawing.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain
from ..export.diagram import Diagram, Main, Message, channels, main_type
from ..trace import Trace
from .texts import Texts

MOST_ROLES = 12  # an Enum with more members is no role


def lanes(trace: Trace, found: Diagram, texts: Texts) -> dict[str, Any]:
    """Lanes by name, the lane of every step, the messages, and every role and epoch that can colour the lanes."""
    passing = channels(trace.specification)
    main = main_type(trace.specification)
    return {
        "lanes": list(found.lanes),
        "events": [-1, *(event.lane for event in found.events)],
        "messages": [_message(trace, passing, message, texts) for message in _marked(found)],
        "roles": [] if main is None else list(_roles(trace, main)),
        "epochs": [] if main is None else list(_epochs(trace, main)),
    }


def _marked(found: Diagram) -> Iterator[tuple[Message, str]]:
    """Each message with what is special about its course: read again, or overtaken by a later one."""
    first = set[tuple[str, int, int]]()
    for message in found.messages:
        course = (message.text, message.sent, message.sender)
        again = course in first and message.received is not None
        overtaken = any(
            other.sent > message.sent
            and (other.sender, other.receiver) == (message.sender, message.receiver)
            and other.received is not None
            and message.received is not None
            and other.received < message.received
            for other in found.messages[:_FEW]
        )
        yield message, "again" if again else "overtaken" if overtaken else ""
        first.add(course)


_FEW = 300  # beyond so many messages nobody looks for overtaking


def _message(trace: Trace, passing: frozenset[str], marked: tuple[Message, str], texts: Texts) -> list[Any]:
    message, mark = marked
    fate = message.fate
    if fate == "lost" and message.received is not None and _only_channels_change(trace, passing, message.received):
        fate_shown = "dropped"
    else:
        fate_shown = fate
    return [
        texts.number(message.text),
        message.sent,
        message.sender,
        message.received,
        message.towards if message.receiver is None else message.receiver,
        fate_shown,
        mark,
    ]


def _only_channels_change(trace: Trace, passing: frozenset[str], number: int) -> bool:
    """Whether a step does nothing but take messages away; else they are lost as part of something larger."""
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
    """Numbers that never fall in this trace come first, of these the ones that change."""
    found = []
    for position, variable in enumerate(trace.specification.variables):
        match variable.type:
            case domains.Map(key, domains.Range()) if key == main:
                found.append(_coloured(trace, variable, position, [], _entries))
    yield from sorted(found, key=lambda one: (not _grows(one), max(map(len, one["courses"])) == 1))


def _grows(epoch: dict[str, Any]) -> bool:
    return all(earlier[1] < later[1] for course in epoch["courses"] for earlier, later in pairwise(course))
