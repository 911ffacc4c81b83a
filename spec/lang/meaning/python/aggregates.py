"""Python text for everything with binders: comprehensions, quantifiers, sums, the best of candidates.

Binders over few values are unrolled: three managers give `(p[0] == 2 or p[1] == 2 or p[2] == 2)`, which runs several
times faster than a generator. Others become comprehensions.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from ... import domains, ir
from ...domains import Type
from ..failing import interval
from . import checks
from .expressions import Scope, bare, condition, display, local, logic

if TYPE_CHECKING:
    from .expressions import Expressions

UNROLLED = 64  # at most so many bindings are written out
EACH = 8  # and only of binders over at most so many values

_Case = tuple[list[str], Scope]  # the conditions of a binding, and the scope that knows its values


def quantified(x: "Expressions", e: ir.Quantified, scope: Scope, write: Callable[[ir.Expr, Scope], str]) -> str:
    """`any` or `all`; `write` writes the body, as a value or as a mere truth."""
    cases = _unrolled(x, e.binders, scope)
    if cases is not None:
        if e.op == "any":
            return logic("or", [logic("and", [*held, write(e.body, inner)]) for held, inner in cases])
        return logic("and", [logic("or", [*map(negated, held), write(e.body, inner)]) for held, inner in cases])
    clauses, inner = _clauses(x, e.binders, scope)
    return f"{e.op}({bare(x.test(e.body, inner))} {clauses})"


def total(x: "Expressions", e: ir.Sum, scope: Scope) -> str:
    """A sum; stopped where it is not certain to be small."""
    clauses, inner = _clauses(x, e.binders, scope)
    text = f"sum([{bare(x.value(e.body, inner))} {clauses}])"
    low, high = interval(e.body)
    if max(-low, high) <= domains.WIDE >> 32 and all(_few(binder) for binder in e.binders):
        return text
    return f"{x.check('exact', None, e, lambda: checks.within(e.span))}({text})"


def comprehension(x: "Expressions", e: ir.Comprehension, scope: Scope) -> str:
    """A Map, Set, Seq or Bag of a body for all bindings."""
    kind = e.type
    cases = _unrolled(x, e.binders, scope)
    if cases is not None and isinstance(kind, domains.Map):
        return display([bare(x.value(e.body, inner)) for _, inner in cases])
    if cases is not None and isinstance(kind, domains.Set):
        return _unrolled_set(x, e, kind.item, cases)
    clauses, inner = _clauses(x, e.binders, scope)
    if isinstance(kind, domains.Set):
        return f"sum({{{bare(x.bit(kind.item, e.body, inner))} {clauses}}})"
    items = f"[{bare(x.value(e.body, inner))} {clauses}]"
    if isinstance(kind, domains.Map):
        return f"tuple({items})"
    return f"{x.check('collect', kind, e, lambda: checks.collecting(kind, e.span))}({items})"


def best(x: "Expressions", e: ir.Best, scope: Scope) -> str:
    """The smallest or largest; ranked by a key, or by the order of the type."""
    clauses, inner = _clauses(x, e.binders, scope)
    candidates = f"[{bare(x.value(e.body, inner))} {clauses}]"
    arguments = [candidates]
    order = _rank(x, e, scope)
    if order:
        arguments.append(f"key={order}")
    if e.default is not None:
        arguments.append(f"otherwise=lambda: {bare(x.value(e.default, scope))}")
    check = x.check(e.op, e.type, e, lambda: _best(e))
    return f"{check}({', '.join(arguments)})"


def items(x: "Expressions", domain: "ir.Every | ir.Interval | ir.Expr", scope: Scope) -> str:
    """What a name ranges over, as something to iterate."""
    match domain:
        case ir.Every(kind):
            return every(x, kind)
        case ir.Interval(low, high):
            return f"range({bare(x.value(low, scope))}, {bare(x.value(high, scope))})"
        case _:
            text = x.value(domain, scope)
            kind = domain.type
            return f"{x.pool.members(kind.item)}[{bare(text)}]" if isinstance(kind, domains.Set) else text


def every(x: "Expressions", kind: Type) -> str:
    """All values of a type: written out when they are few numbers, else from a table."""
    if domains.cardinality(kind) <= EACH and isinstance(kind, domains.Sort | domains.Enumeration | domains.Range):
        return display([str(value) for value in domains.values(kind)])
    return x.pool.values(kind)


def negated(text: str) -> str:
    """The opposite truth."""
    for sign, opposite in ((" is not ", " is "), (" is ", " is not "), (" == ", " != "), (" != ", " == ")):
        left, found, right = bare(text).partition(sign)
        if found and text != bare(text) and _is_operand(left) and _is_operand(right):
            return f"({left}{opposite}{right})"
    if text.startswith("(not ") and _is_operand(bare(text)[4:]):
        return bare(text)[4:]
    return {"True": "False", "False": "True"}.get(text, f"(not {text})")


def _is_operand(text: str) -> bool:
    """Whether a text is a name with subscripts, or a number: nothing that binds less than a comparison."""
    return re.fullmatch(r"[\w.]+(\[[\w.]+\])*", text) is not None


def _rank(x: "Expressions", e: ir.Best, scope: Scope) -> str:
    """The sort key of candidates as text; empty where they sort as they are."""
    if e.key is None or e.key_name is None:
        return x.pool.order(e.body.type) or ""
    inner = x.value(e.key, scope.hiding(e.key_name))
    order = x.pool.order(e.key.type)
    return f"lambda {local(e.key_name)}: {bare(inner) if order is None else f'{order}({bare(inner)})'}"


def _best(e: ir.Best) -> checks.Check:
    def convert(source: Type) -> checks.Check | None:
        return None if source == e.type else checks.converting(source, e.type, e.span)

    return checks.best(e.op, convert(e.body.type), convert(e.default.type) if e.default else None, e.span)


def _unrolled_set(x: "Expressions", e: ir.Comprehension, item: Type, cases: list[_Case]) -> str:
    bits: list[str] = []
    for held, inner in cases:
        met, bit = logic("and", held), x.bit(item, e.body, inner)
        if met == "True":
            bits.append(bit)
        elif met != "False":
            bits.append(f"({bit} if {condition(met)} else 0)")
    return f"({' | '.join(bits)})" if bits else "0"


def _unrolled(x: "Expressions", binders: tuple[ir.Binder, ...], scope: Scope) -> list[_Case] | None:
    """Every binding with its conditions as texts; None where there are too many or they are not known now."""
    count = 1
    for binder in binders:
        if not isinstance(binder.domain, ir.Every) or not _small(binder.domain.type):
            return None
        count *= domains.cardinality(binder.domain.type)
    if count * scope.copies > UNROLLED:
        return None
    return list(_cases(x, binders, replace(scope, copies=count * scope.copies)))


def _cases(x: "Expressions", binders: tuple[ir.Binder, ...], scope: Scope) -> Iterator[_Case]:
    ranges = [list(domains.values(binder.type)) for binder in binders]
    for row in product(*ranges):
        held: list[str] = []
        inner = scope
        for binder, value in zip(binders, row, strict=True):
            inner = inner.knowing(binder.name, value)
            held += [x.test(condition, inner) for condition in binder.conditions]
        if "False" not in held:
            yield held, inner


def _small(kind: Type) -> bool:
    return isinstance(kind, domains.Bool | domains.Sort | domains.Enumeration | domains.Range) and (
        domains.cardinality(kind) <= EACH
    )


def _few(binder: ir.Binder) -> bool:
    return not isinstance(binder.domain, ir.Interval)


def _clauses(x: "Expressions", binders: tuple[ir.Binder, ...], scope: Scope) -> tuple[str, Scope]:
    """The `for … in … if …` of a Python comprehension, and the scope inside it."""
    texts: list[str] = []
    for binder in binders:
        domain = items(x, binder.domain, scope)
        scope = scope.hiding(binder.name)
        texts.append(f"for {local(binder.name)} in {domain}")
        texts += [f"if {condition(x.test(one, scope))}" for one in binder.conditions]
    return " ".join(texts), scope
