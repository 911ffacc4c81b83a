"""`for … in … if …` inside expressions: what a name may range over, and the forms built on it."""

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import Enum
from typing import Any, Literal

from .. import domains, ir
from ..domains import Bag, Bool, Int, Map, Optional, Range, Seq, Set, Tuple, Type
from ..hints import SET_LIMIT, HintError, domain_of, is_enumerable
from ..vocabulary import Range as RangeWord
from ..vocabulary import Record, Sort
from .fit import bounds, bounds_of, condition, fit, number, rankable, unwrapped
from .scope import MISSING, Scope

LOOP_LIMIT = 65536  # values a name may range over; beyond, nobody waits for a state


def read_domain(scope: Scope, node: ast.expr) -> tuple[Type, "ir.Every | ir.Interval | ir.Expr"]:
    """What a `for` ranges over, and the type of its items."""
    value = scope.static(node)
    if isinstance(value, type):
        return _every(scope, node, value)
    if isinstance(node, ast.Call) and scope.static(node.func) is range:
        return _interval(scope, node)
    if isinstance(node, ast.Tuple | ast.List):
        return _choices(scope, node)
    item = unwrapped(scope.expr(node))
    match item.type:
        case Set(kind) | Seq(_, kind, _) | Bag(_, kind, _):
            return kind, item
        case Map(key, _):
            cure = f"iterate over its keys: `for k in {domains.describe(key)}`"
            scope.refuse("E506", node, "a map is not iterated over", cure)
        case kind:
            cure = f"for a set of this one write `Set(({ast.unparse(node)},))`"
            scope.refuse("E506", node, f"{domains.a(kind)} is not iterated over", cure)


def _every(scope: Scope, node: ast.expr, value: type) -> tuple[Type, ir.Every]:
    if not issubclass(value, Enum | RangeWord | Sort | Record):
        cure = "write `for b in (False, True)`" if value is bool else None
        scope.refuse("E506", node, f"{value.__name__} is not iterated over", cure)
    kind = type_of(scope, node, value)
    if not is_enumerable(kind) or domains.cardinality(kind) > LOOP_LIMIT:
        scope.refuse("E516", node, f"{value.__name__} has too many values to go through")
    return kind, ir.Every(kind, span=scope.span(node))


def type_of(scope: Scope, node: ast.AST, hint: Any) -> Type:
    """The type that an annotation object means, or a refusal at this node."""
    try:
        return domain_of(hint)
    except HintError as problem:
        scope.refuse(problem.code, node, problem.message, problem.cure)


def _interval(scope: Scope, node: ast.Call) -> tuple[Type, ir.Interval]:
    if not 1 <= len(node.args) <= 2 or node.keywords:
        scope.refuse("E511", node, "range takes one or two numbers here")
    given = [number(scope, argument) for argument in node.args]
    span = scope.span(node)
    low = given[0] if len(given) == 2 else ir.Literal(0, type=Int(0, 0), span=span)
    first, last = bounds(low.type)[0], bounds(given[-1].type)[1] - 1
    if last - first >= LOOP_LIMIT:
        scope.refuse("E516", node, "this range has no small bound", "give its ends a Range type")
    return Int(first, max(first, last)), ir.Interval(low, given[-1], span=span)


def _choices(scope: Scope, node: ast.Tuple | ast.List) -> tuple[Type, ir.Expr]:
    if not node.elts:
        scope.refuse("E509", node, "nothing is listed here")
    items = [scope.expr(node.elts[0])]
    items += [scope.expr(element, items[0].type) for element in node.elts[1:]]
    kind = joined(items)
    fitted = tuple(fit(scope, element, item, kind) for element, item in zip(node.elts, items, strict=True))
    return kind, ir.Collect(fitted, type=Tuple((kind,) * len(fitted)), span=scope.span(node))


def joined(items: Sequence[ir.Expr]) -> Type:
    """The type of the first item; of numbers, the bounds that hold them all."""
    if not isinstance(items[0].type, Int | Range):
        return items[0].type
    if all(item.type == items[0].type for item in items):
        return items[0].type
    numbers = [bounds_of(item) for item in items]
    return Int(min(low for low, _ in numbers), max(high for _, high in numbers))


@contextmanager
def binders(scope: Scope, generators: list[ast.comprehension]) -> Iterator[tuple[ir.Binder, ...]]:
    """The binders of a comprehension; their names are known inside."""
    with ExitStack() as names:
        found: list[ir.Binder] = []
        for generator in generators:
            if not isinstance(generator.target, ast.Name):
                scope.refuse("E112", generator.target, "a loop binds one name here")
            if generator.is_async:
                scope.refuse("E110", generator.target, "'async' is not in the language")
            kind, domain = read_domain(scope, generator.iter)
            name = generator.target.id
            names.enter_context(scope.binding(generator.target, name, kind))
            conditions = tuple(condition(scope, test) for test in generator.ifs)
            span = scope.span(generator.target)
            found.append(ir.Binder(name, kind, domain, conditions, span=span))
        yield tuple(found)


def read_set_comprehension(scope: Scope, node: ast.SetComp, want: Type | None) -> ir.Expr:
    """`{body for …}`: a set of the type expected, or of whatever type the body has."""
    return collect(scope, node, node.elt, node.generators, want if isinstance(want, Set) else None)


def collect(
    scope: Scope, node: ast.AST, body_node: ast.expr, generators: list[ast.comprehension], want: Type | None
) -> ir.Expr:
    """A Set, Seq or Bag of the body for all bindings."""
    hint = want.item if isinstance(want, Set | Seq | Bag) else None
    with binders(scope, generators) as bound:
        body = scope.expr(body_node, hint)
        body = fit(scope, body_node, body, hint) if hint else body
    kind = want or _set_of(scope, node, body.type)
    return ir.Comprehension(bound, body, type=kind, span=scope.span(node))


def _set_of(scope: Scope, node: ast.AST, item: Type) -> Set:
    if isinstance(item, Int):
        scope.refuse("E507", node, "a set of plain numbers has no bounds", "give the items a Range type: `Epoch(n)`")
    if not is_enumerable(item) or domains.cardinality(item) > SET_LIMIT:
        scope.refuse("E206", node, f"{domains.describe(item)} has too many values for a set")
    return Set(item)


def read_quantified(scope: Scope, node: ast.Call, op: Literal["any", "all"]) -> ir.Expr:
    """`any(… for …)` and `all(… for …)`."""
    generator = _generator(scope, node)
    with binders(scope, generator.generators) as bound:
        body = condition(scope, generator.elt)
    return ir.Quantified(op, bound, body, type=Bool(), span=scope.span(node))


def _generator(scope: Scope, node: ast.Call) -> ast.GeneratorExp:
    if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.GeneratorExp):
        name = ast.unparse(node.func)
        scope.refuse("E127", node, f"{name} needs a generator", f"write `{name}(… for x in …)`")
    return node.args[0]


def read_sum(scope: Scope, node: ast.Call) -> ir.Expr:
    """`sum(… for …)`, with the bounds of the sum."""
    generator = _generator(scope, node)
    with binders(scope, generator.generators) as bound:
        body = number(scope, generator.elt)
    times = 1
    for binder in bound:
        times *= _at_most(binder)
    low, high = bounds(body.type)
    kind = Int(max(min(0, low * times), -domains.WIDE), min(max(0, high * times), domains.WIDE))
    return ir.Sum(bound, body, type=kind, span=scope.span(node))


def _at_most(binder: ir.Binder) -> int:
    match binder.domain:
        case ir.Every(kind):
            return domains.cardinality(kind)
        case ir.Interval():
            return domains.cardinality(binder.type)
        case domain:
            return most_items(domain.type)


def most_items(kind: Type) -> int:
    """The largest number of items a collection can hold."""
    match kind:
        case Set(item):
            return domains.cardinality(item)
        case Seq(_, _, capacity) | Bag(_, _, capacity):
            return capacity
        case Tuple(items):
            return len(items)
        case _:
            raise AssertionError(f"{domains.describe(kind)} holds no items")


def read_best(scope: Scope, node: ast.Call, op: Literal["min", "max"], ordered: Callable[[Type], bool]) -> ir.Expr:
    """`max(a, b)`, `max(xs)`, `max(… for …)`, each with `key=` and `default=`."""
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    if unknown := options.keys() - {"key", "default"}:
        scope.refuse("E511", node, f"{op} has no option {min(map(str, unknown))!r}")
    span = scope.span(node)
    name = _fresh(scope, "best")
    if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
        with binders(scope, node.args[0].generators) as bound:
            body = scope.expr(node.args[0].elt)
    else:
        listed = ast.Tuple(node.args) if len(node.args) > 1 else node.args[0] if node.args else None
        if listed is None:
            scope.refuse("E511", node, f"{op} needs something to choose from")
        kind, domain = read_domain(scope, ast.copy_location(listed, node))
        bound = (ir.Binder(name, kind, domain, span=span),)
        body = ir.Local(name, type=kind, span=span)
    default = options.get("default")
    or_none = default is not None and _is_none(default) and not isinstance(body.type, Optional)
    fallback = scope.expr(default, body.type) if default and not or_none else None
    if fallback and isinstance(fallback.type, Int | Range) and isinstance(body.type, Int | Range):
        body = fit(scope, node, body, joined([body, fallback]))
    key_name, key = _key(scope, node, options.get("key"), body.type)
    ranked = key.type if key else body.type
    if not ordered(ranked):
        scope.refuse("E503", node, f"{domains.a(ranked)} has no order", "rank by a number: `key=lambda x: …`")
    if or_none:
        best = ir.Best(op, bound, body, key_name, key, type=body.type, span=span)
        return _or_none(best)
    fallback = fit(scope, default, fallback, body.type) if default and fallback else None
    return ir.Best(op, bound, body, key_name, key, fallback, type=body.type, span=span)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _or_none(best: ir.Best) -> ir.Expr:
    """`default=None`: the best candidate if there is any, else None."""
    kind, span = Optional(best.type), best.span
    some = ir.Quantified("any", best.binders, ir.Literal(True, type=Bool(), span=span), type=Bool(), span=span)
    found = ir.Convert(best, type=kind, span=span)
    return ir.IfElse(some, found, ir.Literal(None, type=kind, span=span), type=kind, span=span)


def _fresh(scope: Scope, stem: str) -> str:
    number = 1
    while f"{stem}{number}" in scope.locals or scope.globals.get(f"{stem}{number}", MISSING) is not MISSING:
        number += 1
    return f"{stem}{number}"


def _key(scope: Scope, node: ast.Call, key: ast.expr | None, kind: Type) -> tuple[str | None, ir.Expr | None]:
    if key is None:
        return None, None
    if not isinstance(key, ast.Lambda) or len(key.args.args) != 1:
        scope.refuse("E128", key, "a key is a function of one name", "write `key=lambda x: …`")
    name = key.args.args[0].arg
    with scope.binding(key, name, kind):
        return name, rankable(scope.expr(key.body))
