"""Splitting actions at their `step("POINT")`: atomicity on demand, as a transformation of the tree.

The reader leaves `step`, `abandon` and `idle` as calls of the reserved helpers below. Where no split is on they
disappear, and the tree is that of the same text without them. Where some are, a split action ends at its first
enabled point by writing into the state how to go on: for every owner (a server) and thread, `unfinished` holds nothing
or a record with the parameters and the local names that the rest still needs. The rest becomes an action of its own,
named after its point. A thread does one thing at a time: an action of a thread starts only when nothing is unfinished
there. Engines see an ordinary tree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, cast

from . import ir
from .domains import Bool, Enumeration, Int, Map, Optional, Record, Type, Union

STEP, ABANDON, IDLE = "step", "abandon", "idle"
UNFINISHED = "unfinished"

Block = tuple[ir.Stmt, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a split action runs: on which thread of the owner that is its first parameter."""

    thread: int
    threads: Enumeration


class CannotSplit(Exception):
    """An action cannot be split as its text asks: where, and why."""

    def __init__(self, code: str, span: ir.Span, message: str) -> None:
        super().__init__(message)
        self.code, self.span, self.message = code, span, message


def points(specification: ir.Specification) -> tuple[str, ...]:
    """The names of all split points that the actions mention, as `POINT` or `POINT.part`, in order."""
    found = [name for action in specification.actions for name, _ in _steps(action.body)]
    return tuple(dict.fromkeys(found))


def split(specification: ir.Specification, homes: dict[str, Home], on: Sequence[str]) -> ir.Specification:
    """The specification with these splits on; `homes` tells the thread of every action that has one.

    `on` holds points (`NL`), single steps (`NL.log`), or `all`. Raises CannotSplit.
    """
    wanted = {name for name in points(specification) if "all" in on or name in on or name.split(".")[0] in on}
    if not wanted:
        return cast(ir.Specification, _without(specification))
    first = _Splitter(specification, homes, wanted, Optional(Record("Nothing", ())))
    first.actions()
    kind = _progress(first)
    second = _Splitter(specification, homes, wanted, kind)
    actions = second.actions()
    variable = _variable(specification, first.owner, first.threads, kind)
    whole = replace(
        specification, variables=(*specification.variables, variable), actions=actions, splits=tuple(sorted(wanted))
    )
    return cast(ir.Specification, second.resolved(whole))


def _progress(splitter: "_Splitter") -> Optional:
    records = tuple(sorted(splitter.records.values(), key=lambda record: record.name))
    return Optional(records[0] if len(records) == 1 else Union(records))


def _variable(specification: ir.Specification, owner: Type, threads: Type, kind: Optional) -> ir.Variable:
    span = specification.span
    inner = Map(threads, kind)
    nothing = ir.Literal(None, type=kind, span=span)
    by_thread = ir.Binder("key2", threads, ir.Every(threads, span=span), span=span)
    by_owner = ir.Binder("key1", owner, ir.Every(owner, span=span), span=span)
    entry = ir.Comprehension((by_thread,), nothing, type=inner, span=span)
    initial = ir.Comprehension((by_owner,), entry, type=Map(owner, inner), span=span)
    return ir.Variable(UNFINISHED, Map(owner, inner), initial, span=span)


class _Splitter:
    """One pass over the actions; the first pass finds the records, the second knows their union."""

    def __init__(
        self, specification: ir.Specification, homes: dict[str, Home], wanted: set[str], kind: Optional
    ) -> None:
        self.specification, self.homes, self.wanted, self.kind = specification, homes, wanted, kind
        self.records: dict[str, Record] = {}
        self.owner: Type = Bool()
        self.threads: Enumeration = Enumeration("", ())
        self._busy = {where.thread for name, home in homes.items() for where in self._left_at(name, home)}

    def _left_at(self, name: str, home: Home) -> Iterator[Home]:
        """The threads on which an action waits to go on."""
        action = next(action for action in self.specification.actions if action.name == name)
        for mark in _marks(action.body):
            if _point(mark.arguments) in self.wanted:
                home = _onto(home, mark.arguments)
                yield home

    def actions(self) -> tuple[ir.Action, ...]:
        """All actions, each followed by the parts it was split into."""
        found: list[ir.Action] = []
        for action in self.specification.actions:
            parts = self._split(action)
            found += parts
        names = [action.name for action in found]
        for action in found:
            if names.count(action.name) > 1:
                raise CannotSplit("E320", action.span, f"two actions would be called {action.name}")
        return tuple(found)

    def _split(self, action: ir.Action) -> list[ir.Action]:
        home = self.homes.get(action.name)
        if home is None:
            for point, span in _steps(action.body):
                if point in self.wanted:
                    raise CannotSplit("E317", span, f"{action.name} is split, and does not say whose thread runs it")
            return [action]
        owner = action.params[0]
        self.owner, self.threads = owner.type, home.threads
        found: list[ir.Action] = []
        body = self._segment(action, home, action.body, (), found, frozenset(param.name for param in action.params))
        if home.thread in self._busy:
            body = (ir.Require(self._is_idle(owner, home, action.span), span=action.span), *body)
        return [replace(action, body=body), *found]

    def _is_idle(self, owner: ir.Param, home: Home, span: ir.Span) -> ir.Expr:
        here = self._read(ir.Local(owner.name, type=owner.type, span=span), self._thread(home, span), span)
        return ir.Compare("==", here, ir.Literal(None, type=self.kind, span=span), type=Bool(), span=span)

    def _thread(self, home: Home, span: ir.Span) -> ir.Literal:
        return ir.Literal(home.thread, type=home.threads, span=span)

    def _read(self, owner: ir.Expr, thread: ir.Expr, span: ir.Span) -> ir.Expr:
        inner = Map(self.threads, self.kind)
        read = ir.Read(UNFINISHED, type=Map(self.owner, inner), span=span)
        return ir.At(ir.At(read, owner, type=inner, span=span), thread, type=self.kind, span=span)

    def _segment(
        self, action: ir.Action, home: Home, body: Block, after: Block, found: list[ir.Action], known: frozenset[str]
    ) -> Block:
        """`body` and then `after`, up to the first enabled step; the rest becomes an action in `found`."""
        done: list[ir.Stmt] = []
        for number, statement in enumerate(body):
            rest = (*body[number + 1 :], *after)
            match statement:
                case ir.Do(function, arguments) if function == STEP:
                    point = _point(arguments)
                    if point in self.wanted:
                        onto, span = _onto(home, arguments), statement.span
                        if onto != home:
                            done.append(ir.Require(self._is_idle(action.params[0], onto, span), span=span))
                        return (*done, *self._suspended(action, onto, point, rest, found, known, span))
                case ir.If(test, then, otherwise) if self._within(statement):
                    first = self._segment(action, home, then, rest, found, known)
                    second = self._segment(action, home, otherwise, rest, found, known)
                    return (*done, ir.If(test, first, second, span=statement.span))
                case ir.For() if self._within(statement):
                    raise CannotSplit("E318", statement.span, "a step stands inside a loop")
                case ir.Let(name) | ir.Expect(name):
                    known |= {name}
                    done.append(statement)
                case ir.Return():
                    return (*done, statement)
                case _:
                    done.append(statement)
        return (*done, *self._segment(action, home, after, (), found, known)) if after else tuple(done)

    def _within(self, statement: ir.Stmt) -> bool:
        return any(point in self.wanted for point, _ in _steps((statement,)))

    def _suspended(
        self,
        action: ir.Action,
        home: Home,
        point: str,
        rest: Block,
        found: list[ir.Action],
        known: frozenset[str],
        span: ir.Span,
    ) -> Block:
        """Writes down how to go on, and makes an action of the rest."""
        owner = action.params[0]
        kinds = _types(action)
        kept = sorted(name for name in _live(rest, frozenset()) & known if name != owner.name)
        for name in kept:
            if isinstance(kinds[name], Int):
                raise CannotSplit("E319", span, f"{name!r} is needed after the step, and is a number without bounds")
        name = f"{action.name}_{point.split('.')[-1]}"
        if name not in self.records:
            self.records[name] = Record(_camel(name), tuple((local, kinds[local]) for local in kept))
            index = len(found)
            found.append(action)  # keeps the place of the continuation before those that it leads to
            found[index] = self._continuation(action, home, name, kept, rest, found, span)
        values = tuple(ir.Local(local, type=kinds[local], span=span) for local in kept)
        made = ir.Make(values, type=self.records[name], span=span)
        target = self._target(owner, home, span)
        return (ir.Assign(target, _injected(made, self.kind), span=span), ir.Return(span=span))

    def _target(self, owner: ir.Param, home: Home, span: ir.Span) -> ir.Target:
        keys = (ir.Local(owner.name, type=owner.type, span=span), self._thread(home, span))
        return ir.Target(UNFINISHED, keys, self.kind, span=span)

    def _continuation(
        self,
        action: ir.Action,
        home: Home,
        name: str,
        kept: list[str],
        rest: Block,
        found: list[ir.Action],
        span: ir.Span,
    ) -> ir.Action:
        owner, record = action.params[0], self.records[name]
        here = self._read(ir.Local(owner.name, type=owner.type, span=span), self._thread(home, span), span)
        progress = ir.Local("progress", type=record, span=span)
        taken: list[ir.Stmt] = [ir.Expect("progress", record, here, span=span)]
        for field, kind in record.fields:
            taken.append(ir.Let(field, kind, ir.Field(progress, field, type=kind, span=span), span=span))
        nothing = ir.Literal(None, type=self.kind, span=span)
        taken.append(ir.Assign(self._target(owner, home, span), nothing, span=span))
        known = frozenset({owner.name, *kept})
        body = self._segment(action, home, rest, (), found, known)
        doc = f"Goes on with {action.name} after its step."
        return ir.Action(name, (replace(owner, drawn=None),), (*taken, *body), doc, continues=action.name, span=span)

    def resolved(self, node: object) -> object:
        """The tree with `abandon` and `idle` spelled out."""
        match node:
            case ir.Call(function, (owner, thread)) if function == IDLE:
                span = node.span
                here = self._read(cast(ir.Expr, self.resolved(owner)), thread, span)
                return ir.Compare("==", here, ir.Literal(None, type=self.kind, span=span), type=Bool(), span=span)
            case tuple():
                return tuple(part for item in node for part in self._resolved_item(item))
            case _:
                return _mapped(node, self.resolved)

    def _resolved_item(self, item: object) -> Iterator[object]:
        match item:
            case ir.Do(function) if function == STEP:
                return
            case ir.Do(function, (owner, *threads)) if function == ABANDON:
                chosen = threads or [
                    ir.Literal(n, type=self.threads, span=item.span) for n in range(len(self.threads.members))
                ]
                for thread in chosen:
                    nothing = ir.Literal(None, type=self.kind, span=item.span)
                    target = ir.Target(UNFINISHED, (owner, thread), self.kind, span=item.span)
                    yield ir.Assign(target, nothing, span=item.span)
            case _:
                yield self.resolved(item)


def _injected(made: ir.Expr, kind: Optional) -> ir.Expr:
    """A progress record as an optional member of the union of all."""
    if isinstance(kind.item, Union) and made.type in kind.item.records:
        made = ir.Convert(made, type=kind.item, span=made.span)
    return ir.Convert(made, type=kind, span=made.span)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _onto(home: Home, arguments: tuple[ir.Expr, ...]) -> Home:
    """Where an action goes on after a step: on its own thread, or on the one that the step names."""
    match arguments:
        case (_, ir.Literal(int(thread))):
            return replace(home, thread=thread)
        case _:
            return home


def _point(arguments: tuple[ir.Expr, ...]) -> str:
    name = arguments[0]
    assert isinstance(name, ir.Literal) and name.name is not None
    return name.name


def _steps(body: Block) -> Iterator[tuple[str, ir.Span]]:
    return ((_point(mark.arguments), mark.span) for mark in _marks(body))


def _marks(body: Block) -> Iterator[ir.Do]:
    """The steps of a block, in the order of the text."""
    for statement in body:
        match statement:
            case ir.Do(function) if function == STEP:
                yield statement
            case ir.If(_, then, otherwise):
                yield from _marks(then)
                yield from _marks(otherwise)
            case ir.For(_, inner):
                yield from _marks(inner)
            case _:
                pass


def _types(action: ir.Action) -> dict[str, Type]:
    """The type of every parameter and local name of an action."""
    found = {param.name: param.type for param in action.params}
    stack: list[ir.Stmt] = list(action.body)
    while stack:
        match stack.pop():
            case ir.Let(name, kind) | ir.Expect(name, kind):
                found[name] = kind
            case ir.If(_, then, otherwise):
                stack += [*then, *otherwise]
            case ir.For(_, inner):
                stack += inner
            case _:
                pass
    return found


def _live(body: Block, after: frozenset[str]) -> frozenset[str]:
    """The local names whose values a block, and then what follows, may still read."""
    live = after
    for statement in reversed(body):
        match statement:
            case ir.Let(name, _, value) | ir.Expect(name, _, value):
                live = (live - {name}) | _uses(value)
            case ir.If(test, then, otherwise):
                live = _uses(test) | _live(then, live) | _live(otherwise, live)
            case ir.For(binder, inner):
                live = _uses(binder.domain) | ((live | _live(inner, live)) - {binder.name})
            case ir.Return():
                live = frozenset()
            case _:
                live |= _uses(statement)
    return live


def _uses(node: object) -> frozenset[str]:
    """The local names that occur in a piece of the tree; bound names of comprehensions never equal outer ones."""
    if isinstance(node, ir.Local):
        return frozenset([node.name])
    if isinstance(node, tuple):
        return frozenset[str]().union(*map(_uses, node))
    if is_dataclass(node) and not isinstance(node, type):
        return frozenset[str]().union(*(_uses(getattr(node, part.name)) for part in fields(node)))
    return frozenset()


def _without(node: object) -> object:
    """The tree as if the text did not mention steps: nothing is ever unfinished."""
    match node:
        case ir.Call(function) if function == IDLE:
            return ir.Literal(True, type=Bool(), span=node.span)
        case tuple():
            kept = (item for item in node if not (isinstance(item, ir.Do) and item.function in (STEP, ABANDON)))
            return tuple(_without(item) for item in kept)
        case _:
            return _mapped(node, _without)


def _mapped(node: Any, change: Any) -> Any:
    """The same node with every part changed; spans and types are left alone."""
    kind: Any = type(node)
    names = _changeable(kind)
    if not names:
        return node
    parts = {name: getattr(node, name) for name in names}
    changed = {name: change(value) for name, value in parts.items()}
    if all(changed[name] is value or changed[name] == value for name, value in parts.items()):
        return node
    return replace(node, **changed)


@cache
def _changeable(kind: Any) -> tuple[str, ...]:
    """The parts of a kind of node that may change."""
    if not is_dataclass(kind) or kind is ir.Span or not kind.__module__.endswith(".ir"):
        return ()
    return tuple(part.name for part in fields(kind) if part.name != "span")
