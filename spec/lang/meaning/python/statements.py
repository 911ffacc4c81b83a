"""Python lines for the statements of a body: of an action, an effect, a pure helper or a property.

State variables are local names of the generated function. In an action that loops over its instances the state at
hand must survive, so a variable that is written gets a second name, `n_…`, from its first write on. This module does
not know how a body's function begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from ... import domains, ir
from ...domains import Type
from . import aggregates, checks
from .expressions import Expressions, Scope, bare, is_simple, local


@dataclass(frozen=True, slots=True)
class Effect:
    """A helper that changes the state, as generated: it takes `takes`, and gives `writes` or, abandoned, None."""

    name: str
    takes: tuple[str, ...]
    writes: tuple[str, ...]
    abandons: bool


class Lines:
    """Indented lines of source."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.depth = 0

    def add(self, line: str) -> None:
        self.text.append("    " * self.depth + line)

    def block(self, head: str, write: Callable[[], None]) -> None:
        """A head, and below it what `write` adds (or `pass`)."""
        self.add(head)
        self.depth += 1
        length = len(self.text)
        write()
        if len(self.text) == length:
            self.add("pass")
        self.depth -= 1


class Body:
    """Writes the statements of one body.

    `abandon` is the statement that gives the step up; `leave` writes how the body ends, with the returned value, and
    told whether this is its last line; `renames` says that written variables get a second name.
    """

    def __init__(
        self,
        lines: Lines,
        x: Expressions,
        scope: Scope,
        known_effects: dict[str, Effect],
        types: dict[str, Type],
        *,
        abandon: str,
        leave: Callable[["Body", str | None, bool], None],
        renames: bool,
    ) -> None:
        self.lines, self.x, self.scope = lines, x, scope
        self._effects, self._types = known_effects, types
        self._abandon, self._leave, self._renames = abandon, leave, renames
        self._temporaries = 0

    def write(self, body: Sequence[ir.Stmt]) -> None:
        """All statements, and how the body ends where the last does not return."""
        if not self._block(body):
            self._leave(self, None, True)

    def guard(self, statement: ir.Stmt, abandon: str) -> None:
        """A `Require`, `Expect` or `Let` on its own, with its own way of giving up."""
        outer, self._abandon = self._abandon, abandon
        self._statement(statement)
        self._abandon = outer

    def _block(self, body: Sequence[ir.Stmt]) -> bool:
        """Statements one after the other; says whether the last returns on every path."""
        return any(self._statement(statement) for statement in body)

    def _statement(self, statement: ir.Stmt) -> bool:
        match statement:
            case ir.Require(test):
                self._give_up_if(aggregates.negated(self.x.test(test, self.scope)))
            case ir.Expect():
                self._expect(statement)
            case ir.Assign():
                self._assign(statement)
            case ir.Update():
                self._update(statement)
            case ir.Let(name, _, value):
                self.lines.add(f"{local(name)} = {bare(self.x.value(value, self.scope))}")
            case ir.If():
                return self._if(statement)
            case ir.For():
                self._for(statement)
            case ir.Do():
                self._do(statement)
            case ir.Return(value):
                self._leave(self, None if value is None else bare(self.x.value(value, self.scope)), False)
                return True
            case _:
                assert_never(statement)
        return False

    def _give_up_if(self, test: str) -> None:
        if test == "True":
            self.lines.add(self._abandon)
        elif test != "False":
            self.lines.block(f"if {bare(test)}:", lambda: self.lines.add(self._abandon))

    def _expect(self, statement: ir.Expect) -> None:
        name, kind, value = local(statement.name), statement.type, statement.value
        self.lines.add(f"{name} = {bare(self.x.value(value, self.scope))}")
        match value.type:
            case domains.Optional(item) if item == kind:
                self._give_up_if(f"({name} is None)")
                return
            case domains.Union(records) if kind in records and isinstance(kind, domains.Record):
                self._give_up_if(f"({name}[0] != {records.index(kind)})")
                self.lines.add(f"{name} = {name}[1]")
                return
            case domains.Optional(domains.Union(records)) if kind in records and isinstance(kind, domains.Record):
                self._give_up_if(f"({name} is None or {name}[0] != {records.index(kind)})")
                self.lines.add(f"{name} = {name}[1]")
                return
        fits = self.x.check("is", kind, statement, lambda: checks.fitting(value.type, kind))
        to = self.x.check("to", kind, statement, lambda: checks.converting(value.type, kind, statement.span))
        self._give_up_if(f"(not {fits}({name}))")
        self.lines.add(f"{name} = {to}({name})")

    # ------------------------------------------------------------------------------------- control

    def _if(self, statement: ir.If) -> bool:
        self._rename_before((*statement.then, *statement.otherwise))
        test, ends = self.x.test(statement.test, self.scope), [False, False]

        def branch(number: int, body: tuple[ir.Stmt, ...]) -> None:
            ends[number] = self._block(body)

        self.lines.block(f"if {bare(test)}:", lambda: branch(0, statement.then))
        if statement.otherwise:
            self.lines.block("else:", lambda: branch(1, statement.otherwise))
        return all(ends)

    def _for(self, statement: ir.For) -> None:
        self._rename_before(statement.body)
        domain = aggregates.items(self.x, statement.binder.domain, self.scope)
        self.lines.block(f"for {local(statement.binder.name)} in {bare(domain)}:", lambda: self._ignore(statement.body))

    def _ignore(self, body: tuple[ir.Stmt, ...]) -> None:
        self._block(body)

    def _do(self, statement: ir.Do) -> None:
        effect = self._effects[statement.function]
        texts = [bare(self.x.value(argument, self.scope)) for argument in statement.arguments]
        texts += [self.scope.state[name] for name in effect.takes]
        call = f"{effect.name}({', '.join(texts)})"
        if effect.abandons:
            self.lines.add(f"after = {call}")
            self._give_up_if("(after is None)")
            call = "after"
        names = [self._written(name) for name in effect.writes]
        if names:
            self.lines.add(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {call}")
        elif not effect.abandons:
            self.lines.add(call)

    def _rename_before(self, body: Sequence[ir.Stmt]) -> None:
        """Gives second names to what a branch or loop writes, so that both ways lead to the same names."""
        if self._renames:
            for name in sorted(self._writes(body)):
                if self.scope.state[name] == f"s_{name}":
                    self.lines.add(f"{self._written(name)} = s_{name}")

    def _writes(self, body: Sequence[ir.Stmt]) -> set[str]:
        found: set[str] = set()
        for statement in body:
            match statement:
                case ir.Assign(target) | ir.Update(target):
                    found.add(target.variable)
                case ir.Do(function):
                    found.update(self._effects[function].writes)
                case ir.If(_, then, otherwise):
                    found |= self._writes((*then, *otherwise))
                case ir.For(_, inner):
                    found |= self._writes(inner)
                case _:
                    pass
        return found

    def _written(self, variable: str) -> str:
        """The name that a variable has from a write on."""
        if self._renames and self.scope.state[variable] == f"s_{variable}":
            self.scope = replace(self.scope, state={**self.scope.state, variable: f"n_{variable}"})
        return self.scope.state[variable]

    # -------------------------------------------------------------------------------------- writes

    def _assign(self, statement: ir.Assign) -> None:
        target = statement.target
        text = bare(self.x.value(statement.value, self.scope))
        if any(not is_simple(key) for key in self._keys(target)):
            text = self._temporary(text)
        self._store(target, lambda _: text)

    def _update(self, statement: ir.Update) -> None:
        self._store(statement.target, lambda old: self._updated(statement, old))

    def _keys(self, target: ir.Target) -> list[str]:
        texts: list[str] = []
        kind = self._types[target.variable]
        for key in target.keys:
            assert isinstance(kind, domains.Map | domains.Seq)
            if isinstance(kind, domains.Map):
                texts.append(bare(self.x.slot(kind.key, key, self.scope)))
                kind = kind.value
            else:
                texts.append("")  # checked against the sequence at hand
                kind = kind.item
        return texts

    def _store(self, target: ir.Target, change: Callable[[str], str]) -> None:
        """Puts a changed entry back into the whole variable, level by level."""
        whole = self.scope.state[target.variable]
        wholes, places = [whole], list[str]()
        kind = self._types[target.variable]
        for number, (key, text) in enumerate(zip(target.keys, self._keys(target), strict=True)):
            places.append(self._place(kind, key, text, wholes[-1]))
            assert isinstance(kind, domains.Map | domains.Seq)
            kind = kind.value if isinstance(kind, domains.Map) else kind.item
            inner = f"{wholes[-1]}[{places[-1]}]"
            wholes.append(inner if number == len(target.keys) - 1 else self._temporary(inner))
        new = change(wholes[-1])
        for outer, place in zip(reversed(wholes[:-1]), reversed(places), strict=True):
            new = spliced(outer, place, new)
        self.lines.add(f"{self._written(target.variable)} = {bare(new)}")

    def _place(self, kind: Type, key: ir.Expr, text: str, whole: str) -> str:
        if isinstance(kind, domains.Map):
            return text if is_simple(text) else self._temporary(text)
        check = self.x.check("place", kind, key, lambda: checks.place(kind, key.span))
        return self._temporary(f"{check}({whole}, {bare(self.x.value(key, self.scope))})")

    def _temporary(self, text: str) -> str:
        self._temporaries += 1
        self.lines.add(f"t{self._temporaries} = {bare(text)}")
        return f"t{self._temporaries}"

    def _updated(self, update: ir.Update, old: str) -> str:
        kind = update.target.type
        if isinstance(kind, domains.Set):
            match update.op, update.arguments:
                case "add", (item,):
                    return f"{old} | {self.x.bit(kind.item, item, self.scope)}"
                case "discard", (item,):
                    return f"{old} & ~{self.x.bit(kind.item, item, self.scope)}"
                case "update", (items,):
                    return f"{old} | {self.x.value(items, self.scope)}"
            return "0"
        if update.op == "clear":
            return "()"
        check = self.x.check(update.op, kind, update, lambda: checks.updating(update))
        texts = [old, *(bare(self.x.value(argument, self.scope)) for argument in update.arguments)]
        return f"{check}({', '.join(texts)})"


def spliced(whole: str, place: str, new: str) -> str:
    """A tuple with one entry replaced."""
    if place.isdigit():
        head = f"{whole}[:{place}] + " if place != "0" else ""
        return f"({head}({bare(new)},) + {whole}[{int(place) + 1}:])"
    return f"({whole}[:{place}] + ({bare(new)},) + {whole}[{place} + 1 :])"


def abandons_in_loop(body: Sequence[ir.Stmt], known_effects: dict[str, Effect], inside: bool = False) -> bool:
    """Whether a step may be given up from within a `for`, where `continue` would mean something else."""
    for statement in body:
        match statement:
            case ir.Require() | ir.Expect():
                found = inside
            case ir.Do(function):
                found = inside and known_effects[function].abandons
            case ir.If(_, then, otherwise):
                found = abandons_in_loop((*then, *otherwise), known_effects, inside)
            case ir.For(_, inner):
                found = abandons_in_loop(inner, known_effects, True)
            case _:
                found = False
        if found:
            return True
    return False
