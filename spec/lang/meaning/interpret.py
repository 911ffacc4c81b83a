"""The meaning of a specification by walking its tree: initial states, steps, properties, and why.

Beside the plain answers it explains: `explain` gives a property's tree with the value of every part, `attempt` says
which `require` or `expect` stops an action. It is the second oracle next to the generated Python, and is as slow as
it is simple. It knows nothing of searches, traces or printing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from .. import domains, ir
from ..domains import Plain, Type
from ..errors import EvaluationError
from .convert import convert, fits, rank
from .evaluate import Evaluator, Frame, Part, State, bounded, collection, slot

Label = tuple[str, tuple[Plain, ...]]
_Change = Callable[[Plain], Plain]


@dataclass(frozen=True, slots=True)
class Enabled:
    """The action can happen, and leads to this state."""

    state: State


@dataclass(frozen=True, slots=True)
class Disabled:
    """The action cannot happen: `guard` is the first that fails; `part` is its evaluated tree.

    A `Param` as guard means that the argument is not among the items that the parameter is drawn from.
    """

    guard: ir.Require | ir.Expect | ir.Param
    part: Part


@dataclass(frozen=True, slots=True)
class Broken:
    """A run-time check of the specification fails in the middle of the action."""

    error: EvaluationError


class _Abandoned(Exception):
    def __init__(self, guard: ir.Require | ir.Expect) -> None:
        self.guard = guard


@dataclass(frozen=True, slots=True)
class _Returned:
    value: Plain


class Interpreter:
    """The meaning of one specification with its constants bound."""

    def __init__(self, specification: ir.Specification) -> None:
        self.specification = specification
        self._evaluator = Evaluator(specification, self._function)
        self._actions = {action.name: action for action in (*specification.initial, *specification.actions)}
        self._properties = {one.name: one for one in specification.properties}

    # ------------------------------------------------------------------------------------ answers

    def initial(self) -> list[tuple[Label, State]]:
        """The initial states, each with the label of the initial action that made it."""
        if self.specification.performer is not None:
            return self.specification.performer.initial()
        names = [action.name for action in self.specification.initial] or ["init"]
        return [found for name in names for found in self.initial_by(name)]

    def initial_by(self, name: str) -> Iterator[tuple[Label, State]]:
        """The initial states that one initial action makes; `init` is the one where there are none."""
        frame = Frame([])
        for variable in self.specification.variables:
            frame.state.append(self._evaluator.value(variable.initial, frame))
        start = tuple(frame.state)
        if not self.specification.initial:
            return iter([((name, ()), start)])
        return self._steps(self._actions[name], start)

    def successors(self, state: State) -> list[tuple[Label, State]]:
        """Every step that can happen in a state: actions as declared, instances in order of their arguments."""
        return [found for action in self.specification.actions for found in self._steps(action, state)]

    def successors_by(self, name: str, state: State) -> Iterator[tuple[Label, State]]:
        """The steps of one action that can happen in a state, one after the other."""
        return self._steps(self._actions[name], state)

    def taken(self, name: str, arguments: tuple[Plain, ...], state: State) -> State | None:
        """The state after an action instance; None where it cannot happen. Raises EvaluationError."""
        if self.specification.performer is not None:
            return self._performed(name, arguments, state)
        action = self._actions[name]
        if any(param.drawn is not None for param in action.params) and arguments not in self.instances(action, state):
            return None
        frame = self._frame(action, arguments, state)
        return tuple(frame.state) if self._runs(action, frame) else None

    def holds(self, name: str, state: State, before: State | None = None) -> bool:
        """Whether a property is true in a state; a step invariant also needs the state before."""
        frame = Frame(list(state), None if before is None else list(before))
        return bool(self._result(self._properties[name].body, frame))

    def value(self, expression: ir.Expr, state: State, before: State, names: Mapping[str, Plain]) -> Plain:
        """What an expression is worth in a state; `names` are its local names."""
        return self._evaluator.value(expression, Frame(list(state), list(before), dict(names)))

    def _steps(self, action: ir.Action, state: State) -> Iterator[tuple[Label, State]]:
        if self.specification.performer is not None and action in self.specification.actions:
            yield from self.specification.performer.steps(action.name, state)
            return
        for arguments in self.instances(action, state):
            frame = self._frame(action, arguments, state)
            if self._runs(action, frame):
                yield (action.name, arguments), tuple(frame.state)

    def instances(self, action: ir.Action, state: State) -> Iterator[tuple[Plain, ...]]:
        """All arguments that an action may be tried with in a state, in order."""
        yield from self._arguments(action.params, Frame(list(state)), ())

    def _arguments(
        self, params: tuple[ir.Param, ...], frame: Frame, given: tuple[Plain, ...]
    ) -> Iterator[tuple[Plain, ...]]:
        if not params:
            yield given
            return
        for item in self._choices(params[0], frame):
            frame.locals[params[0].name] = item
            yield from self._arguments(params[1:], frame, (*given, item))

    def _choices(self, param: ir.Param, frame: Frame) -> list[Plain]:
        if param.drawn is None:
            return list(domains.values(param.type))
        return sorted(set(self._evaluator.items(param.drawn, frame)), key=lambda plain: rank(param.type, plain))

    # ------------------------------------------------------------------------------- explanations

    def explain(self, name: str, state: State, before: State | None = None) -> Part:
        """A property's value in a state, with the value of every part it was computed from."""
        one = self._properties[name]
        frame = Frame(list(state), None if before is None else list(before))
        value, parts = self._evaluator.recorded(lambda: self._result(one.body, frame))
        return Part(one, bool(value), parts)

    def attempt(self, name: str, arguments: tuple[Plain, ...], state: State) -> Enabled | Disabled | Broken:
        """What happens when an action is tried in a state."""
        action, performed = self._actions[name], self._performed(name, arguments, state)
        if performed is not None:
            return Enabled(performed)
        try:
            undrawn = self._undrawn(action, arguments, state)
            if undrawn is not None:
                return undrawn
            frame = self._frame(action, arguments, state)
            guard, parts = self._evaluator.recorded(lambda: self._guard(action, frame))
        except EvaluationError as error:
            return Broken(error)
        if guard is None:
            if self.specification.performer is not None:
                return Broken(EvaluationError(action.span, "its text lets it happen, and it is not performed"))
            return Enabled(tuple(frame.state))
        last = parts[-1]
        assert isinstance(last, Part), "a guard ends with the value that failed"
        return Disabled(guard, last)

    def _runs(self, action: ir.Action, frame: Frame) -> bool:
        """Runs an action; whether all its guards hold."""
        return self._guard(action, frame) is None

    def _performed(self, name: str, arguments: tuple[Plain, ...], state: State) -> State | None:
        performer = self.specification.performer
        return None if performer is None else dict(performer.steps(name, state)).get((name, arguments))

    def _guard(self, action: ir.Action, frame: Frame) -> ir.Require | ir.Expect | None:
        try:
            self._run(action.body, frame)
        except _Abandoned as abandoned:
            return abandoned.guard
        return None

    def _undrawn(self, action: ir.Action, arguments: tuple[Plain, ...], state: State) -> Disabled | None:
        frame = Frame(list(state))
        for param, argument in zip(action.params, arguments, strict=True):
            if param.drawn is not None:
                drawn = param.drawn
                items, parts = self._evaluator.recorded(lambda: self._evaluator.items(drawn, frame))  # noqa: B023
                if argument not in items:
                    return Disabled(param, Part(param, False, parts))
            frame.locals[param.name] = argument
        return None

    def _frame(self, action: ir.Action, arguments: tuple[Plain, ...], state: State) -> Frame:
        names = (param.name for param in action.params)
        return Frame(list(state), locals=dict(zip(names, arguments, strict=True)))

    # --------------------------------------------------------------------------------- statements

    def _function(self, function: ir.Function, frame: Frame) -> Plain:
        if function.returns is None:
            self._run(function.body, frame)
            return None
        return self._result(function.body, frame)

    def _result(self, body: tuple[ir.Stmt, ...], frame: Frame) -> Plain:
        returned = self._run(body, frame)
        assert returned is not None, "the reader makes sure that every path returns"
        return returned.value

    def _run(self, body: tuple[ir.Stmt, ...], frame: Frame) -> _Returned | None:
        """Runs statements until the end, a `Return`, or an abandoned step."""
        for statement in body:
            returned = self._execute(statement, frame)
            if returned is not None:
                return returned
        return None

    def _execute(self, statement: ir.Stmt, frame: Frame) -> _Returned | None:
        value = self._evaluator.value
        match statement:
            case ir.Require(test):
                if not value(test, frame):
                    raise _Abandoned(statement)
            case ir.Expect(name, kind, item):
                found = value(item, frame)
                if not fits(item.type, kind, found):
                    raise _Abandoned(statement)
                frame.locals[name] = convert(item.type, kind, found)
            case ir.Assign(target, item):
                new = value(item, frame)
                self._store(target, lambda _: new, frame)
            case ir.Update():
                self._update(statement, frame)
            case ir.Let(name, _, item):
                frame.locals[name] = value(item, frame, name)
            case ir.If(test, then, otherwise):
                return self._run(then if value(test, frame) else otherwise, frame)
            case ir.For(binder, body):
                for item in self._evaluator.items(binder.domain, frame):
                    frame.locals[binder.name] = item
                    self._run(body, frame)
            case ir.Do(name, arguments):
                given = [value(argument, frame) for argument in arguments]
                self._effect(self._evaluator.functions[name], given, frame)
            case ir.Return(item):
                return _Returned(None if item is None else value(item, frame))
            case _:
                assert_never(statement)
        return None

    def _effect(self, function: ir.Function, given: list[Plain], frame: Frame) -> None:
        """A helper method that changes the state; what it evaluates is recorded as if it stood in the action."""
        names = dict(zip((param.name for param in function.params), given, strict=True))
        self._run(function.body, replace(frame, locals=names))

    def _update(self, update: ir.Update, frame: Frame) -> None:
        keys = self._keys(update.target, frame)
        given = [self._evaluator.value(argument, frame) for argument in update.arguments]
        self._put(update.target, keys, lambda old: updated(update, old, given), frame)

    def _store(self, target: ir.Target, change: _Change, frame: Frame) -> None:
        self._put(target, self._keys(target, frame), change, frame)

    def _keys(self, target: ir.Target, frame: Frame) -> list[tuple[Plain, ir.Span]]:
        return [(self._evaluator.value(key, frame), key.span) for key in target.keys]

    def _put(self, target: ir.Target, keys: list[tuple[Plain, ir.Span]], change: _Change, frame: Frame) -> None:
        position = self._evaluator.positions[target.variable]
        kind = self.specification.variables[position].type
        frame.state[position] = _changed(kind, frame.state[position], keys, change)


def _changed(kind: Type, whole: Plain, keys: list[tuple[Plain, ir.Span]], change: _Change) -> Plain:
    """The whole with the entry at `keys` changed."""
    if not keys:
        return change(whole)
    assert isinstance(kind, domains.Map | domains.Seq)
    (key, span), *rest = keys
    inner = kind.value if isinstance(kind, domains.Map) else kind.item
    position = slot(kind, whole, key, span)
    return (*whole[:position], _changed(inner, whole[position], rest, change), *whole[position + 1 :])


def updated(update: ir.Update, old: Plain, given: list[Plain]) -> Plain:
    """A collection after an update."""
    kind, span = update.target.type, update.span
    match kind:
        case domains.Set(item):
            return _updated_set(update.op, item, old, given)
        case domains.Seq():
            return _updated_seq(update.op, kind, old, given, span)
        case domains.Bag(_, item, _):
            if update.op == "clear":
                return ()
            if update.op == "add":
                return collection(kind, [*old, given[0]], span)
            assert update.op == "remove"
            if given[0] not in old:
                raise EvaluationError(span, f"{domains.show(item, given[0])} is not in {domains.show(kind, old)}")
            position = old.index(given[0])
            return old[:position] + old[position + 1 :]
    raise AssertionError(f"{span}: {domains.describe(kind)} is not updated in place")


def _updated_set(op: str, item: Type, old: int, given: list[Plain]) -> int:
    match op:
        case "add":
            return old | 1 << domains.position(item, given[0])
        case "discard":
            return old & ~(1 << domains.position(item, given[0]))
        case "update":
            return old | int(given[0])
    assert op == "clear"
    return 0


def _updated_seq(op: str, kind: domains.Seq, old: Plain, given: list[Plain], span: ir.Span) -> Plain:
    match op:
        case "append":
            return bounded(kind, (*old, given[0]), span)
        case "extend":
            return bounded(kind, old + given[0], span)
        case "remove_first":
            if not old:
                raise EvaluationError(span, f"{kind.name} is empty: there is no first item to remove")
            return old[1:]
    assert op == "clear"
    return ()
