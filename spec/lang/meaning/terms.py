"""Expressions of the tree as text of the surface language.

The reader inserts conversions where a context wants a type; printing leaves exactly those out, and writes the others
as `Epoch(n)` or `cast(Vote, m)`, so that a printed text reads back as the same tree. For reports everything that is
not for people is left out: `phase[a] is Phase.COMMITTED`.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

from .. import domains, ir
from ..domains import Plain, Type

# How strongly a form binds, as in Python's grammar; a weaker form inside a stronger one gets parentheses.
_IF, _OR, _AND, _NOT, _COMPARE, _BAR, _ET, _SUM, _PRODUCT, _UNARY, _ATOM = range(11)
_ARITHMETIC = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT}
_ALGEBRA = {"|": _BAR, "&": _ET, "-": _SUM}


def print_expr(expression: ir.Expr) -> str:
    """The expression as a report shows it: without `self.` and without conversions."""
    return Printer({}, report=True).text(expression)


class Printer:
    """Prints expressions; `functions` gives the parameter types of helpers."""

    def __init__(self, functions: Mapping[str, ir.Function], report: bool = False) -> None:
        self._functions = functions
        self._report = report

    def text(self, e: ir.Expr, want: Type | None = None, level: int = _IF, unwraps: bool = False) -> str:
        """The expression, in parentheses if it binds less than `level`.

        `want` is the type that the reader fits the expression to at this place; where it `unwraps`, it takes an
        optional apart by itself.
        """
        text, own = self._form(e, want, unwraps)
        return f"({text})" if own < level else text

    def _form(self, e: ir.Expr, want: Type | None, unwraps: bool) -> tuple[str, int]:
        match e:
            case ir.Literal(value, name):
                return self._literal(e, value, name, want)
            case ir.Convert(item):
                return self._convert(e, item, want, unwraps)
            case ir.Read() | ir.Local() | ir.Field() | ir.At() | ir.End() | ir.Slice():
                return self._place(e), _ATOM
            case ir.Not() | ir.Negate() | ir.Logic() | ir.Arithmetic() | ir.SetAlgebra() | ir.Concat():
                return self._operator(e, want)
            case ir.Compare(op, left, right):
                return self._compare(op, left, right), _COMPARE
            case ir.IfElse(test, then, otherwise):
                return self._if_else(e, test, then, otherwise, want), _IF
            case ir.Contains(item, container):
                return self._contains(item, container), _COMPARE
            case ir.Size() | ir.Count() | ir.Is() | ir.Make() | ir.Replace() | ir.Collect() | ir.Call():
                return self._whole(e, want), _ATOM
            case ir.Comprehension() | ir.Quantified() | ir.Sum() | ir.Best():
                return self._bound(e, want), _ATOM
        assert_never(e)

    # -------------------------------------------------------------------------------- literals, types

    def _literal(self, e: ir.Literal, value: Plain, name: str | None, want: Type | None) -> tuple[str, int]:
        kind = e.type.item if isinstance(e.type, domains.Optional) and value is not None else e.type
        text = name or literal_text(kind, value)
        if isinstance(kind, domains.Range) and want not in (kind, e.type) and not self._report:
            text = f"{kind.name}({text})"
        if kind != e.type and want != e.type and value is not None and not self._report:
            return f"cast({domains.describe(e.type)}, {text})", _ATOM
        return text, _UNARY if text.startswith("-") else _ATOM

    def _convert(self, e: ir.Convert, item: ir.Expr, want: Type | None, unwraps: bool) -> tuple[str, int]:
        source, target = item.type, e.type
        implied = isinstance(target, domains.Int) or (want == target and _keeps(item))
        takes_apart = unwraps and isinstance(source, domains.Optional) and source.item == target
        if self._report or implied or takes_apart:
            return self._form(item, None, False)
        if isinstance(target, domains.Range) and isinstance(source, domains.Int | domains.Range):
            return f"{target.name}({self.text(item, None, _IF, True)})", _ATOM
        return f"cast({domains.describe(target)}, {self._fitted(item, target)})", _ATOM

    def _fitted(self, item: ir.Expr, target: Type) -> str:
        """The argument of a `cast`: what the reader makes of it on the way to the type is left out."""
        if isinstance(item, ir.Convert) and isinstance(item.item.type, domains.Optional):
            inner = item.item
            if inner.type == domains.Optional(item.type) and not isinstance(target, domains.Optional):
                item = inner
        return self.text(item)

    # -------------------------------------------------------------------------------------- places

    def _place(self, e: ir.Read | ir.Local | ir.Field | ir.At | ir.End | ir.Slice) -> str:
        match e:
            case ir.Read(variable, before):
                return f"before.{variable}" if before else variable if self._report else f"self.{variable}"
            case ir.Local(name):
                return name
            case ir.Field(item, name):
                return f"{self._owner(item)}.{name}"
            case ir.At(item, key):
                return f"{self._owner(item)}[{self.key(item.type, key)}]"
            case ir.End(item, which):
                return f"{self._owner(item)}.{which}"
            case ir.Slice(item, low, high):
                first, last = (self.text(bound, None, _IF, True) if bound else "" for bound in (low, high))
                return f"{self._owner(item)}[{first}:{last}]"
        assert_never(e)

    def _owner(self, item: ir.Expr) -> str:
        return self.text(item, None, _ATOM, True)

    def key(self, whole: Type, key: ir.Expr) -> str:
        """The key of an entry of a map, or the position of an item of a sequence."""
        return self.text(key, whole.key) if isinstance(whole, domains.Map) else self.text(key, None, _IF, True)

    # ----------------------------------------------------------------------------------- operators

    def _operator(
        self, e: ir.Not | ir.Negate | ir.Logic | ir.Arithmetic | ir.SetAlgebra | ir.Concat, want: Type | None
    ) -> tuple[str, int]:
        match e:
            case ir.Not(ir.Contains(item, container)):
                return self._contains(item, container, "not in"), _COMPARE
            case ir.Not(item):
                return f"not {self.text(item, None, _NOT)}", _NOT
            case ir.Negate(item):
                return f"-{self.text(item, None, _ATOM, True)}", _UNARY
            case ir.Logic(op, items):
                level = _OR if op == "or" else _AND
                return f" {op} ".join(self.text(item, None, level + 1) for item in items), level
            case ir.Arithmetic(op, left, right):
                level = _ARITHMETIC[op]
                first, second = self.text(left, None, level, True), self.text(right, None, level + 1, True)
                return f"{first} {op} {second}", level
            case ir.SetAlgebra(op, left, right):
                level = _ALGEBRA[op]
                first, second = self.text(left, want, level, True), self.text(right, left.type, level + 1)
                return f"{first} {op} {second}", level
            case ir.Concat(left, right):
                return f"{self.text(left, want, _SUM, True)} + {self.text(right, left.type, _PRODUCT)}", _SUM
        assert_never(e)

    def _compare(self, op: str, left: ir.Expr, right: ir.Expr) -> str:
        orders = op not in ("==", "!=")
        first, second = self._pair(left, right, _BAR, orders)
        if not orders and (_is_named(right) or _is_named(left)):
            op = "is" if op == "==" else "is not"
        return f"{first} {op} {second}"

    def _pair(self, left: ir.Expr, right: ir.Expr, level: int, ranks: bool = False) -> tuple[str, str]:
        """Two expressions of which the reader widens one to the type of the other."""
        first, second = left, right
        if isinstance(left, ir.Convert) and _widens(left) and not _is_converted(right):
            first = left.item
        elif isinstance(right, ir.Convert) and _widens(right) and not _is_converted(left):
            second = right.item
        one, other = self._ranked(first, level, ranks), self._ranked(second, level, ranks)
        if left.type == right.type and isinstance(left.type, domains.Optional):
            # A literal beside an optional is widened as well.
            one = self.text(left, left.type, level) if isinstance(left, ir.Literal) else one
            other = self.text(right, left.type, level) if isinstance(right, ir.Literal) else other
        return one, other

    def _ranked(self, e: ir.Expr, level: int, ranks: bool) -> str:
        if ranks and isinstance(e, ir.Collect) and isinstance(e.type, domains.Tuple):
            return display([self.text(item, None, _IF, True) for item in e.items])
        return self.text(e, e.type if isinstance(e, ir.Literal) and e.value is None else None, level, ranks)

    def _if_else(self, e: ir.IfElse, test: ir.Expr, then: ir.Expr, otherwise: ir.Expr, want: Type | None) -> str:
        if want == e.type and not isinstance(want, domains.Int | domains.Range):
            first, second = self.text(then, want, _OR), self.text(otherwise, want, _IF)
        elif _is_none(then) or _is_none(otherwise):
            first, second = self.text(then, e.type, _OR), self.text(otherwise, e.type, _IF)
        else:
            first, second = self._pair(then, otherwise, _OR)
        return f"{first} if {self.text(test, None, _OR)} else {second}"

    def _contains(self, item: ir.Expr, container: ir.Expr, word: str = "in") -> str:
        if isinstance(container, ir.Collect) and isinstance(container.type, domains.Tuple):
            texts = [self._pair(item, choice, _IF) for choice in container.items]
            return f"{self._pair(item, container.items[0], _BAR)[0]} {word} {display([t for _, t in texts])}"
        assert isinstance(container.type, domains.Set | domains.Seq | domains.Bag)
        first = self.text(item, container.type.item, _BAR)
        return f"{first} {word} {self.text(container, None, _BAR, True)}"

    # -------------------------------------------------------------------------------- whole values

    def _whole(
        self, e: ir.Size | ir.Count | ir.Is | ir.Make | ir.Replace | ir.Collect | ir.Call, want: Type | None
    ) -> str:
        match e:
            case ir.Size(item):
                return f"len({self.text(item, None, _IF, True)})"
            case ir.Count(container, item):
                assert isinstance(container.type, domains.Seq | domains.Bag)
                return f"{self._owner(container)}.count({self.text(item, container.type.item)})"
            case ir.Is(item, record):
                return f"isinstance({self.text(item)}, {record.name})"
            case ir.Make(items):
                assert isinstance(e.type, domains.Record)
                pairs = zip(e.type.fields, items, strict=True)
                given = [(name, item, kind) for (name, kind), item in pairs if not _is_default(item)]
                return f"{e.type.name}({', '.join(f'{name}={self.text(i, k)}' for name, i, k in given)})"
            case ir.Replace(item, changes):
                return f"{self._owner(item)}.replace({self._changes(item.type, changes)})"
            case ir.Collect(items):
                return self._collect(e, items, want)
            case ir.Call(function, arguments, before):
                return self.call(function, arguments, before)
        assert_never(e)

    def _changes(self, kind: Type, changes: tuple[tuple[str, ir.Expr], ...]) -> str:
        assert isinstance(kind, domains.Record)
        kinds = dict(kind.fields)
        return ", ".join(f"{name}={self.text(change, kinds[name])}" for name, change in changes)

    def _collect(self, e: ir.Collect, items: tuple[ir.Expr, ...], want: Type | None) -> str:
        match e.type:
            case domains.Tuple():
                return display([self.text(item) for item in items])
            case domains.Set(kind):
                if self._report:
                    return f"{{{', '.join(self.text(item) for item in items)}}}" if items else "{}"
                first = kind if want == e.type else None
                texts = [self.text(item, kind if number else first) for number, item in enumerate(items)]
                return f"Set({display(texts)})" if items else "Set()"
            case domains.Seq(name, kind, _) | domains.Bag(name, kind, _):
                return f"{name}({display([self.text(item, kind) for item in items])})" if items else f"{name}()"
        raise AssertionError(f"{e.span}: {domains.describe(e.type)} is not collected")

    def call(self, function: str, arguments: Sequence[ir.Expr], before: bool = False) -> str:
        """A call of a helper."""
        helper = self._functions.get(function)
        kinds = [param.type for param in helper.params] if helper else [argument.type for argument in arguments]
        texts = [self.text(argument, kind) for argument, kind in zip(arguments, kinds, strict=True)]
        own = function.removeprefix("self.")
        owner = "" if own == function else "before." if before else "" if self._report else "self."
        return f"{owner}{own}({', '.join(texts)})"

    # ------------------------------------------------------------------------------------- binders

    def _bound(self, e: ir.Comprehension | ir.Quantified | ir.Sum | ir.Best, want: Type | None) -> str:
        match e:
            case ir.Quantified(op, binders, body):
                return f"{op}({self.text(body)} {self.clauses(binders)})"
            case ir.Sum(binders, body):
                return f"sum({self.text(body, None, _IF, True)} {self.clauses(binders)})"
            case ir.Best():
                return self._best(e)
            case ir.Comprehension(binders, body):
                return self._comprehension(e, binders, body, want)
        assert_never(e)

    def _comprehension(
        self, e: ir.Comprehension, binders: tuple[ir.Binder, ...], body: ir.Expr, want: Type | None
    ) -> str:
        match e.type:
            case domains.Map(_, kind):
                own = self.text(body, kind if want == e.type else None)
                return f"Map({{{binders[0].name}: {own} {self.clauses(binders)}}})"
            case domains.Set(kind):
                own = f"{self.text(body, kind if want == e.type else None)} {self.clauses(binders)}"
                return f"{{{own}}}" if self._report else f"Set({own})"
            case domains.Seq(name, kind, _) | domains.Bag(name, kind, _):
                return f"{name}({self.text(body, kind)} {self.clauses(binders)})"
        raise AssertionError(f"{e.span}: {domains.describe(e.type)} is not comprehended")

    def _best(self, e: ir.Best) -> str:
        candidates = f"{self.text(e.body)} {self.clauses(e.binders)}"
        options: list[str] = []
        if e.key is not None:
            options.append(f"key=lambda {e.key_name}: {self._ranked(e.key, _IF, True)}")
        if e.default is not None:
            kind = None if isinstance(e.body.type, domains.Int | domains.Range) else e.body.type
            options.append(f"default={self.text(e.default, kind)}")
        return f"{e.op}({', '.join([f'({candidates})', *options]) if options else candidates})"

    def clauses(self, binders: tuple[ir.Binder, ...]) -> str:
        """`for x in … if …`, once per binder."""
        texts: list[str] = []
        for binder in binders:
            texts.append(f"for {binder.name} in {self.domain(binder.domain, _OR)}")
            texts += [f"if {self.text(condition, None, _OR)}" for condition in binder.conditions]
        return " ".join(texts)

    def domain(self, domain: "ir.Every | ir.Interval | ir.Expr", level: int = _IF) -> str:
        """What a name ranges over."""
        match domain:
            case ir.Every(kind):
                return domains.describe(kind)
            case ir.Interval(low, high):
                ends = [self.text(end, None, _IF, True) for end in (low, high)]
                return f"range({ends[1]})" if ends[0] == "0" else f"range({', '.join(ends)})"
            case ir.Collect(items) if isinstance(domain.type, domains.Tuple):
                # Numbers are joined, not fitted to the first of them.
                first = domain.type.items[0]
                wanted: Type | None = None if isinstance(first, domains.Int | domains.Range) else first
                return display([self.text(item, wanted if number else None) for number, item in enumerate(items)])
            case _:
                return self.text(domain, None, level, True)


def literal_text(kind: Type, value: Plain) -> str:
    """A value of a type as an expression of the language; elements of sorts, which have none, as they are shown."""
    match kind:
        case domains.Record(name, fields):
            pairs = zip(fields, value, strict=True)
            return f"{name}({', '.join(f'{own}={literal_text(item, part)}' for (own, item), part in pairs)})"
        case domains.Union(records):
            return literal_text(records[value[0]], value[1])
        case domains.Optional(item):
            return "None" if value is None else literal_text(item, value)
        case domains.Set(item):
            members = [literal_text(item, member) for member in domains.members_of(kind, value)]
            return f"Set({display(members)})" if members else "Set()"
        case domains.Seq(name, item, _) | domains.Bag(name, item, _):
            return f"{name}({display([literal_text(item, part) for part in value])})" if value else f"{name}()"
    return domains.show(kind, value)


def display(texts: list[str]) -> str:
    """A tuple of these texts."""
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def _keeps(item: ir.Expr) -> bool:
    """Whether the reader leaves an expression as it is when a type is wanted of it, and converts the whole."""
    if isinstance(item.type, domains.Int | domains.Range):
        return True
    return not isinstance(item, ir.IfElse | ir.Comprehension | ir.Collect | ir.SetAlgebra | ir.Concat)


def _widens(e: ir.Convert) -> bool:
    target = e.type
    return isinstance(target, domains.Optional | domains.Union) and not isinstance(e.item.type, domains.Optional)


def _is_converted(e: ir.Expr) -> bool:
    return isinstance(e, ir.Convert) and not isinstance(e.type, domains.Int)


def _is_none(e: ir.Expr) -> bool:
    return isinstance(e, ir.Literal) and e.value is None


def _is_named(e: ir.Expr) -> bool:
    """Whether people compare with `is`: None and members of an Enum."""
    if not isinstance(e, ir.Literal):
        return False
    kind = e.type.item if isinstance(e.type, domains.Optional) else e.type
    return e.value is None or isinstance(kind, domains.Enumeration)


def _is_default(e: ir.Expr) -> bool:
    """Whether a field was not given: the reader makes literals of whole records and collections of defaults only."""
    return isinstance(e, ir.Literal) and isinstance(
        e.type, domains.Record | domains.Union | domains.Map | domains.Set | domains.Seq | domains.Bag
    )
