"""Who did what when, and which messages passed: the data of a space–time diagram, found from the types alone.

A lane is an element of the main Sort or Range, which most variables are keyed by, or of another Sort that variables are
keyed by. A step happens in one lane; the lanes of other Sorts that its arguments name take part in it. A channel is a
collection of records that some action adds to and some action takes from (or draws an argument from). A message is a
record that a step put into a channel; it is received by the step that takes it out or draws it, lost when that step
does nothing else or empties channels wholesale, and in flight when it is still there at the end. Where a channel is
keyed by elements, its keys say who sends and who receives; otherwise the steps do.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain, Type, show
from ...spec.lang.meaning.convert import Mismatch, convert
from ..trace import State, Step, Trace, action_of, show_label

SYSTEM = "system"  # the lane of steps that belong to no element
Entry = tuple[str, tuple[Plain, ...]]  # a variable, and the keys that lead to a collection within it
Main = domains.Sort | domains.Range


@dataclass(frozen=True, slots=True)
class Event:
    """A step, in the lane it happened in, and the lanes of other Sorts that take part in it."""

    number: int
    lane: int
    label: str
    others: tuple[int, ...] = ()


@dataclass(slots=True)
class Message:
    """A record on its way: which step sent it, which received (or lost) it, and in which lanes."""

    text: str
    sent: int
    sender: int
    received: int | None = None  # the step that took it out
    receiver: int | None = None
    fate: Literal["in flight", "received", "lost"] = "in flight"
    towards: int | None = None  # whom it is for, where its channel says so


@dataclass(frozen=True, slots=True)
class Diagram:
    """Lanes by name, one event per step after the first, and the messages in the order they were sent."""

    lanes: tuple[str, ...]
    events: tuple[Event, ...]
    messages: tuple[Message, ...]


def diagram(trace: Trace) -> Diagram:
    """The space–time diagram of a trace."""
    drawing = _Drawing(trace)
    for number in range(2, len(trace.steps) + 1):
        drawing.step(number)
    used = any(drawing.lanes[event.lane] == SYSTEM for event in drawing.events)
    lanes = drawing.lanes if used or len(drawing.lanes) == 1 else drawing.lanes[:-1]
    return Diagram(lanes, tuple(drawing.events), tuple(drawing.messages))


def main_type(specification: ir.Specification) -> Main | None:
    """The Sort, or else the Range, that most variables (and then most parameters) are keyed by."""
    votes: Counter[Main] = Counter()
    for variable in specification.variables:
        votes.update(_keys_of(variable.type))
    if not votes:
        for action in specification.actions:
            votes.update(p.type for p in action.params if isinstance(p.type, domains.Sort | domains.Range))
    sorts = {kind: count for kind, count in votes.items() if isinstance(kind, domains.Sort)}
    best = sorts or votes
    return max(best, key=lambda kind: best[kind], default=None)


def lane_types(specification: ir.Specification) -> tuple[Main, ...]:
    """What has lanes: the main Sort or Range, then the other Sorts that variables are keyed by."""
    main = main_type(specification)
    if main is None:
        return ()
    keys = dict.fromkeys(key for variable in specification.variables for key in _keys_of(variable.type))
    return (main, *(key for key in keys if key != main and isinstance(key, domains.Sort)))


def _keys_of(kind: Type) -> Iterator[Main]:
    if isinstance(kind, domains.Map):
        if isinstance(kind.key, domains.Sort | domains.Range):
            yield kind.key
        yield from _keys_of(kind.value)


def channels(specification: ir.Specification) -> frozenset[str]:
    """The variables that messages pass through."""
    added, taken = set[str](), set[str]()
    for holder in (*specification.actions, *specification.functions):
        for node in nodes_within(holder):
            match node:
                case ir.Update(target, "add" | "append" | "extend" | "update"):
                    added.add(target.variable)
                case ir.Update(target, "remove" | "remove_first" | "discard"):
                    taken.add(target.variable)
                case ir.Assign(target, value):
                    within = list(nodes_within(value))
                    added |= {target.variable for one in within if isinstance(one, ir.Concat)}
                    taken |= {target.variable for one in within if isinstance(one, ir.Slice)}
    for action in specification.actions:
        taken |= {variable for _, variable in _drawn_from(action)}
    return frozenset(v.name for v in specification.variables if v.name in added & taken and _carries_records(v.type))


def _drawn_from(action: ir.Action) -> Iterator[tuple[str, str]]:
    """Parameters, and the variables that their arguments must be in: `require(m in self.network)`."""
    for param in action.params:
        reads = (one for one in nodes_within(param.drawn) if isinstance(one, ir.Read))
        yield from ((param.name, read.variable) for read in reads)
    names = {param.name for param in action.params}
    for statement in action.body:
        for node in nodes_within(statement) if isinstance(statement, ir.Require) else ():
            match node:
                case ir.Contains(ir.Local(name) | ir.Convert(ir.Local(name)), container) if name in names:
                    reads = (one for one in nodes_within(container) if isinstance(one, ir.Read))
                    yield from ((name, read.variable) for read in reads)


def _carries_records(kind: Type) -> bool:
    match kind:
        case domains.Map(_, value):
            return _carries_records(value)
        case domains.Set(item) | domains.Seq(_, item, _) | domains.Bag(_, item, _):
            return isinstance(item, domains.Record | domains.Union)
    return False


def nodes_within(node: object) -> Iterator[Any]:
    """A node of the tree, and every node below it."""
    if isinstance(node, tuple):
        for item in node:
            yield from nodes_within(item)
    elif is_dataclass(node) and type(node).__module__ == ir.__name__:
        yield node
        for own in fields(node):
            yield from nodes_within(getattr(node, own.name))


def _takers(specification: ir.Specification, channel: str) -> frozenset[str]:
    """The actions that take single items from a channel, rather than emptying it."""
    functions = {function.name: function for function in specification.functions}

    def takes(holder: ir.Action | ir.Function) -> bool:
        for node in nodes_within(holder):
            match node:
                case ir.Update(target, "remove" | "remove_first" | "discard") if target.variable == channel:
                    return True
                case ir.Assign(target, value) if target.variable == channel:
                    if any(isinstance(one, ir.Slice) for one in nodes_within(value)):
                        return True
                case ir.Do(name) if takes(functions[name]):
                    return True
        return False

    drawing = {a.name for a in specification.actions if any(variable == channel for _, variable in _drawn_from(a))}
    return frozenset(drawing | {action.name for action in specification.actions if takes(action)})


class _Drawing:
    """Follows a trace and keeps the messages that are on their way."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._main = main_type(trace.specification)
        kinds = lane_types(trace.specification)
        self._elements = [(kind, element) for kind in kinds for element in domains.values(kind)]  # of every lane
        self._channels = channels(trace.specification)
        self._takers = {name: _takers(trace.specification, name) for name in self._channels}
        self._draws = {action.name: set(_drawn_from(action)) for action in trace.specification.actions}
        self.lanes = (*(_lane_name(*element) for element in self._elements), SYSTEM)
        self.events: list[Event] = []
        self.messages: list[Message] = []
        self._waiting: dict[tuple[Entry, Plain], list[Message]] = {}

    def step(self, number: int) -> None:
        """Draws one step: its event, the messages it received, those it sent."""
        before, step = self._trace.steps[number - 2], self._trace.steps[number - 1]
        old, new = self._contents(before.state), self._contents(step.state)
        lane = self._lane(before, step)
        others = tuple(dict.fromkeys(other for other in self._named(step) if not self._alike(lane, other)))
        self.events.append(Event(number, lane, show_label(self._trace.specification, step.label), others))
        text = self._trace.specification.performer is None  # which says all that a step does
        sends = any(new[entry][1] - old[entry][1] for entry in old)
        idle = text and not sends and not self._acts(before.state, step.state)
        for entry, (kind, items) in old.items():
            gone = items - new[entry][1]
            lost = idle or step.label[0] not in self._takers[entry[0]]
            for item in gone.elements():
                self._take(entry, item, number, lane, lost)
            for item in self._drawn(step, entry, kind):
                if item in items and item not in gone:
                    self._read(entry, item, number, lane)
        for entry, (kind, items) in new.items():
            for item in (items - old[entry][1]).elements():
                ends = self._ends(entry)
                message = Message(show(kind, item), number, lane if ends is None else ends[0])
                message.towards = None if ends is None else ends[1]
                self.messages.append(message)
                self._waiting.setdefault((entry, item), []).append(message)

    def _ends(self, entry: Entry) -> tuple[int, int] | None:
        """Sender and receiver, where the first two keys of a channel are elements: from whom, to whom."""
        variable = next(v for v in self._trace.specification.variables if v.name == entry[0])
        kinds = list(_keys_of(variable.type))
        if self._main is None or kinds[:2] != [self._main, self._main]:
            return None
        return self._number(self._main, entry[1][0]), self._number(self._main, entry[1][1])

    def _take(self, entry: Entry, item: Plain, number: int, lane: int, lost: bool) -> None:
        waiting = self._waiting.get((entry, item), [])
        if waiting:  # else it was there from the start
            message = waiting.pop(0)
            if message.fate == "in flight":
                self._arrive(message, entry, number, lane)
                message.fate = "lost" if lost else "received"

    def _read(self, entry: Entry, item: Plain, number: int, lane: int) -> None:
        """The message stays in the channel; reading it again is another arrow from the same sending."""
        for message in self._waiting.get((entry, item), [])[:1]:
            if message.fate == "received":
                message = Message(message.text, message.sent, message.sender, towards=message.towards)
                self.messages.append(message)
            self._arrive(message, entry, number, lane)
            message.fate = "received"

    def _arrive(self, message: Message, entry: Entry, number: int, lane: int) -> None:
        ends = self._ends(entry)
        message.received, message.receiver = number, lane if ends is None else ends[1]

    def _drawn(self, step: Step, entry: Entry, kind: Type) -> Iterator[Plain]:
        """The arguments that were drawn from a collection, as items of it."""
        action = action_of(self._trace.specification, step.label[0])
        if action is not None:
            drawn = self._draws.get(action.name, set())
            for param, argument in zip(action.params, step.label[1], strict=True):
                if (param.name, entry[0]) in drawn:
                    with suppress(Mismatch):
                        yield convert(param.type, kind, argument)

    def _contents(self, state: State) -> dict[Entry, tuple[Type, Counter[Plain]]]:
        """What every collection in a channel holds."""
        found: dict[Entry, tuple[Type, Counter[Plain]]] = {}
        for variable, value in zip(self._trace.specification.variables, state, strict=True):
            if variable.name in self._channels:
                for keys, kind, items in _collections(variable.type, value, ()):
                    found[variable.name, keys] = kind, items
        return found

    def _acts(self, before: State, after: State) -> bool:
        """Whether a step changes anything but channels."""
        variables = self._trace.specification.variables
        parts = zip(variables, before, after, strict=True)
        return any(old != new for variable, old, new in parts if variable.name not in self._channels)

    def _lane(self, before: Step, step: Step) -> int:
        """By the first argument that is an element; else by the one entry that changed; else by the drawn record."""
        system = len(self.lanes) - 1
        named = list(self._named(step))
        if named:
            return next((lane for lane in named if self._alike(lane, 0)), named[0])
        action = action_of(self._trace.specification, step.label[0])
        params = action.params if action else ()
        if any(isinstance(p.type, domains.Optional) and self._has_lanes(p.type.item) for p in params):
            return system  # it says that it is nobody's
        changed = set(self._changed_elements(before.state, step.state))
        if len(changed) == 1:
            return changed.pop()
        for param, argument in zip(params, step.label[1], strict=True):
            for element in self._addressees(param.type, argument):
                return self._number(self._main, element)
        return system

    def _named(self, step: Step) -> Iterator[int]:
        """The lanes of a step's arguments."""
        action = action_of(self._trace.specification, step.label[0])
        for param, argument in zip(action.params if action else (), step.label[1], strict=True):
            kind = param.type.item if isinstance(param.type, domains.Optional) else param.type
            if self._has_lanes(kind) and argument is not None:
                yield self._number(kind, argument)

    def _has_lanes(self, kind: Type) -> bool:
        return any(kind == own for own, _ in self._elements)

    def _alike(self, lane: int, other: int) -> bool:
        """Whether two lanes are of elements of one type."""
        return self._elements[lane][0] == self._elements[other][0]

    def _number(self, kind: Type | None, element: Plain) -> int:
        return next(lane for lane, own in enumerate(self._elements) if own == (kind, element))

    def _changed_elements(self, before: State, after: State) -> Iterator[int]:
        for variable, old, new in zip(self._trace.specification.variables, before, after, strict=True):
            kind = variable.type
            if isinstance(kind, domains.Map) and kind.key == self._main and variable.name not in self._channels:
                pairs = enumerate(zip(old, new, strict=True))
                yield from (position for position, (one, other) in pairs if one != other)

    def _addressees(self, kind: Type, plain: Plain) -> Iterator[Plain]:
        """The elements that a record names as its receiver: by field name, for want of anything better."""
        if isinstance(kind, domains.Union):
            kind, plain = kind.records[plain[0]], plain[1]
        if isinstance(kind, domains.Record):
            for (name, item), part in zip(kind.fields, plain, strict=True):
                if item == self._main and name in ("to", "dst", "dest", "destination", "receiver", "target"):
                    yield part


def _lane_name(kind: Main, element: Plain) -> str:
    return f"{kind.name.lower()}{element}" if isinstance(kind, domains.Range) else show(kind, element)


def _collections(
    kind: Type, value: Plain, keys: tuple[Plain, ...]
) -> Iterator[tuple[tuple[Plain, ...], Type, Counter[Plain]]]:
    match kind:
        case domains.Map(key, inner):
            for own, entry in zip(domains.values(key), value, strict=True):
                yield from _collections(inner, entry, (*keys, own))
        case domains.Set(item):
            yield keys, item, Counter(domains.members_of(kind, value))
        case domains.Seq(_, item, _) | domains.Bag(_, item, _):
            yield keys, item, Counter(value)
