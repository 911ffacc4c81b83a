"""Expressions: literals, names, attributes, operators, comparisons, items and slices.

Calls and comprehensions are read by their own files, which come back here through `Scope.expr`.
"""

import ast
from enum import Enum
from typing import Any, Literal

from .. import cures, domains, ir
from ..domains import Bag, Bool, Enumeration, Int, Map, Optional, Range, Record, Seq, Set, Sort, Tuple, Type, Union
from ..hints import HintError, domain_of
from ..vocabulary import Constant, variant
from .calls import read_call
from .comprehensions import read_set_comprehension
from .fit import bounds, bounds_of, condition, fit, number, rankable, unwrapped, widen
from .scope import MISSING, Scope, Stop


def read_expression(scope: Scope, node: ast.expr, want: Type | None) -> ir.Expr:
    """Reads any expression of the language; refuses everything else."""
    match node:
        case ast.Constant():
            return _constant(scope, node, want)
        case ast.Name():
            return _name(scope, node)
        case ast.Attribute():
            return _attribute(scope, node)
        case ast.BoolOp():
            return _logic(scope, node)
        case ast.UnaryOp():
            return _unary(scope, node, want)
        case ast.BinOp():
            return _binary(scope, node, want)
        case ast.Compare():
            return _comparisons(scope, node)
        case ast.IfExp():
            return _if_else(scope, node, want)
        case ast.Subscript():
            return _subscript(scope, node)
        case ast.Tuple():
            items = tuple(scope.expr(item) for item in node.elts)
            return ir.Collect(items, type=Tuple(tuple(item.type for item in items)), span=scope.span(node))
        case ast.Set():
            return _set_display(scope, node, want)
        case ast.SetComp():
            return read_set_comprehension(scope, node, want)
        case ast.Call():
            return read_call(scope, node, want)
        case _:
            return _refuse(scope, node)


_REFUSED: dict[type[ast.expr], tuple[str, str]] = {
    ast.Lambda: ("E106", "a lambda stands here"),
    ast.List: ("E121", "a list stands here"),
    ast.ListComp: ("E121", "a list stands here"),
    ast.Dict: ("E122", "a dictionary stands here"),
    ast.DictComp: ("E122", "a dictionary stands here"),
    ast.GeneratorExp: ("E123", "a generator stands on its own"),
    ast.JoinedStr: ("E115", "a string stands here"),
    ast.NamedExpr: ("E116", "an assignment stands inside an expression"),
    ast.Starred: ("E117", "a starred expression stands here"),
    ast.Await: ("E110", "'await' is not in the language"),
    ast.Yield: ("E110", "'yield' is not in the language"),
    ast.YieldFrom: ("E110", "'yield' is not in the language"),
}


def _refuse(scope: Scope, node: ast.expr) -> ir.Expr:
    code, message = _REFUSED.get(type(node), ("E100", f"{type(node).__name__} is not in the language"))
    scope.refuse(code, node, message)


def _constant(scope: Scope, node: ast.Constant, want: Type | None) -> ir.Expr:
    span = scope.span(node)
    match node.value:
        case bool(value):
            return ir.Literal(value, type=Bool(), span=span)
        case int(value):
            return integer(scope, node, value)
        case None:
            if not isinstance(want, Optional):
                message = f"{domains.a(want)} is never None" if want else "None alone does not say of which type it is"
                scope.refuse("E509", node, message, "annotate the name: `x: Server | None = None`")
            return ir.Literal(None, type=want, span=span)
        case str():
            scope.refuse("E115", node, "a string stands here")
        case float() | complex():
            scope.refuse("E124", node, f"{node.value} is not a whole number")
        case _:
            scope.refuse("E100", node, f"{ast.unparse(node)} is not in the language")


def integer(scope: Scope, node: ast.AST, value: int, name: str | None = None) -> ir.Literal:
    """A number known now."""
    if abs(value) > domains.WIDE:
        scope.refuse("E515", node, f"{value} is too large")
    return ir.Literal(value, name, type=Int(value, value), span=scope.span(node))


def _name(scope: Scope, node: ast.Name) -> ir.Expr:
    if node.id in scope.refused:
        raise Stop(None)
    if node.id in scope.unassigned:
        scope.refuse("E404", node, f"{node.id!r} may have no value here")
    if node.id in scope.locals:
        return ir.Local(node.id, type=scope.locals[node.id], span=scope.span(node))
    if node.id in (scope.self_name, scope.before_name):
        scope.refuse("E408", node, f"{node.id!r} stands on its own")
    value = scope.static(node)
    if value is MISSING:
        known = [*scope.locals, *(n for n in scope.globals if not n.startswith("_"))]
        cure = f"did you mean `self.{node.id}`?" if node.id in scope.variables else cures.nearest(node.id, known)
        scope.refuse("E401", node, f"nothing is called {node.id!r}", cure)
    return _global(scope, node, node.id, value)


def _global(scope: Scope, node: ast.expr, name: str, value: Any) -> ir.Expr:
    match value:
        case Constant():
            return integer(scope, node, int(value), name)
        case _ if type(value) is variant:
            return ir.Literal(bool(value), name, type=Bool(), span=scope.span(node))
        case bool():
            return ir.Literal(value, name, type=Bool(), span=scope.span(node))
        case Enum():
            return _member(scope, node, type(value), value.name)
        case int():
            return integer(scope, node, value, name)
        case type():
            cure = f"take a value: `for x in {name}`, or a parameter `x: {name}`"
            scope.refuse("E409", node, f"{name} is a type, not a value", cure)
        case _ if callable(value):
            scope.refuse("E409", node, f"{name} is a function and is not called here", f"call it: `{name}(…)`")
        case _:
            scope.refuse("E405", node, f"the value of {name!r} is not one of the language")


def _member(scope: Scope, node: ast.expr, enum: type[Enum], name: str) -> ir.Expr:
    kind = domain_of(enum)
    assert isinstance(kind, Enumeration)
    canonical = enum[name].name
    return ir.Literal(kind.members.index(canonical), type=kind, span=scope.span(node))


def _attribute(scope: Scope, node: ast.Attribute) -> ir.Expr:
    owner = scope.static(node.value)
    if isinstance(owner, type) and issubclass(owner, Enum):
        if node.attr not in owner.__members__:
            scope.refuse(
                "E402",
                node,
                f"{owner.__name__} has no member {node.attr!r}",
                cures.one_of(node.attr, owner.__members__, "its members are"),
            )
        return _member(scope, node, owner, node.attr)
    value = scope.static(node)
    if value is not MISSING:
        return _global(scope, node, node.attr, value)
    if isinstance(node.value, ast.Name) and node.value.id in (scope.self_name, scope.before_name):
        return _state_read(scope, node, node.value.id == scope.before_name)
    if owner is not MISSING and not isinstance(owner, Constant | Enum):
        scope.refuse(
            "E402", node, f"{ast.unparse(node.value)} has nothing called {node.attr!r} that the language knows"
        )
    return field_of(scope, node, unwrapped(scope.expr(node.value)), node.attr)


def _state_read(scope: Scope, node: ast.Attribute, before: bool) -> ir.Expr:
    variable = scope.variables.get(node.attr)
    if variable is None:
        scope.stop_where_declared(node.attr)
        if callable(getattr(scope.spec_class, node.attr, None)):
            scope.refuse(
                "E409", node, f"{node.attr} is a method and is not called here", f"call it: `self.{node.attr}(…)`"
            )
        scope.refuse(
            "E402",
            node,
            f"there is no state variable {node.attr!r}",
            cures.one_of(node.attr, scope.variables, "the state variables are"),
        )
    return ir.Read(variable.name, before, type=variable.type, span=scope.span(node))


def field_of(scope: Scope, node: ast.AST, item: ir.Expr, name: str) -> ir.Expr:
    """A field of a record or union, or the first or last item of a sequence."""
    span = scope.span(node)
    match item.type:
        case Seq(_, kind, _) if name in ("first", "last"):
            which: Literal["first", "last"] = "first" if name == "first" else "last"
            return ir.End(item, which, type=kind, span=span)
        case Record() as record:
            found = {record.field(name)} - {None}
        case Union(records):
            found = {record.field(name) for record in records} - {None}
        case _:
            found = set()
    kinds = sorted({entry[1] for entry in found if entry}, key=domains.describe)
    if not kinds:
        shown = domains.a(item.type)
        scope.refuse("E402", node, f"{shown} has no {name!r}", cures.no_field(item.type, name))
    if len(kinds) > 1:
        shown = " or ".join(domains.a(kind) for kind in kinds)
        scope.refuse("E410", node, f"{name!r} is {shown}, depending on the record", "use `match` to tell them apart")
    return ir.Field(item, name, type=kinds[0], span=span)


def _logic(scope: Scope, node: ast.BoolOp) -> ir.Expr:
    """`and` and `or`; literals (a variant that is off, say) disappear."""
    op: Literal["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
    items = [condition(scope, value) for value in node.values]
    decides = op == "or"
    kept: list[ir.Expr] = []
    for item in items:
        if isinstance(item, ir.Literal) and item.value is not decides:
            continue
        kept.append(item)
        if isinstance(item, ir.Literal):
            break
    if not kept:
        return ir.Literal(not decides, type=Bool(), span=scope.span(node))
    return kept[0] if len(kept) == 1 else ir.Logic(op, tuple(kept), type=Bool(), span=scope.span(node))


def _unary(scope: Scope, node: ast.UnaryOp, want: Type | None) -> ir.Expr:
    span = scope.span(node)
    match node.op:
        case ast.Not():
            item = condition(scope, node.operand)
            if isinstance(item, ir.Literal):
                return ir.Literal(not item.value, type=Bool(), span=span)
            return ir.Not(item, type=Bool(), span=span)
        case ast.USub():
            item = number(scope, node.operand)
            if isinstance(item, ir.Literal):
                return integer(scope, node, -item.value)
            low, high = bounds(item.type)
            return ir.Negate(item, type=Int(-high, -low), span=span)
        case _:
            scope.refuse("E100", node, f"{ast.unparse(node)} is not in the language")


_OPERATORS: dict[type[ast.operator], Literal["+", "-", "*", "//", "%"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_SET_OPERATORS: dict[type[ast.operator], Literal["|", "&", "-"]] = {ast.BitOr: "|", ast.BitAnd: "&", ast.Sub: "-"}


def _binary(scope: Scope, node: ast.BinOp, want: Type | None) -> ir.Expr:
    left = unwrapped(scope.expr(node.left, want))
    return binary(scope, node, node.op, left, node.right)


def binary(scope: Scope, node: ast.AST, op: ast.operator, left: ir.Expr, right_node: ast.expr) -> ir.Expr:
    """`left op right`: arithmetic on numbers, algebra of sets, `+` of sequences."""
    span = scope.span(node)
    if isinstance(left.type, Set) and type(op) in _SET_OPERATORS:
        right = fit(scope, right_node, scope.expr(right_node, left.type), left.type)
        return ir.SetAlgebra(_SET_OPERATORS[type(op)], left, right, type=left.type, span=span)
    if isinstance(left.type, Seq) and isinstance(op, ast.Add):
        right = fit(scope, right_node, scope.expr(right_node, left.type), left.type)
        return ir.Concat(left, right, type=left.type, span=span)
    if type(op) not in _OPERATORS:
        cure = "division is `//`" if isinstance(op, ast.Div) else None
        scope.refuse("E125", node, "this operator is not in the language", cure)
    if not isinstance(left.type, Int | Range):
        scope.refuse("E505", node, f"the left side is {domains.a(left.type)}, not a number", cures.number(left.type))
    return arithmetic(scope, node, _OPERATORS[type(op)], left, number(scope, right_node))


def arithmetic(
    scope: Scope, node: ast.AST, op: Literal["+", "-", "*", "//", "%"], left: ir.Expr, right: ir.Expr
) -> ir.Expr:
    """Exact arithmetic, with the bounds of its result."""
    low, high = _result_bounds(op, bounds(left.type), bounds(right.type))
    clipped = Int(max(low, -domains.WIDE), min(high, domains.WIDE))
    return ir.Arithmetic(op, left, right, type=clipped, span=scope.span(node))


def _result_bounds(op: str, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    (a, b), (c, d) = left, right
    match op:
        case "+":
            return a + c, b + d
        case "-":
            return a - d, b - c
        case "*":
            corners = (a * c, a * d, b * c, b * d)
            return min(corners), max(corners)
        case "//":
            largest = max(abs(a), abs(b))
            return (0, largest) if a >= 0 and c > 0 else (-largest - 1, largest + 1)
        case _:
            return (0, d - 1) if c > 0 else (min(c, 0), max(d, 0))


def _comparisons(scope: Scope, node: ast.Compare) -> ir.Expr:
    operands = [node.left, *node.comparators]
    parts = [_comparison(scope, node, op, operands[n], operands[n + 1]) for n, op in enumerate(node.ops)]
    return parts[0] if len(parts) == 1 else ir.Logic("and", tuple(parts), type=Bool(), span=scope.span(node))


_COMPARISONS: dict[type[ast.cmpop], Literal["==", "!=", "<", "<=", ">", ">="]] = {
    ast.Eq: "==",
    ast.Is: "==",
    ast.NotEq: "!=",
    ast.IsNot: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def _comparison(scope: Scope, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> ir.Expr:
    span = scope.span(node)
    if isinstance(op, ast.In | ast.NotIn):
        test = _contains(scope, left, right, span)
        return ir.Not(test, type=Bool(), span=span) if isinstance(op, ast.NotIn) else test
    sign = _COMPARISONS[type(op)]
    if sign in ("==", "!="):
        first, second = _equated(scope, node, left, right)
    else:
        first, second = _ordered(scope, node, left, right)
    return ir.Compare(sign, first, second, type=Bool(), span=span)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _equated(scope: Scope, node: ast.AST, left: ast.expr, right: ast.expr) -> tuple[ir.Expr, ir.Expr]:
    if _is_none(left):
        left, right = right, left
    first = scope.expr(left)
    if _is_none(right):
        if not isinstance(first.type, Optional):
            scope.refuse("E502", node, f"{domains.a(first.type)} is never None")
        return first, ir.Literal(None, type=first.type, span=scope.span(right))
    second = scope.expr(right, first.type)
    return _same_type(scope, node, first, second)


def _same_type(scope: Scope, node: ast.AST, first: ir.Expr, second: ir.Expr) -> tuple[ir.Expr, ir.Expr]:
    if isinstance(first.type, Int | Range) and isinstance(second.type, Int | Range):
        return first, second
    if (wider := widen(second, first.type)) is not None:
        return first, wider
    if (wider := widen(first, second.type)) is not None:
        return wider, second
    shown = f"{domains.a(first.type)} with {domains.a(second.type)}"
    scope.refuse("E502", node, f"this compares {shown}")


def _ordered(scope: Scope, node: ast.AST, left: ast.expr, right: ast.expr) -> tuple[ir.Expr, ir.Expr]:
    first = rankable(scope.expr(left))
    second = rankable(scope.expr(right, first.type))
    first, second = _same_type(scope, node, first, second)
    if not (is_ordered(first.type) or isinstance(first.type, Set)):
        kinds = first.type.items if isinstance(first.type, Tuple) else (first.type,)
        sorts = [kind.name for kind in kinds if isinstance(kind, Sort) and not kind.ordered]
        cure = f"declare `class {sorts[0]}(…, ordered=True)`" if sorts else None
        scope.refuse("E503", node, f"{domains.a(first.type)} has no order", cure)
    return first, second


def is_ordered(kind: Type) -> bool:
    """Whether `<` has a meaning for values of a type."""
    match kind:
        case Int() | Range():
            return True
        case Sort(_, _, ordered):
            return ordered
        case Record(_, fields, ordered):
            return ordered and all(is_ordered(item) for _, item in fields)
        case Tuple(items):
            return all(is_ordered(item) for item in items)
        case _:
            return False


def _contains(scope: Scope, left: ast.expr, right: ast.expr, span: ir.Span) -> ir.Expr:
    item = scope.expr(left)
    container = unwrapped(scope.expr(right))
    match container.type:
        case Set(kind) | Seq(_, kind, _) | Bag(_, kind, _):
            return ir.Contains(fit(scope, left, item, kind), container, type=Bool(), span=span)
        case Tuple():
            assert isinstance(container, ir.Collect)
            same = [_same_type(scope, right, item, choice) for choice in container.items]
            wide = same[0][0] if same else item
            choices = tuple(choice for _, choice in same)
            tuple_type = Tuple(tuple(choice.type for choice in choices))
            choices_expr = ir.Collect(choices, type=tuple_type, span=container.span)
            return ir.Contains(wide, choices_expr, type=Bool(), span=span)
        case Map():
            scope.refuse("E506", right, "a map contains every key", "ask for the value: `m[key]`")
        case kind:
            scope.refuse("E506", right, f"{domains.a(kind)} contains nothing")


def _if_else(scope: Scope, node: ast.IfExp, want: Type | None) -> ir.Expr:
    test = condition(scope, node.test)
    if isinstance(want, Int | Range):
        want = None  # numbers are joined; whether the result fits is asked of the whole, where that is wanted
    kind: Type
    if _is_none(node.body) and want is None:
        otherwise = scope.expr(node.orelse)
        kind = otherwise.type if isinstance(otherwise.type, Optional) else Optional(otherwise.type)
        then = scope.expr(node.body, kind)
    else:
        then = scope.expr(node.body, want)
        hint: Type = then.type if want is None and not _is_none(node.orelse) else want or Optional(then.type)
        otherwise = scope.expr(node.orelse, hint)
    kind = want or _join(scope, node, then, otherwise)
    if isinstance(test, ir.Literal) and isinstance(kind, Int | Range):
        return then if test.value else otherwise
    then, otherwise = fit(scope, node.body, then, kind), fit(scope, node.orelse, otherwise, kind)
    if isinstance(test, ir.Literal):
        return then if test.value else otherwise
    return ir.IfElse(test, then, otherwise, type=kind, span=scope.span(node))


def _join(scope: Scope, node: ast.AST, first: ir.Expr, second: ir.Expr) -> Type:
    if isinstance(first.type, Int | Range) and isinstance(second.type, Int | Range):
        if first.type == second.type:
            return first.type
        (a, b), (c, d) = bounds_of(first), bounds_of(second)
        return Int(min(a, c), max(b, d))
    return _same_type(scope, node, first, second)[0].type


def _subscript(scope: Scope, node: ast.Subscript) -> ir.Expr:
    item = unwrapped(scope.expr(node.value))
    if isinstance(node.slice, ast.Slice):
        return _slice(scope, node, item, node.slice)
    return entry(scope, node, item, node.slice)


def entry(scope: Scope, node: ast.AST, item: ir.Expr, key_node: ast.expr) -> ir.Expr:
    """An entry of a map or an item of a sequence."""
    span = scope.span(node)
    match item.type:
        case Map(key, value):
            position = fit(scope, key_node, scope.expr(key_node, key), key)
            return ir.At(item, position, type=value, span=span)
        case Seq(_, kind, _):
            position = number(scope, key_node)
            if bounds(position.type)[1] < 0:
                scope.refuse("E508", key_node, "positions count from 0", "write `.last` for the last item")
            return ir.At(item, position, type=kind, span=span)
        case kind:
            scope.refuse("E508", node, f"{domains.a(kind)} has no items to pick by position or key")


def _slice(scope: Scope, node: ast.Subscript, item: ir.Expr, part: ast.Slice) -> ir.Expr:
    if not isinstance(item.type, Seq):
        scope.refuse("E508", node, f"{domains.a(item.type)} cannot be sliced")
    if part.step is not None:
        scope.refuse("E126", part, "a slice has no step here")
    low = number(scope, part.lower) if part.lower else None
    high = number(scope, part.upper) if part.upper else None
    for bound in (low, high):
        if bound is not None and bounds(bound.type)[1] < 0:
            scope.refuse("E508", part, "positions count from 0", "compute the position from `len(…)`")
    return ir.Slice(item, low, high, type=item.type, span=scope.span(node))


def _set_display(scope: Scope, node: ast.Set, want: Type | None) -> ir.Expr:
    hint = want.item if isinstance(want, Set) else None
    items = [scope.expr(item, hint) for item in node.elts]
    kind = hint or items[0].type
    if isinstance(kind, Int):
        scope.refuse("E507", node, "a set of plain numbers has no bounds", "give the items a Range type: `Epoch(n)`")
    fitted = tuple(fit(scope, element, item, kind) for element, item in zip(node.elts, items, strict=True))
    try:
        domain = Set(kind)
    except HintError as problem:
        scope.refuse(problem.code, node, problem.message, problem.cure)
    return ir.Collect(fitted, type=domain, span=scope.span(node))
