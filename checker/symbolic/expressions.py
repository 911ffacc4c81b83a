"""Expressions of the tree as symbolic values, with the conditions under which a run-time check fails.

Everything is unrolled: a binder over a type, a collection or an interval becomes a list of candidates, each with the
condition that it is there. A check fails only on the path that reaches it: `and`, `or` and `if` pass their conditions
on. Helpers are inlined. Knows the tree and symbolic values, not steps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from ...spec.lang import domains, ir
from ...spec.lang.domains import Bag, Int, Map, Optional, Range, Record, Seq, Set, Tuple, Type, Union
from .terms import Number, Truth, arithmetic, compare, conj, disj, neg, pick, shortened, size_of, total, width
from .values import Value, blank, equal, known, less, listed, select

Candidate = tuple[Truth, Value]


@dataclass(frozen=True, slots=True)
class Failure:
    """Under this condition a run-time check fails here."""

    condition: Truth
    span: ir.Span
    message: str


@dataclass(slots=True)
class Place:
    """Where an expression is evaluated: the state, the state before, the local names, and the path that leads here."""

    functions: Mapping[str, ir.Function]
    call: "Callable[[Place, ir.Function, list[Value]], Value]"  # runs a helper; statements are not known here
    state: dict[str, Value]
    before: dict[str, Value] = field(default_factory=dict)
    names: dict[str, Value] = field(default_factory=dict)
    path: Truth = True
    failures: list[Failure] = field(default_factory=list)

    def on(self, condition: Truth) -> "Place":
        """The same place, where this is true as well. Failures are collected together."""
        return replace(self, path=conj(self.path, condition))

    def naming(self, name: str, value: Value) -> "Place":
        """The same place, where a name is bound."""
        return replace(self, names={**self.names, name: value})

    def check(self, condition: Truth, node: ir.Expr | ir.Stmt | ir.Target, message: str) -> None:
        """Notes that evaluation fails where the condition is false."""
        failed = conj(self.path, neg(condition))
        if failed is not False:
            self.failures.append(Failure(failed, node.span, message))


def evaluate(place: Place, e: ir.Expr) -> Value:
    """The value of an expression, of the shape of its type."""
    match e:
        case ir.Literal(value):
            return known(e.type, value)
        case ir.Read(variable, before):
            return (place.before if before else place.state)[variable]
        case ir.Local(name):
            return place.names[name]
        case ir.Field() | ir.At() | ir.End() | ir.Slice():
            return _part(place, e)
        case ir.Convert(item):
            return converted(place, e, item.type, e.type, evaluate(place, item))
        case ir.Not(item):
            return neg(evaluate(place, item))
        case ir.Negate(item):
            return arithmetic("-", 0, evaluate(place, item))
        case ir.Logic(op, items):
            return _logic(place, op, items)
        case ir.Compare():
            return _compared(place, e)
        case ir.Arithmetic(op, left, right):
            first, second = evaluate(place, left), evaluate(place, right)
            if op in ("//", "%"):
                place.check(neg(compare("==", second, 0)), e, "division by zero")
            return arithmetic(op, first, second)
        case ir.SetAlgebra() | ir.Concat() | ir.Contains() | ir.Size() | ir.Count():
            return _collection(place, e)
        case ir.IfElse(test, then, otherwise):
            known_test = evaluate(place, test)
            first = evaluate(place.on(known_test), then)
            second = evaluate(place.on(neg(known_test)), otherwise)
            return select(e.type, known_test, first, second)
        case ir.Is(item, record):
            return _is(item.type, evaluate(place, item), record)
        case ir.Make(fields):
            return tuple(evaluate(place, item) for item in fields)
        case ir.Replace(item, changes):
            return _replaced(place, e, item, changes)
        case ir.Collect() | ir.Comprehension():
            return _built(place, e)
        case ir.Quantified() | ir.Sum() | ir.Best():
            return _folded(place, e)
        case ir.Call(function, arguments, before):
            given = [evaluate(place, argument) for argument in arguments]
            state = place.before if before else place.state
            return place.call(replace(place, state=state), place.functions[function], given)
    assert_never(e)


# ------------------------------------------------------------------------------------------------ parts


def _part(place: Place, e: ir.Field | ir.At | ir.End | ir.Slice) -> Value:
    item = evaluate(place, e.item)
    match e:
        case ir.Field(inner, name):
            return _field(place, e, inner.type, name, item)
        case ir.At(inner, key):
            return entry(place, e, inner.type, item, evaluate(place, key), key.type)
        case ir.End(inner, which):
            place.check(compare("<", 0, item[0]), e, "the sequence is empty")
            last = 0 if which == "first" else arithmetic("-", item[0], 1)
            return picked(e.type, item[1:], last)
        case ir.Slice(inner, low, high):
            return _slice(place, e, inner.type, item, low, high)
    assert_never(e)


def _field(place: Place, e: ir.Field, kind: Type, name: str, item: Value) -> Value:
    if isinstance(kind, Record):
        found = kind.field(name)
        assert found is not None
        return item[found[0]]
    assert isinstance(kind, Union)
    result: Value = blank(e.type)
    somewhere: Truth = False
    for tag, record in enumerate(kind.records):
        found = record.field(name)
        if found is not None:
            here = compare("==", item[0], tag)
            somewhere = disj(somewhere, here)
            result = select(e.type, here, item[1 + tag][found[0]], result)
    place.check(somewhere, e, f"the record at hand has no {name!r}")
    return result


def entry(place: Place, node: ir.Expr | ir.Target, kind: Type, whole: Value, key: Value, key_type: Type) -> Value:
    """An entry of a map or an item of a sequence."""
    if isinstance(kind, Map):
        return chosen(kind.value, whole, [equal(kind.key, key, known(kind.key, k)) for k in domains.values(kind.key)])
    assert isinstance(kind, Seq)
    place.check(conj(compare("<=", 0, key), compare("<", key, whole[0])), node, "the position is outside the sequence")
    return picked(kind.item, whole[1:], key)


def picked(kind: Type, items: tuple[Value, ...], position: Number) -> Value:
    """The item at a position; the blank value where there is none."""
    return chosen(kind, items, [compare("==", position, n) for n in range(len(items))])


def chosen(kind: Type, items: tuple[Value, ...], tests: list[Truth]) -> Value:
    """The item whose test is true; at most one is."""
    result: Value = None
    for item, test in zip(reversed(items), reversed(tests), strict=True):
        if test is True:
            return item
        if test is not False:
            result = item if result is None else select(kind, test, item, result)
    return blank(kind) if result is None else result


def _slice(place: Place, e: ir.Slice, kind: Type, item: Value, low: ir.Expr | None, high: ir.Expr | None) -> Value:
    assert isinstance(kind, Seq)
    length = item[0]
    first: Number = evaluate(place, low) if low else 0
    last: Number = evaluate(place, high) if high else length
    place.check(conj(compare("<=", 0, first), compare("<=", 0, last)), e, "a slice bound is negative")
    first = pick(compare("<", length, first), length, first)
    last = pick(compare("<", length, last), length, last)
    count = pick(compare("<", first, last), arithmetic("-", last, first), 0)
    items = [picked(kind.item, item[1:], arithmetic("+", first, n)) for n in range(kind.capacity)]
    return trimmed(kind, count, items)


def trimmed(kind: Seq | Bag, count: Number, items: list[Value]) -> Value:
    """A sequence of the first `count` items; the slots behind them blank, the length as wide as the type needs."""
    nothing = blank(kind.item)
    kept = [select(kind.item, compare("<", n, count), items[n], nothing) for n in range(kind.capacity)]
    return (narrowed(count, 0, kind.capacity), *kept)


def narrowed(number: Number, low: int, high: int) -> Number:
    """The same number, known to lie within bounds, in as few bits as they need."""
    size = width(low, high)
    if isinstance(number, int) or size_of(number) <= size:
        return number
    return shortened(number, size)


# ------------------------------------------------------------------------------------------------ conversion


def converted(place: Place, node: ir.Expr, source: Type, target: Type, value: Value) -> Value:
    """The same value at another type; narrowing is checked."""
    if source == target:
        return value
    if isinstance(target, Optional):
        if isinstance(source, Optional):
            return (value[0], converted(place.on(value[0]), node, source.item, target.item, value[1]))
        return (True, converted(place, node, source, target.item, value))
    if isinstance(source, Optional):
        place.check(value[0], node, "None is read where a value is needed")
        return converted(place.on(value[0]), node, source.item, target, value[1])
    if isinstance(target, Range | Int):
        inside = conj(compare("<=", target.low, value), compare("<=", value, target.high))
        place.check(inside, node, f"a number outside {target.low}..{target.high}")
        return narrowed(value, target.low, target.high) if isinstance(target, Range) else value
    if isinstance(source, Record | Union) and isinstance(target, Record | Union):
        return _retagged(place, node, source, target, value)
    return value


def _retagged(place: Place, node: ir.Expr, source: Record | Union, target: Record | Union, value: Value) -> Value:
    records = source.records if isinstance(source, Union) else (source,)
    options: dict[str, Candidate] = {records[0].name: (True, value)}
    if isinstance(source, Union):
        options = {r.name: (compare("==", value[0], n), value[1 + n]) for n, r in enumerate(records)}
    wanted = target.records if isinstance(target, Union) else (target,)
    fitting = disj(*(test for name, (test, _) in options.items() if name in {r.name for r in wanted}))
    place.check(fitting, node, f"another record than {domains.describe(target)}")
    if isinstance(target, Record):
        return options[target.name][1]
    tag: Number = 0
    for number, record in enumerate(wanted):
        if record.name in options:
            tag = pick(options[record.name][0], number, tag)
    return (tag, *(options[r.name][1] if r.name in options else blank(r) for r in wanted))


def _is(kind: Type, value: Value, record: Record) -> Truth:
    if isinstance(kind, Optional):
        return conj(value[0], _is(kind.item, value[1], record))
    if isinstance(kind, Union):
        return compare("==", value[0], kind.records.index(record))
    return True


def _replaced(place: Place, e: ir.Replace, item: ir.Expr, changes: tuple[tuple[str, ir.Expr], ...]) -> Value:
    record = e.type
    assert isinstance(record, Record)
    fields = list(evaluate(place, item))
    for name, value in changes:
        found = record.field(name)
        assert found is not None
        fields[found[0]] = evaluate(place, value)
    return tuple(fields)


# ---------------------------------------------------------------------------------------------- comparison


def _logic(place: Place, op: str, items: tuple[ir.Expr, ...]) -> Truth:
    result: Truth = op == "and"
    for item in items:
        here = place.on(result if op == "and" else neg(result))
        value = evaluate(here, item)
        result = conj(result, value) if op == "and" else disj(result, value)
    return result


def _compared(place: Place, e: ir.Compare) -> Truth:
    left, right = evaluate(place, e.left), evaluate(place, e.right)
    kind = e.left.type
    match e.op:
        case "==":
            return equal(kind, left, right)
        case "!=":
            return neg(equal(kind, left, right))
        case "<" | "<=" if isinstance(kind, Set):
            inside = conj(*(disj(neg(a), b) for a, b in zip(left, right, strict=True)))
            return inside if e.op == "<=" else conj(inside, neg(equal(kind, left, right)))
        case ">" | ">=":
            mirrored = ir.Compare("<" if e.op == ">" else "<=", e.right, e.left, type=e.type, span=e.span)
            return _compared(replace_quietly(place), mirrored)
        case "<":
            return less(kind, left, right)
        case _:
            return neg(less(kind, right, left))


def replace_quietly(place: Place) -> Place:
    """The same place for evaluating something a second time: its failures were noted the first time."""
    return replace(place, failures=[])


# ---------------------------------------------------------------------------------------------- collections


def _collection(place: Place, e: ir.SetAlgebra | ir.Concat | ir.Contains | ir.Size | ir.Count) -> Value:
    match e:
        case ir.SetAlgebra(op, left, right):
            pairs = list(zip(evaluate(place, left), evaluate(place, right), strict=True))
            if op == "|":
                return tuple(disj(a, b) for a, b in pairs)
            return tuple(conj(a, b if op == "&" else neg(b)) for a, b in pairs)
        case ir.Concat(left, right):
            return extended(place, e, e.type, evaluate(place, left), evaluate(place, right))
        case ir.Contains(item, container):
            wanted, found = evaluate(place, item), candidates(place, container)
            kind = item.type
            return disj(*(conj(here, equal(kind, wanted, value)) for here, value in found))
        case ir.Size(item):
            value = evaluate(place, item)
            return total(pick(member, 1, 0) for member in value) if isinstance(item.type, Set) else value[0]
        case ir.Count(container, item):
            wanted = evaluate(place, item)
            return total(pick(conj(h, equal(item.type, wanted, v)), 1, 0) for h, v in candidates(place, container))
    assert_never(e)


def extended(place: Place, node: Any, kind: Type, left: Value, right: Value) -> Value:
    """Two sequences joined."""
    assert isinstance(kind, Seq)
    count = arithmetic("+", left[0], right[0])
    place.check(compare("<=", count, kind.capacity), node, f"{kind.name} holds at most {kind.capacity} items")
    items = []
    for n in range(kind.capacity):
        later = picked(kind.item, right[1:], arithmetic("-", n, left[0]))
        items.append(select(kind.item, compare("<", n, left[0]), left[1 + n], later))
    return trimmed(kind, count, items)


def inserted(place: Place, node: Any, kind: Type, value: Value, item: Value, condition: Truth = True) -> Value:
    """A collection with one more item, where the condition is true."""
    match kind:
        case Set(inner):
            members = (equal(inner, item, known(inner, plain)) for plain in domains.values(inner))
            return tuple(disj(old, conj(condition, same)) for old, same in zip(value, members, strict=True))
        case Seq(name, inner, capacity) | Bag(name, inner, capacity):
            full = disj(neg(condition), compare("<", value[0], capacity))
            place.check(full, node, f"{name} holds at most {capacity} items")
            longer = _sorted_in(kind, value, item) if isinstance(kind, Bag) else _appended(kind, value, item)
            return select(kind, condition, longer, value)
        case _:
            raise AssertionError(f"nothing is added to a {domains.describe(kind)}")


def _appended(kind: Seq, value: Value, item: Value) -> Value:
    items = [select(kind.item, compare("==", n, value[0]), item, old) for n, old in enumerate(value[1:])]
    return (narrowed(arithmetic("+", value[0], 1), 0, kind.capacity + 1), *items)


def _sorted_in(kind: Bag, value: Value, item: Value) -> Value:
    """The item before the first that is larger, those from there on one further."""
    carried, placed = item, False
    items: list[Value] = []
    settled: Truth = placed
    for n, old in enumerate(value[1:]):
        at_end = compare("<=", value[0], n)
        here = disj(settled, at_end, less(kind.item, item, old))
        items.append(select(kind.item, here, carried, old))
        carried = select(kind.item, here, old, carried)
        settled = here
    return trimmed(kind, arithmetic("+", value[0], 1), items)


def candidates(place: Place, container: ir.Expr) -> list[Candidate]:
    """The possible items of a collection, in order, each with the condition that it is there."""
    if isinstance(container, ir.Collect) and isinstance(container.type, Tuple):
        return [(True, evaluate(place, item)) for item in container.items]
    return items_of(container.type, evaluate(place, container))


def items_of(kind: Type, value: Value) -> list[Candidate]:
    """The possible items of a collection value."""
    match kind:
        case Set(item):
            return [
                (here, known(item, plain))
                for here, plain in zip(value, domains.values(item), strict=True)
                if here is not False
            ]
        case Seq() | Bag():
            return [
                (here, item) for n, item in enumerate(value[1:]) if (here := compare("<", n, value[0])) is not False
            ]
        case _:
            raise AssertionError(f"a {domains.describe(kind)} has no items")


# ------------------------------------------------------------------------------------------------- binders


def ranged(place: Place, domain: ir.Every | ir.Interval | ir.Expr, kind: Type) -> list[Candidate]:
    """The candidates that a name ranges over."""
    match domain:
        case ir.Every(every):
            return [(True, known(every, plain)) for plain in domains.values(every)]
        case ir.Interval(low, high):
            first, last = evaluate(place, low), evaluate(place, high)
            assert isinstance(kind, Int | Range)
            numbers = range(kind.low, kind.high + 1)
            found = [(conj(compare("<=", first, n), compare("<", n, last)), n) for n in numbers]
            return [(here, n) for here, n in found if here is not False]
        case _:
            return candidates(place, domain)


def bindings(place: Place, binders: tuple[ir.Binder, ...]) -> Iterator[tuple[Truth, Place]]:
    """All bindings of the names, in order: the condition under which each takes part, and the place with the names."""
    if not binders:
        yield True, place
        return
    first, rest = binders[0], binders[1:]
    for here, value in ranged(place, first.domain, first.type):
        inner = place.on(here).naming(first.name, value)
        kept: Truth = here
        for test in first.conditions:
            kept = conj(kept, evaluate(inner, test))
            inner = inner.on(kept)
        if kept is not False:
            for deeper, innermost in bindings(inner, rest):
                yield conj(kept, deeper), innermost


def _built(place: Place, e: ir.Collect | ir.Comprehension) -> Value:
    if isinstance(e, ir.Collect):
        given = [(True, evaluate(place, item)) for item in e.items]
        if isinstance(e.type, Tuple):
            return tuple(value for _, value in given)
    elif isinstance(e.type, Map):
        return tuple(evaluate(inner, e.body) for _, inner in bindings(place, e.binders))
    else:
        given = [(here, evaluate(inner, e.body)) for here, inner in bindings(place, e.binders)]
    result = blank(e.type) if isinstance(e.type, Set) else listed(_item(e.type), _capacity(e.type), [])
    for here, value in given:
        result = inserted(place, e, e.type, result, value, here)
        if not isinstance(e.type, Set):
            result = (narrowed(result[0], 0, _capacity(e.type)), *result[1:])
    return result


def _item(kind: Type) -> Type:
    assert isinstance(kind, Seq | Bag)
    return kind.item


def _capacity(kind: Type) -> int:
    assert isinstance(kind, Seq | Bag)
    return kind.capacity


def _folded(place: Place, e: ir.Quantified | ir.Sum | ir.Best) -> Value:
    match e:
        case ir.Quantified(op, binders, body):
            return _quantified(place, op, binders, body)
        case ir.Sum(binders, body):
            return total(pick(here, evaluate(inner, body), 0) for here, inner in bindings(place, binders))
        case ir.Best():
            return _best(place, e)
    assert_never(e)


def _quantified(place: Place, op: str, binders: tuple[ir.Binder, ...], body: ir.Expr) -> Truth:
    """Stops at the first binding that decides: later ones are evaluated only where none has."""
    decided: Truth = False
    for here, inner in bindings(place, binders):
        value = evaluate(inner.on(neg(decided)), body)
        decided = disj(decided, conj(here, value if op == "any" else neg(value)))
    return decided if op == "any" else neg(decided)


def _best(place: Place, e: ir.Best) -> Value:
    found: Truth = False
    best = blank(e.type)
    best_rank: Value = None
    rank_type = e.key.type if e.key else e.type
    for here, inner in bindings(place, e.binders):
        value = evaluate(inner, e.body)
        rank = evaluate(inner.naming(e.key_name, value), e.key) if e.key and e.key_name else value
        if best_rank is None:
            better: Truth = here
            best_rank = rank
        else:
            ahead = less(rank_type, rank, best_rank) if e.op == "min" else less(rank_type, best_rank, rank)
            better = conj(here, disj(neg(found), ahead))
            best_rank = select(rank_type, better, rank, best_rank)
        best = select(e.type, better, value, best)
        found = disj(found, here)
    if e.default is not None:
        return select(e.type, found, best, evaluate(place.on(neg(found)), e.default))
    place.check(found, e, f"{e.op} of nothing")
    return best
