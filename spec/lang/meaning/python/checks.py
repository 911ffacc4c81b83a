"""The run-time checks that generated Python calls: each is fast when it passes, and raises EvaluationError otherwise.

Where a check fails, the tree-walking evaluator's own code is asked again, so that both meanings say the same words.
This module makes functions; it writes no source.
"""

from bisect import insort
from collections.abc import Callable
from typing import Any

from ... import domains, ir
from ...domains import Plain, Type
from ...errors import EvaluationError
from .. import convert as conversion
from ..evaluate import arithmetic, bounded, collection, exact, slot
from ..interpret import updated

Check = Callable[..., Any]


class Members(dict[int, tuple[Plain, ...]]):
    """The members of a set, by its mask: filled in as masks are met."""

    LIMIT = 1 << 16

    def __init__(self, item: Type) -> None:
        super().__init__()
        self._values = tuple(domains.values(item))

    def __missing__(self, mask: int) -> tuple[Plain, ...]:
        if len(self) >= self.LIMIT:
            self.clear()
        members = tuple(value for bit, value in enumerate(self._values) if mask >> bit & 1)
        self[mask] = members
        return members


def converting(source: Type, target: Type, span: ir.Span) -> Check:
    """The same value at another type, or an error."""

    def slow(plain: Plain) -> Plain:
        try:
            return conversion.convert(source, target, plain)
        except conversion.Mismatch as mismatch:
            raise EvaluationError(span, str(mismatch)) from None

    match source, target:
        case ((domains.Range() | domains.Int()), domains.Range(_, low, high)):
            return lambda plain: plain if low <= plain <= high else slow(plain)
        case domains.Optional(item), _ if item == target:
            return lambda plain: slow(plain) if plain is None else plain
        case domains.Union(records), domains.Record() if target in records:
            tag = records.index(target)
            return lambda plain: plain[1] if plain[0] == tag else slow(plain)
        case domains.Optional(domains.Union(records)), domains.Record() if target in records:
            tag = records.index(target)
            return lambda plain: plain[1] if plain is not None and plain[0] == tag else slow(plain)
    return slow


def fitting(source: Type, target: Type) -> Check:
    """Whether a value is one of another type."""
    match source, target:
        case domains.Optional(item), _ if item == target:
            return lambda plain: plain is not None
        case domains.Optional(domains.Union(records)), domains.Record() if target in records:
            tag = records.index(target)
            return lambda plain: plain is not None and plain[0] == tag
    return lambda plain: conversion.fits(source, target, plain)


def item_at(kind: Type, span: ir.Span) -> Check:
    """The item of a sequence at a position."""
    return lambda whole, key: whole[key] if 0 <= key < len(whole) else whole[slot(kind, whole, key, span)]


def place(kind: Type, span: ir.Span) -> Check:
    """A position of a sequence, checked."""
    return lambda whole, key: slot(kind, whole, key, span)


def end_of(which: str, span: ir.Span) -> Check:
    """The first or last item of a sequence."""
    position = 0 if which == "first" else -1

    def end(whole: Plain) -> Plain:
        if whole:
            return whole[position]
        raise EvaluationError(span, f"the sequence is empty: it has no {which} item")

    return end


def slice_bound(span: ir.Span) -> Check:
    """A bound of a slice."""

    def bound(position: int) -> int:
        if position >= 0:
            return position
        raise EvaluationError(span, f"a slice begins and ends at 0 or above, not at {position}")

    return bound


def field_of(kind: domains.Union, name: str, span: ir.Span) -> Check:
    """A field of a union's record, where not all records have it at one position."""
    found = [record.field(name) for record in kind.records]

    def field(plain: Plain) -> Plain:
        own = found[plain[0]]
        if own is not None:
            return plain[1][own[0]]
        record = kind.records[plain[0]]
        raise EvaluationError(span, f"{domains.show(record, plain[1])} has no field {name!r}")

    return field


def within(span: ir.Span) -> Check:
    """A number that every engine computes exactly."""
    low, high = -domains.WIDE, domains.WIDE
    return lambda number: number if low <= number <= high else exact(number, span)


def dividing(op: str, span: ir.Span) -> Check:
    """`//` or `%`, stopped at a zero divisor."""
    return lambda left, right: arithmetic(op, left, right, span)


def capped(kind: Type, span: ir.Span) -> Check:
    """The items of a Seq, if they fit."""
    return lambda items: bounded(kind, items, span)


def collecting(kind: Type, span: ir.Span) -> Check:
    """A collection of items, in its plain form."""
    return lambda items: collection(kind, items, span)


def best(op: str, converted: Check | None, default_converted: Check | None, span: ir.Span) -> Check:
    """The first best of candidates by a key, or what `otherwise` gives where there is none; as another type."""
    choose: Check = max if op == "max" else min

    def chosen(candidates: list[Plain], key: Check | None = None, otherwise: Check | None = None) -> Plain:
        if candidates:
            found = choose(candidates, key=key)
            return found if converted is None else converted(found)
        if otherwise is None:
            raise EvaluationError(span, f"{op} of nothing: no candidate, and no default")
        return otherwise() if default_converted is None else default_converted(otherwise())

    return chosen


def updating(update: ir.Update) -> Check:
    """A collection after an update that may fail or keeps an order."""
    kind = update.target.type
    match update.op, kind:
        case "append", domains.Seq(_, _, capacity):
            return lambda old, item: (*old, item) if len(old) < capacity else updated(update, old, [item])
        case "remove_first", _:
            return lambda old: old[1:] if old else updated(update, old, [])
        case "add", domains.Bag(_, item, capacity):
            return _adding(update, domains.order_key(item), capacity)
    return lambda old, *given: updated(update, old, list(given))


def _adding(update: ir.Update, order: Check | None, capacity: int) -> Check:
    def add(old: Plain, item: Plain) -> Plain:
        if len(old) >= capacity:
            return updated(update, old, [item])
        items = list(old)
        insort(items, item, key=order)
        return tuple(items)

    return add
