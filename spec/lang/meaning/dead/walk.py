"""Follows actions and properties with what is known of values, and collects what would be decided by a dead one.

A taint *leaks* where it would make a difference: in a guard, in a property, in a run-time check that may fail, in
what is written to a variable that is never dead, or to a cell that is not dead after the step. Whatever leaks was not
dead after all. Loops over few values are unrolled, paths that know different things of controls are kept apart, and
everything else is approximated towards more taint. Knows facts and cells; nothing of states.
"""

from collections.abc import Iterator, Sequence

from ... import domains, ir
from .facts import NOTHING, Known, Path, as_one, joined, sum_of
from .values import Divide, Evaluator

MOST_INSTANCES = 64  # of an action that are followed one by one


class Walk(Evaluator):
    """The whole of one specification; bits that leak are not dead any more."""

    def action(self, action: ir.Action) -> None:
        """All instances of an action, from any state."""
        for path in self._instances(action.params, Path(), MOST_INSTANCES):
            self.divides = True
            paths, returned = self.body(action.body, path)
            for end in joined(self.taints, [*paths, *(path for path, _ in returned)]):
                self.leak(self.taints.leaks(end))
            self.divides = False

    def property(self, one: ir.Property) -> None:
        """A property, in any state."""
        _, returned = self.body(one.body, Path())
        for _, value in returned:
            self.leak(value.taint)

    def _instances(self, params: Sequence[ir.Param], path: Path, most: int) -> Iterator[Path]:
        """An action's start with its arguments: every value, as long as the instances are not too many."""
        if not params:
            yield path
            return
        first, rest = params[0], params[1:]
        known = [NOTHING]
        if first.drawn is not None:
            self.leak(self.value(first.drawn, path).taint)
        elif len(found := self.choices(first.type)) <= most:
            known = found
        for one in known:
            yield from self._instances(rest, path.bound(first.name, one), most // len(known))

    # --------------------------------------------------------------------------------------- statements

    def body(self, body: Sequence[ir.Stmt], path: Path) -> tuple[list[Path], list[tuple[Path, Known]]]:
        """The paths that reach the end, and those that return, with what they return."""
        paths, returned = [path], list[tuple[Path, Known]]()
        for statement in body:
            after: list[Path] = []
            for path in paths:
                ends, early = self._statement(statement, path)
                after += ends
                returned += early
            paths = joined(self.taints, after)
        return paths, returned

    def _statement(self, statement: ir.Stmt, path: Path) -> tuple[list[Path], list[tuple[Path, Known]]]:
        try:
            return self._followed(statement, path)
        except Divide as divide:
            cases = [path.narrowed(divide.place, case) for case in divide.cases]
            found = [self._statement(statement, one) for one in cases if one is not None]
            return [end for ends, _ in found for end in ends], [early for _, every in found for early in every]

    def _followed(self, statement: ir.Stmt, path: Path) -> tuple[list[Path], list[tuple[Path, Known]]]:
        self.spend()
        match statement:
            case ir.Require(test):
                self.leak(path.under | self.value(test, path).taint)
                return self.assume(test, True, path), []
            case ir.Expect(name, _, value):
                found = self.value(value, path)
                self.leak(path.under | found.taint)
                return [path.bound(name, NOTHING)], []
            case ir.Let(name, kind, value):
                return self._let(name, kind, self.value(value, path).tainted(path.under), path), []
            case ir.Assign(target, value):
                return [self._assign(target, self.value(value, path), path)], []
            case ir.Update():
                return [self._update(statement, path)], []
            case ir.If(test, then, otherwise):
                return self._if(test, then, otherwise, path)
            case ir.For(binder, body):
                return self._for(binder, body, path), []
            case ir.Do(function, arguments):
                return self._do(function, arguments, path), []
            case ir.Return(value):
                known = NOTHING if value is None else self.value(value, path)
                return [], [(path, known.tainted(path.under))]

    def _let(self, name: str, kind: domains.Type, found: Known, path: Path) -> list[Path]:
        """A local name; an unknown element of a sort, in an action, is every one in turn: it is somebody's key."""
        item = kind.item if isinstance(kind, domains.Optional) else kind
        if not self.divides or found.among is not None or not isinstance(item, domains.Sort):
            return [path.bound(name, found)]
        chosen = [(one.tainted(found.taint), one.among) for one in self.choices(kind)]
        apart = (f"local {name}", (), False)  # noted as a fact, so that these paths are not joined
        facts = ({**path.facts, apart: among} if among else path.facts for _, among in chosen)
        paths = zip(chosen, facts, strict=True)
        return [path._replace(facts=noted).bound(name, one) for (one, _), noted in paths]

    def _if(
        self, test: ir.Expr, then: tuple[ir.Stmt, ...], otherwise: tuple[ir.Stmt, ...], path: Path
    ) -> tuple[list[Path], list[tuple[Path, Known]]]:
        taint = self.value(test, path).taint
        if taint and self._abandons((*then, *otherwise)):
            self.leak(taint)
        under = path.under | taint
        later = under if _returns((*then, *otherwise)) else path.under  # where a branch ends, the rest depends on it
        ends, returned = list[Path](), list[tuple[Path, Known]]()
        for truth, branch in ((True, then), (False, otherwise)):
            for start in self.assume(test, truth, path):
                paths, early = self.body(branch, start.below(under))
                ends += [end.below(later) for end in paths]
                returned += early
        return joined(self.taints, ends), returned

    def _for(self, binder: ir.Binder, body: tuple[ir.Stmt, ...], path: Path) -> list[Path]:
        taint, items, certain = self.items(binder, path)
        before, paths = path.under, [path.below(path.under | taint)]
        for item in items:
            after = [end for start in paths for end in self.body(body, start.bound(binder.name, item))[0]]
            paths = joined(self.taints, after if certain else [*paths, *after])
        if not certain and items == [NOTHING.tainted(taint)]:
            paths = self._until_nothing_changes(binder, body, paths, items[0])
        return [end.below(before) for end in paths]

    def _until_nothing_changes(
        self, binder: ir.Binder, body: tuple[ir.Stmt, ...], paths: list[Path], item: Known
    ) -> list[Path]:
        """Any number of rounds of a loop over unknown items, as one path."""
        while paths:
            whole = as_one(self.taints, paths)
            after, _ = self.body(body, whole.bound(binder.name, item))
            paths = [as_one(self.taints, [whole, *after])]
            if paths == [whole]:
                break
        return paths

    def _do(self, name: str, arguments: tuple[ir.Expr, ...], path: Path) -> list[Path]:
        function = self.functions[name]
        given = [self.value(argument, path) for argument in arguments]
        names = dict(zip((param.name for param in function.params), given, strict=True))
        paths, returned = self.body(function.body, path._replace(locals=names))
        ends = [*paths, *(end for end, _ in returned)]
        return joined(self.taints, [end._replace(locals=path.locals, under=path.under) for end in ends])

    def returned(self, body: tuple[ir.Stmt, ...], path: Path) -> list[tuple[Path, Known]]:
        """What the body of a helper returns."""
        return self.body(body, path)[1]

    def _abandons(self, body: Sequence[ir.Stmt]) -> bool:
        """Whether statements may abandon the step."""
        return any(
            isinstance(node, ir.Require | ir.Expect)
            or (isinstance(node, ir.Do) and self._abandons(self.functions[node.function].body))
            or self._abandons(_statements(node))
            for node in body
        )

    # ------------------------------------------------------------------------------------------- writing

    def _assign(self, target: ir.Target, value: Known, path: Path) -> Path:
        return self._write(target, value, path, keeps=False)

    def _update(self, update: ir.Update, path: Path) -> Path:
        target, old = update.target, self.place(update.target.variable, update.target.keys, path)
        given = sum_of(self.value(argument, path).taint for argument in update.arguments)
        if update.op == "clear":
            return self._write(target, Known(given), path, keeps=False)
        if not isinstance(target.type, domains.Set):
            self.leak(old.taint | given | path.under)  # it may be empty, or full
        return self._write(target, Known(old.taint | given), path, keeps=True)

    def _write(self, target: ir.Target, value: Known, path: Path, keeps: bool) -> Path:
        keys = [self.value(key, path) for key in target.keys]
        chosen = path.under | sum_of(key.taint for key in keys)
        if self.may_miss(target):  # whether the item is there depends on the sequence
            self.leak(chosen | self.place(target.variable, target.keys, path).taint)
        taint, variable = chosen | value.taint, target.variable
        if variable in self.controls:
            self.leak(taint)
            return self._write_control(variable, keys, value, path)
        cells = self.taints.active(variable)
        if cells is None:
            self.leak(taint)
            return path
        known, exact = self.matching(cells.axes, keys)
        replaces = exact and not keeps and not path.under and len(keys) <= len(cells.axes)
        written = dict(path.written)
        for at in known:
            before = 0 if replaces else self.taints.of(path, cells, at)
            written[variable, at] = taint | before
        return path._replace(written=written)

    def _write_control(self, variable: str, keys: list[Known], value: Known, path: Path) -> Path:
        kind = self.controls[variable]
        axes = (kind.key,) if isinstance(kind, domains.Map) else ()
        among = value.among if value.among is not None and len(keys) == len(axes) else self.taints.every(variable)
        known, exact = self.matching(axes, keys)
        now = dict(path.now)
        for at in known:
            old = frozenset() if exact else self.taints.holds(path, variable, at)
            now[variable, at] = among | old
        return path._replace(now=now)

    def may_miss(self, target: ir.Target) -> bool:
        """Whether a target has an item of a sequence on its way, which may not be there."""
        kind = self.types[target.variable]
        for _ in target.keys:
            if not isinstance(kind, domains.Map):
                return True
            kind = kind.value
        return False


def _returns(body: Sequence[ir.Stmt]) -> bool:
    """Whether statements may end the function that they stand in."""
    return any(isinstance(node, ir.Return) or _returns(_statements(node)) for node in body)


def _statements(node: ir.Stmt) -> tuple[ir.Stmt, ...]:
    match node:
        case ir.If(_, then, otherwise):
            return (*then, *otherwise)
        case ir.For(_, body):
            return body
    return ()
