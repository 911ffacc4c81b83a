"""Making a value fit a type: widening always succeeds, narrowing becomes a check at run time."""

import ast

from .. import cures, ir
from ..domains import Bool, Int, Optional, Range, Record, Tuple, Type, Union, a
from .scope import Scope


def fit(scope: Scope, node: ast.AST, item: ir.Expr, want: Type) -> ir.Expr:
    """The expression at the wanted type; narrowing is checked at run time. Refuses what can never fit."""
    fitted = _fit(item, want, narrow=True)
    if fitted is None:
        if _is_number(item.type) and isinstance(want, Range | Int):
            shown = item.value if isinstance(item, ir.Literal) else "this number"
            scope.refuse("E514", node, f"{shown} is outside {getattr(want, 'name', 'int')} {want.low}..{want.high}")
        scope.mismatch(node, item.type, want)
    return fitted


def widen(item: ir.Expr, want: Type) -> ir.Expr | None:
    """The expression at the wanted type if that needs no check, else None."""
    return _fit(item, want, narrow=False)


def condition(scope: Scope, node: ast.expr) -> ir.Expr:
    """A truth value."""
    item = scope.expr(node, Bool())
    if not isinstance(item.type, Bool):
        scope.refuse("E504", node, f"this is {a(item.type)}, not a truth value", cures.truth(item.type))
    return item


def number(scope: Scope, node: ast.expr) -> ir.Expr:
    """A number; an optional number is checked not to be None."""
    item = unwrapped(scope.expr(node))
    if not _is_number(item.type):
        scope.refuse("E505", node, f"this is {a(item.type)}, not a number", cures.number(item.type))
    return item


def unwrapped(item: ir.Expr) -> ir.Expr:
    """The item of an optional, checked not to be None; anything else as it is."""
    if isinstance(item.type, Optional):
        return ir.Convert(item, type=item.type.item, span=item.span)
    return item


def rankable(item: ir.Expr) -> ir.Expr:
    """The same, with optionals checked not to be None: also those inside a tuple."""
    if isinstance(item, ir.Collect) and isinstance(item.type, Tuple):
        items = tuple(unwrapped(part) for part in item.items)
        return ir.Collect(items, type=Tuple(tuple(part.type for part in items)), span=item.span)
    return unwrapped(item)


def bounds(kind: Type) -> tuple[int, int]:
    """The smallest and largest number of a number type."""
    assert isinstance(kind, Int | Range)
    return kind.low, kind.high


def bounds_of(item: ir.Expr) -> tuple[int, int]:
    """The smallest and largest value of a number: a literal has but one, whatever its type."""
    return (item.value, item.value) if isinstance(item, ir.Literal) else bounds(item.type)


def _is_number(kind: Type) -> bool:
    return isinstance(kind, Int | Range)


def _fit(item: ir.Expr, want: Type, narrow: bool) -> ir.Expr | None:
    have = item.type
    if have == want:
        return item
    if isinstance(want, Optional):
        return _fit_optional(item, want, narrow)
    if isinstance(have, Optional):
        return _fit(unwrapped(item), want, narrow) if narrow else None
    if _is_number(have) and isinstance(want, Int | Range):
        return _fit_number(item, want, narrow)
    if isinstance(have, Record | Union) and isinstance(want, Record | Union):
        return _fit_records(item, want, narrow)
    if isinstance(have, Tuple) and isinstance(want, Tuple) and len(have.items) == len(want.items):
        return item if all((_is_number(a) and _is_number(b)) or a == b for a, b in _pairs(have, want)) else None
    return None


def _pairs(have: Tuple, want: Tuple) -> list[tuple[Type, Type]]:
    return list(zip(have.items, want.items, strict=True))


def _fit_optional(item: ir.Expr, want: Optional, narrow: bool) -> ir.Expr | None:
    if isinstance(item, ir.Literal) and item.value is None:
        return ir.Literal(None, type=want, span=item.span)
    if isinstance(item.type, Optional):
        inner = _fit(unwrapped(item), want.item, narrow)
        if inner is None or not narrow:
            return None
        absent = ir.Literal(None, type=item.type, span=item.span)
        test = ir.Compare("==", item, absent, type=Bool(), span=item.span)
        none = ir.Literal(None, type=want, span=item.span)
        return ir.IfElse(test, none, ir.Convert(inner, type=want, span=item.span), type=want, span=item.span)
    inner = _fit(item, want.item, narrow)
    if isinstance(inner, ir.Literal):
        return ir.Literal(inner.value, inner.name, type=want, span=item.span)
    return inner and ir.Convert(inner, type=want, span=item.span)


def _fit_number(item: ir.Expr, want: Int | Range, narrow: bool) -> ir.Expr | None:
    low, high = bounds_of(item)
    inside = want.low <= low and high <= want.high
    if isinstance(item, ir.Literal):
        return ir.Literal(item.value, item.name, type=want, span=item.span) if inside else None
    if inside or narrow:  # never inside is no refusal: with other constants it may be, and a guard may keep it away
        return ir.Convert(item, type=want, span=item.span)
    return None


def _fit_records(item: ir.Expr, want: Record | Union, narrow: bool) -> ir.Expr | None:
    have = item.type.records if isinstance(item.type, Union) else (item.type,)
    wanted = want.records if isinstance(want, Union) else (want,)
    inside = set(have) <= set(wanted)
    if inside or (narrow and set(have) & set(wanted)):
        return ir.Convert(item, type=want, span=item.span)
    return None
