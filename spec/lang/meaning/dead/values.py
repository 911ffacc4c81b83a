"""What is known of an expression's value on a path, and what is known after a test came out true or false.

Evaluates as far as controls, parameters and literals are known, and follows taint through everything else. Knows
facts and cells; nothing of statements that change the state.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Literal

from ... import domains, ir
from ...domains import Plain, Type
from ..convert import convert, fits
from ..effects import effects_of, parts
from ..failing import may_fail
from .facts import MOST_VALUES, NOTHING, Known, Path, Place, Taints, either, joined, sum_of
from .places import Keys, Values

_BINDING = ir.Comprehension | ir.Quantified | ir.Sum | ir.Best
_TRUE, _FALSE = frozenset([True]), frozenset([False])


class TooLong(Exception):
    """The specification is too large to be followed."""


class Divide(Exception):
    """Whether a value is dead depends on a control: each case has to be followed on its own."""

    def __init__(self, place: Place, cases: Sequence[Values]) -> None:
        self.place, self.cases = place, cases


class Evaluator:
    """Evaluates expressions of one specification on paths; what must not depend on a dead value is leaked."""

    def __init__(self, specification: ir.Specification, taints: Taints, controls: dict[str, Type], budget: int) -> None:
        self.taints, self.controls = taints, controls
        self.types = {variable.name: variable.type for variable in specification.variables}
        self.functions = {function.name: function for function in specification.functions}
        self.divides = False  # in actions, cases are told apart
        self._budget = budget
        self._reads = {
            function.name: effects_of(specification, function).read_names() for function in specification.functions
        }
        self._failing: dict[int, tuple[object, bool]] = {}  # whether an expression may fail; by its identity
        self._names: dict[int, tuple[object, frozenset[str]]] = {}  # what an expression reads; by its identity

    def spend(self) -> None:
        """One more step of the analysis."""
        self._budget -= 1
        if self._budget < 0:
            raise TooLong

    def leak(self, taint: int) -> None:
        """Something that matters depends on these."""
        self.taints.dead &= ~taint

    # ------------------------------------------------------------------------------------------ values

    def value(self, node: ir.Expr, path: Path) -> Known:
        """What is known of a value; a run-time check that a dead value decides is a leak."""
        self.spend()
        if isinstance(node, ir.Local):  # that is what most are
            return path.locals.get(node.name, NOTHING)
        if isinstance(node, ir.Literal):
            return Known(0, frozenset([node.value]))
        found = self._value(node, path)
        if (found.taint or path.under) and self._may_fail(node) and not _is_sure(node, path):
            self.leak(found.taint | path.under)
        return found

    def _may_fail(self, node: ir.Expr) -> bool:
        """Whether its own run-time check may fail."""
        found = self._failing.get(id(node))
        if found is None:
            found = self._failing[id(node)] = (node, may_fail(node))
        return found[1]

    def _value(self, node: ir.Expr, path: Path) -> Known:
        match node:
            case ir.Read() | ir.At():
                return self._read(node, path)
            case ir.Logic(op, items):
                return self._logic(op, items, path)
            case ir.IfElse(test, then, otherwise):
                return self._if_else(test, then, otherwise, path)
            case ir.Convert(item):
                return self._converted(self.value(item, path), item.type, node.type)
            case ir.Not(item):
                found = self.value(item, path)
                return Known(found.taint, found.among and frozenset(not value for value in found.among))
            case ir.Compare(op, left, right):
                return self._compare(op, left, right, path)
            case ir.Contains(item, container):
                return self._contains(item, container, path)
            case ir.Call() | ir.Comprehension() | ir.Quantified() | ir.Sum() | ir.Best():
                return self._aggregate(node, path)
        return Known(sum_of(self._any(part, path) for part in parts(node)))

    def _any(self, node: object, path: Path) -> int:
        """The taint of a part of an expression."""
        if isinstance(node, ir.Expr):
            return self.value(node, path).taint
        if isinstance(node, tuple):
            return sum_of(self._any(item, path) for item in node)
        return 0

    def _aggregate(self, node: ir.Call | _BINDING, path: Path) -> Known:
        clean = not path.under and not any(known.taint for known in path.locals.values())
        if clean and not any(self.taints.active(name) for name in self.names(node)):
            return NOTHING
        if isinstance(node, ir.Call):
            return self._call(node, path)
        return Known(sum_of(self._bound(node.binders, node, path)))

    def names(self, node: object) -> frozenset[str]:
        """The variables that an expression reads."""
        found = self._names.get(id(node))
        if found is None:
            own = {node.variable} if isinstance(node, ir.Read) else set[str]()
            called = self._reads[node.function] if isinstance(node, ir.Call) else frozenset[str]()
            below = [self.names(part) for part in parts(node)] if hasattr(node, "__dataclass_fields__") else []
            found = self._names[id(node)] = (node, called.union(own, *below))
        return found[1]

    # ------------------------------------------------------------------------------------------- places

    def _read(self, node: ir.Read | ir.At, path: Path) -> Known:
        keys: list[ir.Expr] = []
        whole: ir.Expr = node
        while isinstance(whole, ir.At) and isinstance(whole.item.type, domains.Map):
            keys.append(whole.key)
            whole = whole.item
        if isinstance(whole, ir.Read):
            here = path._replace(previous=True) if whole.before else path
            found = self.place(whole.variable, keys[::-1], here, path)
            size = domains.cardinality(node.type) if _is_scalar(node.type) else 0
            return Known(found.taint, frozenset(domains.values(node.type))) if size == 1 else found
        if isinstance(node, ir.Read):
            raise AssertionError("a variable is read as a whole")
        return Known(self.value(node.item, path).taint | self.value(node.key, path).taint)

    def place(self, variable: str, keys: Sequence[ir.Expr], path: Path, own: Path | None = None) -> Known:
        """A variable, or an entry of it; keys are evaluated on the path that is `own`, where it is another."""
        given = [self.value(key, own or path) for key in keys]
        taint = sum_of(key.taint for key in given)
        if variable in self.controls:
            return self._control(variable, given, path).tainted(taint)
        cells = self.taints.active(variable)
        if cells is None:
            return Known(taint)
        known, exact = self.matching(cells.axes, given)
        for at in known if exact and self.divides else ():
            case = self.taints.divide(path, cells, at)
            if case is not None:
                raise Divide(*case)
        return Known(taint | sum_of(self.taints.of(path, cells, at) for at in known))

    def _control(self, variable: str, given: list[Known], path: Path) -> Known:
        kind = self.controls[variable]
        axes = (kind.key,) if isinstance(kind, domains.Map) else ()
        if len(given) < len(axes):
            return NOTHING
        known, exact = self.matching(axes, given)
        among = frozenset[Plain]().union(*(self.taints.holds(path, variable, at) for at in known))
        changed = any((variable, at) in path.now for at in known) and not path.previous
        return Known(0, among, None if changed or not exact else (variable, known[0], path.previous))

    def matching(self, axes: Sequence[Type], given: Sequence[Known]) -> tuple[list[Keys], bool]:
        """The entries that these keys may mean; and whether each key is known exactly."""
        choices: list[Sequence[Plain]] = []
        exact = True
        for at, axis in enumerate(axes):
            among = given[at].among if at < len(given) else None
            exact = exact and (at >= len(given) or (among is not None and len(among) == 1))
            every = _every(axis)
            choices.append(every if among is None else [value for value in every if value in among])
        return list(product(*choices)), exact

    # ---------------------------------------------------------------------------------------- operators

    def _logic(self, op: Literal["and", "or"], items: Sequence[ir.Expr], path: Path) -> Known:
        """Later items are evaluated where the earlier ones did not decide."""
        decided = op == "or"
        taint, paths, among = 0, [path], frozenset[Plain]()
        for item in items:
            if not paths:
                break
            found = [self.value(item, one.below(path.under | taint)) for one in paths]
            taint |= sum_of(one.taint for one in found)
            if any(one.among is None or decided in one.among for one in found):
                among |= frozenset([decided])
            paths = joined(self.taints, [end for one in paths for end in self.assume(item, not decided, one)])
        return Known(taint, among | frozenset([not decided]) if paths else among)

    def _if_else(self, test: ir.Expr, then: ir.Expr, otherwise: ir.Expr, path: Path) -> Known:
        taint = self.value(test, path).taint
        found: Known | None = None
        for truth, branch in ((True, then), (False, otherwise)):
            for start in self.assume(test, truth, path):
                other = self.value(branch, start.below(path.under | taint))
                found = other if found is None else either(found, other)
        return NOTHING if found is None else found.tainted(taint)

    def _converted(self, found: Known, source: Type, target: Type) -> Known:
        if found.among is None:
            return Known(found.taint)
        values = frozenset(convert(source, target, value) for value in found.among if fits(source, target, value))
        plain = not isinstance(source, domains.Record | domains.Union) or source == target
        return Known(found.taint, values, found.origin if plain and len(values) == len(found.among) else None)

    def _compare(self, op: str, left: ir.Expr, right: ir.Expr, path: Path) -> Known:
        one, other = self.value(left, path), self.value(right, path)
        taint, among = one.taint | other.taint, None
        if one.among is not None and other.among is not None and len(one.among) * len(other.among) <= 64:
            if op in ("==", "!="):
                among = frozenset((a == b) is (op == "==") for a in one.among for b in other.among)
            elif isinstance(left.type, domains.Int | domains.Range):
                among = frozenset(_ordered(op, a, b) for a in one.among for b in other.among)
        return Known(taint, among)

    def _contains(self, item: ir.Expr, container: ir.Expr, path: Path) -> Known:
        found, taint = self.value(item, path), self.value(container, path).taint
        choices = self._choices(container, path)
        among = None
        if choices is not None and found.among is not None:
            among = frozenset(value in choices for value in found.among)
        return Known(found.taint | taint, among)

    def _choices(self, container: ir.Expr, path: Path) -> Values | None:
        """The items of a tuple of known values."""
        if not isinstance(container, ir.Collect):
            return None
        found = [self.value(item, path).among for item in container.items]
        if any(among is None or len(among) != 1 for among in found):
            return None
        return frozenset[Plain]().union(*(among for among in found if among is not None))

    # ------------------------------------------------------------------------------- helpers and binders

    def _call(self, node: ir.Call, path: Path) -> Known:
        function = self.functions[node.function]
        given = [self.value(argument, path) for argument in node.arguments]
        names = dict(zip((param.name for param in function.params), given, strict=True))
        inside = path._replace(locals=names, previous=path.previous or node.before)
        found: Known | None = None
        for _, value in self.returned(function.body, inside):
            found = value if found is None else either(found, value)
        return NOTHING if found is None else Known(found.taint, found.among)

    def returned(self, body: tuple[ir.Stmt, ...], path: Path) -> list[tuple[Path, Known]]:
        """What the body of a helper returns."""
        raise NotImplementedError

    def _bound(self, binders: Sequence[ir.Binder], node: _BINDING, path: Path) -> list[int]:
        """The taints of a body for all bindings."""
        if not binders:
            if isinstance(node, ir.Best) and node.key_name is not None:
                path = path.bound(node.key_name, Known(self.value(node.body, path).taint))
            return [self._any(part, path) for part in parts(node) if part is not node.binders]
        first, rest_of = binders[0], binders[1:]
        taint, items, _ = self.items(first, path)
        found = [taint]
        for item in items:  # whether a later one is looked at may depend on those before
            under = path.under | sum_of(found)
            paths = [path.bound(first.name, item).below(under)]
            for condition in first.conditions:
                tests = [self.value(condition, one).taint for one in paths]
                found += tests
                under |= sum_of(tests)
                ends = [end for one in paths for end in self.assume(condition, True, one)]
                paths = [end.below(under) for end in joined(self.taints, ends)]
            for one in paths:
                found += self._bound(rest_of, node, one)
        return found

    def items(self, binder: ir.Binder, path: Path) -> tuple[int, list[Known], bool]:
        """The taint of what a name ranges over, its items, and whether all of them occur for sure."""
        domain = binder.domain
        match domain:
            case ir.Every(kind):
                known = self.choices(kind)
                return 0, known, known != [NOTHING]
            case ir.Interval(low, high):
                taint = self.value(low, path).taint | self.value(high, path).taint
                return taint, [NOTHING.tainted(taint)], False
        taint = self.value(domain, path).taint
        if isinstance(domain.type, domains.Set):
            return taint, [known.tainted(taint) for known in self.choices(domain.type.item)], False
        return taint, [NOTHING.tainted(taint)], False

    def choices(self, kind: Type) -> list[Known]:
        """All values of a type, if they are few; else one that is not known."""
        if not _is_scalar(kind) or domains.cardinality(kind) > MOST_VALUES:
            return [NOTHING]
        return [Known(0, frozenset([value])) for value in _every(kind)]

    # ------------------------------------------------------------------------------------------- tests

    def assume(self, test: ir.Expr, truth: bool, path: Path) -> list[Path]:
        """The paths on which a test may come out so, with what that says of controls."""
        self.spend()
        match test:
            case ir.Not(item):
                return self.assume(item, not truth, path)
            case ir.Logic(op, items) if (op == "and") is truth:
                paths = [path]
                for item in items:
                    paths = [end for one in paths for end in self.assume(item, truth, one)]
                return paths
            case ir.Logic(_, items):
                return self._some(items, truth, path)
            case ir.Call(function, arguments, before):
                return self._assume_call(function, arguments, before, truth, path)
            case ir.Compare("==" | "!=" as op, left, right):
                return self._assume_equal(left, right, truth is (op == "=="), path)
            case ir.Is(item, record) if truth:
                path = _with(path, item, record)
            case ir.Contains(item, container):
                choices = self._choices(container, path)
                if choices is not None:
                    return self._assume_among(item, choices, truth, path)
            case ir.Read() | ir.At() | ir.Local():
                return self._assume_among(test, _TRUE, truth, path)
        among = self.value(test, path).among
        return [path] if among is None or truth in among else []

    def _some(self, items: Sequence[ir.Expr], truth: bool, path: Path) -> list[Path]:
        """At least one of the items comes out so: the first that does, those before it not."""
        ends: list[Path] = []
        paths = [path]
        for item in items:
            ends += [end for one in paths for end in self.assume(item, truth, one)]
            paths = joined(self.taints, [end for one in paths for end in self.assume(item, not truth, one)])
        return joined(self.taints, ends)

    def _assume_call(
        self, name: str, arguments: tuple[ir.Expr, ...], before: bool, truth: bool, path: Path
    ) -> list[Path]:
        function = self.functions[name]
        if len(function.body) != 1 or not isinstance(function.body[0], ir.Return) or function.body[0].value is None:
            return [path]
        if not any(variable in self.controls for variable in self._reads[name]):
            return [path]
        given = [self.value(argument, path) for argument in arguments]
        names = dict(zip((param.name for param in function.params), given, strict=True))
        inside = path._replace(locals=names, previous=path.previous or before)
        ends = self.assume(function.body[0].value, truth, inside)
        return joined(self.taints, [end._replace(locals=path.locals, previous=path.previous) for end in ends])

    def _assume_equal(self, left: ir.Expr, right: ir.Expr, truth: bool, path: Path) -> list[Path]:
        tested = _tested(left, right)
        if not truth and tested is not None and isinstance(tested.type, domains.Optional):
            path = _with(path, tested, tested.type.item)
        one, other = self.value(left, path), self.value(right, path)
        if one.among is None or other.among is None:
            return [path]
        if truth:
            both = one.among & other.among
            return self._narrow(path, ((one, both), (other, both))) if both else []
        if len(other.among) == 1:
            return self._narrow(path, ((one, one.among - other.among),))
        if len(one.among) == 1:
            return self._narrow(path, ((other, other.among - one.among),))
        return [path]

    def _assume_among(self, item: ir.Expr, choices: Values, truth: bool, path: Path) -> list[Path]:
        found = self.value(item, path)
        if found.among is None:
            return [path]
        return self._narrow(path, ((found, found.among & choices if truth else found.among - choices),))

    def _narrow(self, path: Path, values: Sequence[tuple[Known, Values]]) -> list[Path]:
        for known, among in values:
            if not among:
                return []
            if known.origin is not None and among != known.among:
                narrowed = path.narrowed(known.origin, among)
                if narrowed is None:
                    return []
                path = narrowed
        return [path]


@cache
def _every(kind: Type) -> tuple[Plain, ...]:
    return tuple(domains.values(kind))


def _is_scalar(kind: Type) -> bool:
    """Whether a type's values can be listed."""
    return isinstance(kind, domains.Bool | domains.Range | domains.Enumeration | domains.Sort) or (
        isinstance(kind, domains.Optional) and _is_scalar(kind.item)
    )


def _is_sure(node: ir.Expr, path: Path) -> bool:
    """Whether a conversion was tested before: it cannot fail here."""
    return isinstance(node, ir.Convert) and (node.item, node.type) in path.sure


def _with(path: Path, value: ir.Expr, kind: Type) -> Path:
    """Where a local name is known to be a value of a type."""
    return path._replace(sure=path.sure | {(value, kind)}) if isinstance(value, ir.Local) else path


def _tested(left: ir.Expr, right: ir.Expr) -> ir.Expr | None:
    """What is compared with None."""
    if isinstance(right, ir.Literal) and right.value is None:
        return left
    return right if isinstance(left, ir.Literal) and left.value is None else None


def _ordered(op: str, one: Plain, other: Plain) -> bool:
    if op in ("<", "<="):
        return bool(one < other) if op == "<" else bool(one <= other)
    return bool(one > other) if op == ">" else bool(one >= other)
