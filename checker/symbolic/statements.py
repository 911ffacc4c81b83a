"""Statements as symbolic steps: what the state becomes, whether the step happens, and which checks fail on the way.

A `Run` goes through the statements once. `alive` is the condition under which control is here: branches narrow it,
`return` ends it, and an unmet `require` or `expect` ends it and makes the step not happen. Every assignment takes
effect where `alive` is true. Knows expressions, not transitions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from ...spec.lang import domains, ir
from ...spec.lang.domains import Bag, Map, Optional, Record, Seq, Set, Type, Union
from .expressions import Failure, Place, converted, entry, evaluate, extended, inserted, narrowed, ranged, trimmed
from .terms import Truth, arithmetic, compare, conj, disj, neg
from .values import Value, blank, equal, known, select

_Change = Callable[[Value, Truth], Value]  # of the old value, where this condition says that it is the one


@dataclass(slots=True)
class Run:
    """One pass through the statements of an action or a helper."""

    functions: Mapping[str, ir.Function]
    state: dict[str, Value]
    before: dict[str, Value]
    names: dict[str, Value]
    alive: Truth = True
    abandoned: Truth = False
    returns: Type | None = None
    result: Value = None
    failures: list[Failure] = field(default_factory=list)

    def place(self) -> Place:
        """Where the next expression is evaluated."""
        return Place(self.functions, call, self.state, self.before, self.names, self.alive, self.failures)

    def block(self, body: tuple[ir.Stmt, ...]) -> None:
        """Goes through statements in order."""
        for statement in body:
            if self.alive is False:
                return
            self._statement(statement)

    def _statement(self, statement: ir.Stmt) -> None:
        match statement:
            case ir.Require(test):
                self._require(evaluate(self.place(), test))
            case ir.Expect():
                self._expect(statement)
            case ir.Assign(target, value):
                self._assign(target, evaluate(self.place(), value))
            case ir.Update():
                self._update(statement)
            case ir.Let(name, kind, value):
                self._let(name, kind, evaluate(self.place(), value))
            case ir.If(test, then, otherwise):
                self._if(evaluate(self.place(), test), then, otherwise)
            case ir.For(binder, body):
                self._for(binder, body)
            case ir.Do(function, arguments):
                self._do(self.functions[function], [evaluate(self.place(), a) for a in arguments])
            case ir.Return(value):
                if value is not None and self.returns is not None:
                    self.result = select(self.returns, self.alive, evaluate(self.place(), value), self.result)
                self.alive = False
            case _:
                assert_never(statement)

    def _require(self, test: Truth) -> None:
        self.abandoned = disj(self.abandoned, conj(self.alive, neg(test)))
        self.alive = conj(self.alive, test)

    def _expect(self, statement: ir.Expect) -> None:
        value, kind = evaluate(self.place(), statement.value), statement.value.type
        if isinstance(kind, Optional):
            self._require(value[0])
            kind, value = kind.item, value[1]
        if isinstance(kind, Union) and isinstance(statement.type, Record):
            self._require(compare("==", value[0], kind.records.index(statement.type)))
        same = converted(self.place(), statement.value, kind, statement.type, value)
        self._let(statement.name, statement.type, same)

    def _let(self, name: str, kind: Type, value: Value) -> None:
        old = self.names.get(name)
        self.names = {**self.names, name: value if old is None else select(kind, self.alive, value, old)}

    def _if(self, test: Truth, then: tuple[ir.Stmt, ...], otherwise: tuple[ir.Stmt, ...]) -> None:
        whole = self.alive
        self.alive = conj(whole, test)
        self.block(then)
        after_then = self.alive
        self.alive = conj(whole, neg(test))
        self.block(otherwise)
        self.alive = disj(after_then, self.alive)

    def _for(self, binder: ir.Binder, body: tuple[ir.Stmt, ...]) -> None:
        """The items are those of the beginning; a step that is abandoned inside stays so."""
        for here, value in ranged(self.place(), binder.domain, binder.type):
            outside = self.alive
            self.alive = conj(outside, here)
            self.names = {**self.names, binder.name: value}
            self.block(body)
            self.alive = disj(conj(outside, neg(here)), self.alive)

    def _do(self, function: ir.Function, arguments: list[Value]) -> None:
        names, alive = self.names, self.alive
        self.names = {param.name: value for param, value in zip(function.params, arguments, strict=True)}
        self.block(function.body)
        # A return inside ends the helper only; what was abandoned there stays abandoned.
        self.names, self.alive = names, conj(alive, neg(self.abandoned))

    def _assign(self, target: ir.Target, value: Value) -> None:
        self._change(target, lambda old, _: select(target.type, self.alive, value, old))

    def _update(self, statement: ir.Update) -> None:
        given = [evaluate(self.place(), argument) for argument in statement.arguments]
        target = statement.target

        def change(old: Value, here: Truth) -> Value:
            # What fails at an entry fails only if that is the entry that the keys name.
            return select(target.type, self.alive, _updated(self.place().on(here), statement, old, given), old)

        self._change(target, change)

    def _change(self, target: ir.Target, change: _Change) -> None:
        keys = [evaluate(self.place(), key) for key in target.keys]
        variable = self.state[target.variable]
        kind = self._kinds(target)
        self.state = {**self.state, target.variable: self._changed(target, kind, variable, keys, True, change)}

    def _kinds(self, target: ir.Target) -> Type:
        return self.variable_types[target.variable]

    def _changed(
        self, target: ir.Target, kind: Type, whole: Value, keys: list[Value], here: Truth, change: _Change
    ) -> Value:
        """A value with one entry changed: the one that the keys name, of whom those that led here do."""
        if not keys:
            return change(whole, here)
        key, deeper = keys[0], keys[1:]
        if isinstance(kind, Map):
            tests = [equal(kind.key, key, known(kind.key, plain)) for plain in domains.values(kind.key)]
            inner, offset = kind.value, 0
        else:
            assert isinstance(kind, Seq)
            key_type = target.keys[len(target.keys) - len(keys)].type
            entry(self.place().on(here), target, kind, whole, key, key_type)  # notes a position outside
            tests = [compare("==", key, n) for n in range(kind.capacity)]
            inner, offset = kind.item, 1
        parts = list(whole)
        for n, test in enumerate(tests):
            if test is not False:
                old = whole[offset + n]
                new = self._changed(target, inner, old, deeper, conj(here, test), change)
                parts[offset + n] = select(inner, test, new, old)
        return tuple(parts)

    variable_types: Mapping[str, Type] = field(default_factory=dict)


def call(place: Place, function: ir.Function, arguments: list[Value]) -> Value:
    """The value of a pure helper."""
    assert function.returns is not None
    names = {param.name: value for param, value in zip(function.params, arguments, strict=True)}
    run = Run(place.functions, place.state, place.before, names, place.path, returns=function.returns)
    run.result, run.failures = blank(function.returns), place.failures
    run.block(function.body)
    return run.result


def truth(place: Place, body: tuple[ir.Stmt, ...]) -> Truth:
    """The truth value that the body of a property returns."""
    run = Run(place.functions, place.state, place.before, place.names, place.path, returns=domains.Bool())
    run.result, run.failures = False, place.failures
    run.block(body)
    return run.result


def _updated(place: Place, statement: ir.Update, old: Value, given: list[Value]) -> Value:
    """A collection after `add`, `append`, `remove_first`, …"""
    kind = statement.target.type
    match kind, statement.op:
        case ((Set() | Seq() | Bag()), "clear"):
            return blank(kind) if isinstance(kind, Set) else (0, *[blank(kind.item)] * kind.capacity)
        case ((Set() | Bag()), "add"):
            return _fitted(kind, inserted(place, statement, kind, old, given[0]))
        case Seq(), "append":
            return _fitted(kind, inserted(place, statement, kind, old, given[0]))
        case Set(item), "discard":
            members = domains.values(item)
            return tuple(
                conj(here, neg(equal(item, given[0], known(item, m)))) for here, m in zip(old, members, strict=True)
            )
        case Set(), "update":
            return tuple(disj(a, b) for a, b in zip(old, given[0], strict=True))
        case Seq(), "extend":
            return extended(place, statement, kind, old, given[0])
        case Seq(), "remove_first":
            place.check(compare("<", 0, old[0]), statement, "the sequence is empty")
            return trimmed(kind, arithmetic("-", old[0], 1), [*old[2:], blank(kind.item)])
        case Bag(), "remove":
            return _removed(place, statement, kind, old, given[0])
        case _:
            raise AssertionError(f"{statement.op} of a {domains.describe(kind)}")


def _fitted(kind: Type, value: Value) -> Value:
    return value if isinstance(kind, Set) else (narrowed(value[0], 0, kind.capacity), *value[1:])  # type: ignore[union-attr]


def _removed(place: Place, statement: ir.Update, kind: Bag, old: Value, item: Value) -> Value:
    """A bag without one occurrence: the items behind it move up."""
    gone: Truth = False
    items: list[Value] = []
    following = [*old[2:], blank(kind.item)]
    for n, value in enumerate(old[1:]):
        here = conj(compare("<", n, old[0]), equal(kind.item, value, item))
        gone = disj(gone, here)
        items.append(select(kind.item, gone, following[n], value))
    place.check(gone, statement, "what is removed is not there")
    return trimmed(kind, arithmetic("-", old[0], 1), items)
