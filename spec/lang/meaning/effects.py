"""What is read and written: by every action, for every instance of it, and by helpers and properties.

An access names a variable and, where the first key is a parameter or a literal, the entry of it. Independence,
"who wrote this value" and slicing build on these sets, so they err on the side of more: an access without a key is
one of the whole variable. Every access inside a helper counts for whoever calls it. This module evaluates nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from .. import domains, ir
from ..domains import Plain


@dataclass(frozen=True, slots=True)
class Parameter:
    """The entry at the value of this parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """The entry at this value."""

    value: Plain


Key = Parameter | Known | None


@dataclass(frozen=True, slots=True)
class Access:
    """A variable, or one entry of it; `before` in a step invariant means the state before the step."""

    variable: str
    key: Key = None
    before: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """What a piece of a specification may read and write, and whether it can abandon the step."""

    reads: frozenset[Access]
    writes: frozenset[Access]
    abandons: bool

    def at(self, arguments: Mapping[str, Plain]) -> "Effects":
        """The same for one instance: every parameter is replaced by its value."""
        return Effects(_placed(self.reads, arguments), _placed(self.writes, arguments), self.abandons)

    def read_names(self, before: bool = False) -> frozenset[str]:
        """The variables that are read in this state, or in the one before."""
        return frozenset(access.variable for access in self.reads if access.before is before)

    def written_names(self) -> frozenset[str]:
        """The variables that are written."""
        return frozenset(access.variable for access in self.writes)


def effects_of(specification: ir.Specification, piece: ir.Action | ir.Property | ir.Function) -> Effects:
    """The reads and writes of an action, property or helper, through everything it calls."""
    walk = _Walk(specification)
    params = () if isinstance(piece, ir.Property) else piece.params
    names: dict[str, Key] = {param.name: Parameter(param.name) for param in params}
    for param in params:
        if isinstance(param, ir.Param) and param.drawn is not None:
            walk.expression(param.drawn, names)
    walk.body(piece.body, names)
    return Effects(frozenset(walk.reads), frozenset(walk.writes), walk.abandons)


def instance_effects(specification: ir.Specification, action: ir.Action, arguments: tuple[Plain, ...]) -> Effects:
    """The reads and writes of one action instance."""
    names = (param.name for param in action.params)
    return effects_of(specification, action).at(dict(zip(names, arguments, strict=True)))


def independent(one: Effects, other: Effects) -> bool:
    """Whether neither writes what the other reads or writes: then the two steps commute."""
    return not (
        _overlap(one.writes, other.writes) or _overlap(one.writes, other.reads) or _overlap(other.writes, one.reads)
    )


def parts(node: object) -> Iterator[object]:
    """The nodes directly below a node of the tree, in order."""
    kind: Any = type(node)
    for name in _names(kind):
        yield from _nodes(getattr(node, name))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The parts of a kind of node that may be, or hold, nodes."""
    return tuple(own.name for own in fields(kind) if own.name not in ("span", "type", "record"))


def _nodes(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif hasattr(value, "span"):
        yield value


def _placed(accesses: frozenset[Access], arguments: Mapping[str, Plain]) -> frozenset[Access]:
    return frozenset(
        Access(a.variable, Known(arguments[a.key.name]), a.before)
        if isinstance(a.key, Parameter) and a.key.name in arguments
        else a
        for a in accesses
    )


def _overlap(some: frozenset[Access], others: frozenset[Access]) -> bool:
    return any(
        a.variable == b.variable and not (isinstance(a.key, Known) and isinstance(b.key, Known) and a.key != b.key)
        for a in some
        for b in others
    )


class _Walk:
    """Collects accesses; `names` maps local names to the parameter or value they are known to be."""

    def __init__(self, specification: ir.Specification) -> None:
        self._functions = {function.name: function for function in specification.functions}
        self._types = {variable.name: variable.type for variable in specification.variables}
        self.reads: set[Access] = set()
        self.writes: set[Access] = set()
        self.abandons = False
        self._seen: set[tuple[object, ...]] = set()
        self._before = False

    def body(self, body: tuple[ir.Stmt, ...], names: dict[str, Key]) -> None:
        # A name that is assigned anywhere in the body is not the parameter of that name any more.
        names = {name: key for name, key in names.items() if name not in _assigned(body)}
        for statement in body:
            self._statement(statement, names)

    def _statement(self, statement: ir.Stmt, names: dict[str, Key]) -> None:
        match statement:
            case ir.Require() | ir.Expect():
                self.abandons = True
            case ir.Assign(target, _):
                self._write(target, names, reads=False)
            case ir.Update(target, _, _):
                self._write(target, names, reads=True)
            case ir.Do(function, arguments):
                self._call(function, arguments, names)
            case _:
                pass
        for part in parts(statement):
            self._any(part, names)

    def _any(self, node: object, names: dict[str, Key]) -> None:
        match node:
            case ir.Require() | ir.Expect() | ir.Assign() | ir.Update() | ir.Let() | ir.If() | ir.For() | ir.Do():
                self._statement(node, names)
            case ir.Return():
                self._statement(node, names)
            case ir.Target(_, keys, _):
                for key in keys:
                    self.expression(key, names)
            case _:
                self.expression(node, names)

    def expression(self, node: object, names: dict[str, Key]) -> None:
        match node:
            case ir.Read(variable, before):
                self._read(variable, None, before)
            case ir.At(ir.Read(variable, before, type=domains.Map()), key):
                self._read(variable, _known(key, names), before)
                self.expression(key, names)
            case ir.Comprehension(binders) | ir.Quantified(_, binders) | ir.Sum(binders) | ir.Best(_, binders):
                hidden = {binder.name for binder in binders} | {getattr(node, "key_name", None)}
                inner = {name: key for name, key in names.items() if name not in hidden}
                for part in parts(node):
                    self._any(part, inner)
            case ir.Call(function, arguments, before):
                for argument in arguments:
                    self.expression(argument, names)
                outer, self._before = self._before, self._before or before
                self._call(function, arguments, names)
                self._before = outer
            case _:
                for part in parts(node):
                    self._any(part, names)

    def _call(self, name: str, arguments: tuple[ir.Expr, ...], names: dict[str, Key]) -> None:
        function = self._functions[name]
        given = {p.name: _known(a, names) for p, a in zip(function.params, arguments, strict=True)}
        call = (name, self._before, *given.values())
        if call not in self._seen:
            self._seen.add(call)
            self.body(function.body, given)

    def _read(self, variable: str, key: Key, before: bool) -> None:
        self.reads.add(Access(variable, key, before or self._before))

    def _write(self, target: ir.Target, names: dict[str, Key], reads: bool) -> None:
        key = None
        if target.keys and isinstance(self._types[target.variable], domains.Map):
            key = _known(target.keys[0], names)
        self.writes.add(Access(target.variable, key))
        # Replacing an item of a sequence succeeds or fails with its length, so it reads it.
        if reads or any(not isinstance(kind, domains.Map) for kind in self._containers(target)):
            self._read(target.variable, key, before=False)

    def _containers(self, target: ir.Target) -> Iterator[domains.Type]:
        kind: domains.Type = self._types[target.variable]
        for _ in target.keys:
            yield kind
            assert isinstance(kind, domains.Map | domains.Seq)
            kind = kind.value if isinstance(kind, domains.Map) else kind.item


def _known(key: ir.Expr, names: Mapping[str, Key]) -> Key:
    match key:
        case ir.Local(name):
            return names.get(name)
        case ir.Literal(value):
            return Known(value)
        case _:
            return None


def _assigned(body: tuple[ir.Stmt, ...]) -> set[str]:
    found: set[str] = set()
    for statement in body:
        match statement:
            case ir.Let(name) | ir.Expect(name):
                found.add(name)
            case ir.If(_, then, otherwise):
                found |= _assigned(then) | _assigned(otherwise)
            case ir.For(binder, inner):
                found |= {binder.name} | _assigned(inner)
            case _:
                pass
    return found
