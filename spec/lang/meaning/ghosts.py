"""The proof that ghosts are ghosts: what an action does to the other variables does not depend on them.

Then a state's identity may leave them out, exactly: two states that differ in ghosts only have the same steps. The
proof follows data and control flow through local names and helpers: a value computed from a ghost is tainted, and so
is everything that happens or not depending on such a value. It evaluates nothing.
"""

from dataclasses import dataclass

from .. import ir
from .effects import parts


@dataclass(frozen=True, slots=True)
class Leak:
    """A place where a ghost would decide something that it must not; `message` is a sentence for people."""

    span: ir.Span
    message: str


def ghost_leaks(specification: ir.Specification) -> list[Leak]:
    """All places where a guard, an update of another variable, a boundary or a terminal depends on a ghost."""
    flow = _Flow(specification)
    if not flow.ghosts:
        return []
    for variable in specification.variables:
        if not variable.ghost and flow.tainted(variable.initial, frozenset()):
            flow.leak(variable.initial.span, f"the initial value of {variable.name} depends on a ghost")
    for action in (*specification.initial, *specification.actions):
        flow.action(action)
    for one in specification.properties:
        if one.kind in ("boundary", "terminal") and flow.reads_ghost(one.body):
            flow.leak(one.span, f"{one.kind} {one.name} reads a ghost")
    return list(dict.fromkeys(flow.leaks))


def ghost_readers(specification: ir.Specification) -> tuple[str, ...]:
    """The properties that read a ghost, also in helpers: states that differ in ghosts only may differ in these."""
    flow = _Flow(specification)
    return tuple(one.name for one in specification.properties if flow.reads_ghost(one.body))


_Names = frozenset[str]  # the local names whose values depend on a ghost


class _Flow:
    def __init__(self, specification: ir.Specification) -> None:
        self.ghosts = {variable.name for variable in specification.variables if variable.ghost}
        self._functions = {function.name: function for function in specification.functions}
        self.leaks: list[Leak] = []
        self._results: dict[tuple[str, tuple[bool, ...]], bool] = {}
        self._done: set[tuple[object, ...]] = set()

    def leak(self, span: ir.Span, message: str) -> None:
        self.leaks.append(Leak(span, message))

    def action(self, action: ir.Action) -> None:
        names: _Names = frozenset()
        for param in action.params:
            if param.drawn is not None and self.tainted(param.drawn, names):
                self.leak(param.drawn.span, f"what {param.name} is drawn from depends on a ghost")
                names |= {param.name}
        self._body(action.body, names, under=False)

    # ------------------------------------------------------------------------------ expressions

    def tainted(self, node: object, names: _Names) -> bool:
        """Whether a value depends on a ghost, given the local names that do."""
        match node:
            case ir.Read(variable):
                return variable in self.ghosts
            case ir.Local(name):
                return name in names
            case ir.Call(function, arguments):
                return self._result(function, tuple(self.tainted(a, names) for a in arguments))
            case ir.Comprehension(binders) | ir.Quantified(_, binders) | ir.Sum(binders) | ir.Best(_, binders):
                # What a name ranges over taints the whole anyway, so bound names only hide outer ones.
                hidden = {binder.name for binder in binders} | {getattr(node, "key_name", None)}
                domains = any(self.tainted(part, names) for binder in binders for part in parts(binder))
                return domains or any(self.tainted(part, names - hidden) for part in parts(node))
            case _:
                return any(self.tainted(part, names) for part in parts(node))

    def _result(self, name: str, given: tuple[bool, ...]) -> bool:
        """Whether a helper's result depends on a ghost, given which of its arguments do."""
        if (name, given) not in self._results:
            function = self._functions[name]
            names = frozenset(p.name for p, taint in zip(function.params, given, strict=True) if taint)
            self._results[name, given] = self._body(function.body, names, under=False).result
        return self._results[name, given]

    def reads_ghost(self, node: object) -> bool:
        """Whether a ghost is read anywhere below, also in helpers."""
        match node:
            case tuple():
                return any(self.reads_ghost(item) for item in node)
            case ir.Read(variable):
                return variable in self.ghosts
            case ir.Call(function, arguments) | ir.Do(function, arguments):
                return self.reads_ghost(arguments) or self.reads_ghost(self._functions[function].body)
            case _:
                return any(self.reads_ghost(part) for part in parts(node))

    # ------------------------------------------------------------------------------- statements

    def _body(self, body: tuple[ir.Stmt, ...], names: _Names, under: bool) -> "_After":
        """Follows statements; `under` says whether it depends on a ghost that they are reached at all."""
        after = _After(names, under, False)
        for statement in body:
            next_after = self._statement(statement, after.names, after.under)
            after = _After(next_after.names, next_after.under, after.result or next_after.result)
        return after

    def _statement(self, statement: ir.Stmt, names: _Names, under: bool) -> "_After":
        match statement:
            case ir.Require(test):
                if under or self.tainted(test, names):
                    self.leak(statement.span, "this guard depends on a ghost")
            case ir.Expect(name, _, value):
                if under or self.tainted(value, names):
                    self.leak(statement.span, "this guard depends on a ghost")
                return _After(self._bound(name, under or self.tainted(value, names), names), under, False)
            case ir.Let(name, _, value):
                return _After(self._bound(name, under or self.tainted(value, names), names), under, False)
            case ir.Assign(target) | ir.Update(target):
                self._write(target, statement, names, under)
            case ir.If(test, then, otherwise):
                return self._if(self.tainted(test, names), then, otherwise, names, under)
            case ir.For(binder, body):
                return self._for(binder, body, names, under)
            case ir.Do(function, arguments):
                self._do(function, tuple(self.tainted(a, names) for a in arguments), under)
            case ir.Return(value):
                return _After(names, under, under or (value is not None and self.tainted(value, names)))
        return _After(names, under, False)

    def _bound(self, name: str, taint: bool, names: _Names) -> _Names:
        return names | {name} if taint else names - {name}

    def _write(self, target: ir.Target, statement: ir.Assign | ir.Update, names: _Names, under: bool) -> None:
        if target.variable in self.ghosts:
            return
        if under or any(self.tainted(part, names) for part in (*target.keys, *parts(statement))):
            self.leak(statement.span, f"this change of {target.variable} depends on a ghost")

    def _if(
        self, taint: bool, then: tuple[ir.Stmt, ...], otherwise: tuple[ir.Stmt, ...], names: _Names, under: bool
    ) -> "_After":
        inside = under or taint
        one, other = self._body(then, names, inside), self._body(otherwise, names, inside)
        # When a branch may return, whether the rest is reached depends on the test.
        leaves = taint and any(isinstance(node, ir.Return) for node in _statements((*then, *otherwise)))
        later = under or leaves or (one.under and not inside) or (other.under and not inside)
        return _After(one.names | other.names, later, one.result or other.result)

    def _for(self, binder: ir.Binder, body: tuple[ir.Stmt, ...], names: _Names, under: bool) -> "_After":
        taint = self.tainted(binder.domain, names)
        while True:  # what a round taints is tainted in the next
            after = self._body(body, self._bound(binder.name, under or taint, names), under or taint)
            if after.names <= names | {binder.name}:
                return _After(after.names | names, under, False)
            names |= after.names

    def _do(self, name: str, given: tuple[bool, ...], under: bool) -> None:
        if (name, given, under) not in self._done:
            self._done.add((name, given, under))
            function = self._functions[name]
            names = frozenset(p.name for p, taint in zip(function.params, given, strict=True) if taint)
            self._body(function.body, names, under)


@dataclass(frozen=True, slots=True)
class _After:
    """What is known after a statement: tainted names, whether reaching here is tainted, the result's taint."""

    names: _Names
    under: bool
    result: bool


def _statements(body: tuple[ir.Stmt, ...]) -> list[ir.Stmt]:
    found: list[ir.Stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ir.If):
            found += _statements((*statement.then, *statement.otherwise))
    return found
