"""Python text for expressions of the tree.

Every text is closed: it can stand anywhere an operand can. `value` gives exactly the plain value; `test` may give
any truthy or falsy value, which is shorter where only the truth matters. This module knows neither statements nor
what a specification is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from ... import domains, ir
from ...domains import Plain, Type
from ..failing import interval
from . import aggregates, checks
from .pool import Pool


@dataclass(frozen=True, slots=True)
class Helper:
    """A pure helper as generated: its name, and the variables it reads here and before."""

    name: str
    reads: tuple[str, ...]
    reads_before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names stand for at a place: texts of state variables and locals, and locals whose value is known."""

    state: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Plain] = field(default_factory=dict)
    copies: int = 1  # how often the text at this place is written out

    def knowing(self, name: str, value: Plain) -> "Scope":
        """The same scope where a local name has a known value."""
        return replace(self, known={**self.known, name: value})

    def hiding(self, name: str) -> "Scope":
        """The same scope where a local name is bound anew, to an unknown value."""
        if name not in self.known:
            return self
        return replace(self, known={own: value for own, value in self.known.items() if own != name})


def local(name: str) -> str:
    """The Python name of a local name."""
    return f"l_{name}"


def is_simple(text: str) -> bool:
    """Whether a text is a name or a number: free to repeat."""
    return text.isidentifier() or text.isdigit()


_Place = ir.Literal | ir.Read | ir.Local | ir.Field | ir.At | ir.End | ir.Slice | ir.Convert
_Operator = ir.Not | ir.Negate | ir.Logic | ir.Compare | ir.Arithmetic | ir.SetAlgebra | ir.Concat | ir.IfElse
_Question = ir.Contains | ir.Size | ir.Count | ir.Is


class Expressions:
    """Writes expressions, taking tables and checks from the pool."""

    def __init__(self, pool: Pool, helpers: Mapping[str, Helper]) -> None:
        self.pool = pool
        self._helpers = helpers

    def value(self, e: ir.Expr, scope: Scope) -> str:
        """Text whose value is the expression's plain value."""
        match e:
            case ir.Literal() | ir.Read() | ir.Local() | ir.Field() | ir.At() | ir.End() | ir.Slice() | ir.Convert():
                return self._place(e, scope)
            case (
                ir.Not() | ir.Negate() | ir.Logic() | ir.Compare() | ir.Arithmetic() | ir.SetAlgebra() | ir.Concat()
            ) | ir.IfElse():
                return self._operator(e, scope)
            case ir.Contains() | ir.Size() | ir.Count() | ir.Is():
                return self._question(e, scope)
            case ir.Make() | ir.Replace() | ir.Collect() | ir.Call():
                return self._whole(e, scope)
            case ir.Comprehension():
                return aggregates.comprehension(self, e, scope)
            case ir.Quantified():
                return aggregates.quantified(self, e, scope, self.value)
            case ir.Sum():
                return aggregates.total(self, e, scope)
            case ir.Best():
                return aggregates.best(self, e, scope)
        assert_never(e)

    def test(self, e: ir.Expr, scope: Scope) -> str:
        """Text that is truthy exactly when the expression is true."""
        match e:
            case ir.Contains(item, container) if isinstance(container.type, domains.Set):
                return f"({self.bit(container.type.item, item, scope)} & {self.value(container, scope)})"
            case ir.Not(item):
                return f"(not {self.test(item, scope)})"
            case ir.Logic(op, items):
                return logic(op, [self.test(item, scope) for item in items])
            case ir.Quantified():
                return aggregates.quantified(self, e, scope, self.test)
        return self.value(e, scope)

    def constant(self, e: ir.Expr, scope: Scope) -> tuple[Plain] | None:
        """The value of an expression when it is known as the source is written."""
        match e:
            case ir.Literal(value):
                return (value,)
            case ir.Local(name) if name in scope.known:
                return (scope.known[name],)
        return None

    def bit(self, kind: Type, item: ir.Expr, scope: Scope) -> str:
        """The bit of an item in a mask."""
        constant = self.constant(item, scope)
        if constant is not None:
            return str(1 << domains.position(kind, constant[0]))
        text = self.value(item, scope)
        return f"(1 << {text})" if _own_position(kind) else f"{self.pool.bits(kind)}[{text}]"

    def slot(self, kind: Type, key: ir.Expr, scope: Scope) -> str:
        """The position of a key in a map."""
        constant = self.constant(key, scope)
        if constant is not None:
            return str(domains.position(kind, constant[0]))
        text = self.value(key, scope)
        return text if _own_position(kind) else f"{self.pool.slots(kind)}[{text}]"

    def check(self, name: str, kind: Type | None, e: Any, make: Callable[[], Any]) -> str:
        """The name of a check that belongs to one node."""
        return self.pool.name(name, kind, (e, e.span), make)

    # -------------------------------------------------------------------------------------- places

    def _place(self, e: _Place, scope: Scope) -> str:
        match e:
            case ir.Literal(value):
                return repr(value) if not isinstance(value, int) or value >= 0 else f"({value})"
            case ir.Read(variable, before):
                return (scope.before if before else scope.state)[variable]
            case ir.Local(name):
                known = self.constant(e, scope)
                return repr(known[0]) if known is not None else local(name)
            case ir.Field(item, name):
                return self._field(e, item, name, scope)
            case ir.At(item, key):
                if isinstance(item.type, domains.Map):
                    return f"{self.value(item, scope)}[{bare(self.slot(item.type.key, key, scope))}]"
                check = self.check("item", item.type, e, lambda: checks.item_at(item.type, e.span))
                return f"{check}({self.value(item, scope)}, {bare(self.value(key, scope))})"
            case ir.End(item, which):
                check = self.check(f"{which}_of", item.type, e, lambda: checks.end_of(which, e.span))
                return f"{check}({bare(self.value(item, scope))})"
            case ir.Slice(item, low, high):
                return f"{self.value(item, scope)}[{self._bound(low, scope)}:{self._bound(high, scope)}]"
            case ir.Convert(item):
                return self._convert(e, item, scope)
        assert_never(e)

    def _bound(self, bound: ir.Expr | None, scope: Scope) -> str:
        if bound is None:
            return ""
        text = bare(self.value(bound, scope))
        if interval(bound)[0] >= 0:
            return text
        return f"{self.check('bound', None, bound, lambda: checks.slice_bound(bound.span))}({text})"

    def _field(self, e: ir.Field, item: ir.Expr, name: str, scope: Scope) -> str:
        if isinstance(item.type, domains.Record):
            found = item.type.field(name)
            assert found is not None, f"{e.span}: {domains.describe(item.type)} has no field {name}"
            return f"{self.value(item, scope)}[{found[0]}]"
        assert isinstance(item.type, domains.Union)
        union = item.type
        positions = [own and own[0] for own in (record.field(name) for record in union.records)]
        if positions[0] is not None and len(set(positions)) == 1:
            return f"{self.value(item, scope)}[1][{positions[0]}]"
        check = self.check(f"field_{name}", union, e, lambda: checks.field_of(union, name, e.span))
        return f"{check}({bare(self.value(item, scope))})"

    def _convert(self, e: ir.Convert, item: ir.Expr, scope: Scope) -> str:
        text = self.value(item, scope)
        source, target = item.type, e.type
        form = _free_conversion(source, target, item)
        if form is not None:
            return form.format(text)
        check = self.check("to", target, e, lambda: checks.converting(source, target, e.span))
        return f"{check}({bare(text)})"

    # ----------------------------------------------------------------------------------- operators

    def _operator(self, e: _Operator, scope: Scope) -> str:
        match e:
            case ir.Not(item):
                return f"(not {self.test(item, scope)})"
            case ir.Negate(item):
                return self._exact(e, f"(-{self.value(item, scope)})")
            case ir.Logic(op, items):
                return logic(op, [self.value(item, scope) for item in items])
            case ir.Compare(op, left, right):
                return self._compare(e, op, left, right, scope)
            case ir.Arithmetic(op, left, right):
                return self._arithmetic(e, op, left, right, scope)
            case ir.SetAlgebra(op, left, right):
                sign = "& ~" if op == "-" else f"{op} "
                return f"({self.value(left, scope)} {sign}{self.value(right, scope)})"
            case ir.Concat(left, right):
                text = f"{self.value(left, scope)} + {self.value(right, scope)}"
                return f"{self.check('fit', e.type, e, lambda: checks.capped(e.type, e.span))}({text})"
            case ir.IfElse(test, then, otherwise):
                first, second = self.value(then, scope), self.value(otherwise, scope)
                return f"({first} if {condition(self.test(test, scope))} else {second})"
        assert_never(e)

    def _compare(self, e: ir.Compare, op: str, left: ir.Expr, right: ir.Expr, scope: Scope) -> str:
        known = self.constant(left, scope), self.constant(right, scope)
        if op in ("==", "!=") and known[0] is not None and known[1] is not None:
            return str((known[0] == known[1]) is (op == "=="))
        first, second = self.value(left, scope), self.value(right, scope)
        if op in ("==", "!="):
            if "None" in (first, second):
                op = "is" if op == "==" else "is not"
            return f"({first} {op} {second})"
        if isinstance(left.type, domains.Set):
            name = {"<": "below", "<=": "within", ">": "above", ">=": "around"}[op]
            return f"{self.pool.name(name, None, (), lambda: _SUBSET[op])}({bare(first)}, {bare(second)})"
        order = self.pool.order(left.type)
        if order is not None:
            first, second = f"{order}({bare(first)})", f"{order}({bare(second)})"
        return f"({first} {op} {second})"

    def _arithmetic(self, e: ir.Arithmetic, op: str, left: ir.Expr, right: ir.Expr, scope: Scope) -> str:
        first, second = self.value(left, scope), self.value(right, scope)
        if op in ("+", "-", "*"):
            return self._exact(e, f"({first} {op} {second})")
        low, high = interval(right)
        if low > 0 or high < 0:
            return f"({first} {op} {second})"
        name = "divide" if op == "//" else "remainder"
        check = self.check(name, None, e, lambda: checks.dividing(op, e.span))
        return f"{check}({bare(first)}, {bare(second)})"

    def _exact(self, e: ir.Expr, text: str) -> str:
        low, high = interval(e)
        if low >= -domains.WIDE and high <= domains.WIDE:
            return text
        return f"{self.check('exact', None, e, lambda: checks.within(e.span))}{text}"

    # ----------------------------------------------------------------------------------- questions

    def _question(self, e: _Question, scope: Scope) -> str:
        match e:
            case ir.Contains(item, container):
                if isinstance(container.type, domains.Set):
                    bit = self.bit(container.type.item, item, scope)
                    return f"({bit} & {self.value(container, scope)} != 0)"
                return f"({self.value(item, scope)} in {self.value(container, scope)})"
            case ir.Size(item):
                text = self.value(item, scope)
                number = f"({text})" if text.isdigit() else text
                return f"{number}.bit_count()" if isinstance(item.type, domains.Set) else f"len({bare(text)})"
            case ir.Count(container, item):
                return f"{self.value(container, scope)}.count({bare(self.value(item, scope))})"
            case ir.Is(item, record):
                return self._is(e, item, record, scope)
        assert_never(e)

    def _is(self, e: ir.Is, item: ir.Expr, record: domains.Record, scope: Scope) -> str:
        text, kind = self.value(item, scope), item.type
        match kind:
            case domains.Union(records) if record in records:
                return f"({text}[0] == {records.index(record)})"
            case domains.Optional(domains.Union(records)) if record in records and is_simple(text):
                return f"({text} is not None and {text}[0] == {records.index(record)})"
            case domains.Optional(inner) if inner == record:
                return f"({text} is not None)"
        return f"{self.check('is', record, e, lambda: checks.fitting(kind, record))}({bare(text)})"

    # -------------------------------------------------------------------------------- whole values

    def _whole(self, e: ir.Make | ir.Replace | ir.Collect | ir.Call, scope: Scope) -> str:
        match e:
            case ir.Make(items):
                return display([bare(self.value(item, scope)) for item in items])
            case ir.Replace(item, changes):
                return self._replace(e, item, changes, scope)
            case ir.Collect(items):
                return self._collect(e, items, scope)
            case ir.Call(function, arguments, before):
                helper = self._helpers[function]
                here = scope.before if before else scope.state
                texts = [bare(self.value(argument, scope)) for argument in arguments]
                texts += [here[name] for name in helper.reads] + [scope.before[name] for name in helper.reads_before]
                return f"{helper.name}({', '.join(texts)})"
        assert_never(e)

    def _replace(self, e: ir.Replace, item: ir.Expr, changes: tuple[tuple[str, ir.Expr], ...], scope: Scope) -> str:
        assert isinstance(item.type, domains.Record)
        names = [name for name, _ in item.type.fields]
        changed = [names.index(name) for name, _ in changes]
        replaced = self.pool.name(
            f"with_{'_'.join(name for name, _ in changes)}", item.type, (), lambda: _replacing(len(names), changed)
        )
        texts = [self.value(item, scope), *(self.value(change, scope) for _, change in changes)]
        return f"{replaced}({', '.join(map(bare, texts))})"

    def _collect(self, e: ir.Collect, items: tuple[ir.Expr, ...], scope: Scope) -> str:
        match e.type:
            case domains.Set(item):
                bits = [self.bit(item, one, scope) for one in items]
                return f"({' | '.join(dict.fromkeys(bits))})" if bits else "0"
            case domains.Tuple():
                return display([bare(self.value(one, scope)) for one in items])
            case domains.Seq(_, _, capacity) if len(items) <= capacity:
                return display([bare(self.value(one, scope)) for one in items])
        text = display([bare(self.value(one, scope)) for one in items])
        return f"{self.check('collect', e.type, e, lambda: checks.collecting(e.type, e.span))}({text})"


def logic(op: str, texts: list[str]) -> str:
    """`and` or `or` of texts, leaving out what is already decided."""
    neutral, deciding = ("True", "False") if op == "and" else ("False", "True")
    kept: list[str] = []
    for text in texts:
        if text != neutral:
            kept.append(text)
        if text == deciding:
            break
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else f"({f' {op} '.join(kept)})"


def display(texts: list[str]) -> str:
    """A tuple of these texts."""
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def _free_conversion(source: Type, target: Type, item: ir.Expr) -> str | None:
    """A format for conversions that cannot fail and cost next to nothing; None where a check is needed."""
    match source, target:
        case _ if source == target:
            return "{}"
        case domains.Bool(), domains.Int():
            return "int({})"
        case ((domains.Int() | domains.Range()), domains.Int()):
            return "{}"
        case ((domains.Int() | domains.Range()), domains.Range(_, low, high)):
            known = interval(item)
            return "{}" if low <= known[0] and known[1] <= high else None
        case domains.Record(), domains.Union(records) if source in records:
            return f"({records.index(source)}, {{}})"
        case domains.Optional(), _:
            return "{}" if isinstance(target, domains.Optional) and source.item == target.item else None
        case _, domains.Optional(inner):
            return _free_conversion(source, inner, item)
    return None


def _own_position(kind: Type) -> bool:
    """Whether a value of the type is its own position."""
    match kind:
        case domains.Sort() | domains.Enumeration() | domains.Bool() | domains.Set():
            return True
        case domains.Range(_, low) | domains.Int(low):
            return low == 0
    return False


def condition(text: str) -> str:
    """A test after an `if` inside an expression: bare, unless it contains a choice itself."""
    return text if " else " in text else bare(text)


def bare(text: str) -> str:
    """A text without the parentheses around all of it, where it stands alone."""
    if not (text.startswith("(") and text.endswith(")")) or text.endswith(",)"):
        return text
    depth, comma = 0, False
    for index, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        comma = comma or (sign == "," and depth == 1)
        if depth == 0 and index < len(text) - 1:
            return text
    return text if comma or text == "()" else text[1:-1]


def _replacing(size: int, changed: list[int]) -> Callable[..., Plain]:
    def replaced(record: Plain, *values: Plain) -> Plain:
        parts = list(record)
        for position, value in zip(changed, values, strict=True):
            parts[position] = value
        return tuple(parts)

    return replaced


_SUBSET: dict[str, Callable[[int, int], bool]] = {
    "<": lambda left, right: left != right and left & ~right == 0,
    "<=": lambda left, right: left & ~right == 0,
    ">": lambda left, right: left != right and right & ~left == 0,
    ">=": lambda left, right: right & ~left == 0,
}
