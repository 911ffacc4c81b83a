"""Schemas of invariants: the shapes that protocol invariants have again and again, filled with a vocabulary.

Functional, monotone, "some quorum has", prefix closure, log matching, choosable, and plain implications. A
candidate is a guess; samples, counterexamples and the solver decide. Knows vocabularies; knows no solver.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from ....spec.relational.printing import text
from ....spec.relational.terms import (
    Application,
    Formula,
    Variable,
    canonical,
    conjunction,
    free,
    implication,
    negation,
    quantified,
)
from ....spec.relational.theory import Conjunct, Kind, Theory
from ....spec.relational.vocabulary import OrderedSort, Quorum, Sort, exists, forall, iff, members_of

Values = tuple[Sort, ...]
MARKS = ("early", "late", "inside", "lower", "smaller", "some", "new", "other")
Open = Callable[[Theory], Formula]  # a formula with free variables, of whatever state the theory is in


@dataclass(frozen=True)
class Candidate:
    """A schema filled in. The size counts literals: smaller candidates are tried first."""

    schema: str
    size: int
    open: Open

    def __call__(self, theory: Theory) -> Conjunct:
        """The candidate as an invariant of a state."""
        body = self.open(theory)
        own = (v for v in free(body) if v.serial)  # the others are parameters of the action that led here
        variables = tuple(sorted(own, key=lambda v: (v.sort, v.serial)))
        closed = canonical(quantified(True, variables, body))
        return Conjunct(f"suggested: {text(closed)}", self.schema, Kind.INVARIANT, closed)


@dataclass(frozen=True)
class Predicate:
    """A relation or definition by name, with the sorts of its arguments."""

    name: str
    sorts: tuple[type[Sort], ...]

    def of(self, theory: Theory, values: tuple[Sort, ...]) -> Formula:
        """The predicate of a state applied to values."""
        formula: Formula = getattr(theory, self.name)(*values)
        return formula

    def fresh(self) -> tuple[Sort, ...]:
        """One variable per argument."""
        return tuple(variable(sort, str(n)) for n, sort in enumerate(self.sorts))


def variable(sort: type[Sort], mark: str) -> Sort:
    """A free variable named after its sort; the mark, a number or one of MARKS, keeps it apart from others."""
    serial = int(mark) if mark.isdigit() else 100 + MARKS.index(mark)
    return sort(Variable(sort.__name__[0].lower(), sort.__name__, 1 + serial))


class Schemas:
    """All candidates over the vocabulary of a theory."""

    def __init__(self, theory: Theory) -> None:
        by_name = {sort.__name__: sort for sort in theory.sorts}
        relations = [s for s in theory.symbols() if s.result is None and not s.background]
        self.predicates = [Predicate(s.name, tuple(by_name[n] for n in s.sorts)) for s in relations]
        self.predicates += [Predicate(name, sorts) for name, sorts in theory.definitions()]
        self.functions = [s for s in theory.symbols() if s.result and s.background and len(s.sorts) == 1]
        self.ordered = [s for s in theory.sorts if issubclass(s, OrderedSort) and s.__name__ != "Integer"]
        self.quorums = [s for s in theory.sorts if issubclass(s, Quorum)]
        self.members = [members_of(quorum) for quorum in self.quorums]

    def candidates(self) -> Iterator[Candidate]:
        """Every schema in turn."""
        yield from self.implications()
        yield from self.functional()
        yield from self.monotone()
        yield from self.some_quorum()
        yield from self.prefixes()
        yield from self.matching()
        yield from self.choosable()

    def implications(self) -> Iterator[Candidate]:
        """R(x) implies S(x), or S(x, some y); R(x) and T(x) imply S(x). R(x) implies an order of its epochs."""
        for relation in self.predicates:
            values = relation.fresh()
            for other in self.predicates:
                for arguments in self._arguments(other, values):
                    yield Candidate("implication", 2, _implies([(relation, values)], other, arguments))
                yield from self._with_some(relation, values, other)
            yield from self._order(relation, values)
        for relation, second in product(self.predicates, self.predicates):
            values = relation.fresh()
            pool = [*values, *(variable(s, "new") for s in dict.fromkeys(second.sorts) if s not in relation.sorts)]
            for also in self._arguments(second, pool):
                for other in self.predicates:
                    for arguments in self._arguments(other, pool):
                        premises = [(relation, values), (second, also)]
                        yield Candidate("implication", 4, _implies(premises, other, arguments))

    def _with_some(self, relation: Predicate, values: Values, other: Predicate) -> Iterator[Candidate]:
        for position, sort in enumerate(other.sorts):
            some = variable(sort, "some")
            for arguments in self._arguments(other, [*values, some]):
                if arguments[position] is some and _count(arguments, some) == 1:
                    built = _implies_some(relation, values, other, arguments, some)
                    yield Candidate("implication", 3, built)
                    yield from (Candidate("implication", 4, _unless_zero(built, v)) for v in _with_zero(values))

    def _order(self, relation: Predicate, values: Values) -> Iterator[Candidate]:
        terms = self._extended(values)
        for left, right in product(terms, terms):
            if left is not right and type(left) is type(right) and isinstance(left, OrderedSort):
                yield Candidate("implication", 2, _ordered(relation, values, left, right))
        for term in _with_zero(terms):
            yield Candidate("implication", 2, _ordered(relation, values, term.zero(), term))

    def functional(self) -> Iterator[Candidate]:
        """R(x, y) and R(x, y') imply y = y'."""
        for relation in self.predicates:
            for position, sort in enumerate(relation.sorts):
                yield Candidate("functional", 3, _functional(relation, position, variable(sort, "other")))

    def monotone(self) -> Iterator[Candidate]:
        """R(…, f) and e < f imply S(…, e)."""
        for relation, other in product(self.predicates, self.predicates):
            for position, sort in enumerate(relation.sorts):
                if sort in self.ordered:
                    values, smaller = relation.fresh(), variable(sort, "smaller")
                    pool = [*(v for n, v in enumerate(values) if n != position), smaller]
                    for arguments in self._arguments(other, pool):
                        if _count(arguments, smaller):
                            built = _monotone(relation, values, position, other, arguments, smaller)
                            yield Candidate("monotone", 3, built)

    def some_quorum(self) -> Iterator[Candidate]:
        """R(x) implies that some quorum has S(·, x); the quorum may not depend on a member, to stay decidable."""
        for quorum, member in zip(self.quorums, self.members, strict=True):
            inside = variable(member, "inside")
            for relation, other in product(self.predicates, self.predicates):
                values = relation.fresh()
                for arguments in self._arguments(other, [*values, inside]):
                    if _count(arguments, inside) == 1:
                        built = _some_quorum(quorum, relation, values, other, arguments, inside)
                        yield Candidate("some quorum", 3, built)

    def prefixes(self) -> Iterator[Candidate]:
        """R(x, z), y <= z and D(x, y) imply S(x, y): no gaps."""
        for position in self.ordered:
            those = [p for p in self.predicates if position in p.sorts and len(p.sorts) > 1]
            lower = variable(position, "lower")
            for relation, domain, other in product(those, those, those):
                values = relation.fresh()
                kept = [v for v in values if type(v) is not position and not self._is_payload(type(v))]
                payload = [variable(s, "lower") for s in dict.fromkeys(relation.sorts) if self._is_payload(s)]
                pool, upper = [*kept, lower, *payload], values[relation.sorts.index(position)]
                for inside, arguments in product(*(self._plain(p, pool) for p in (domain, other))):
                    built = _prefix((relation, values), (lower, upper), (domain, inside), (other, arguments))
                    yield Candidate("prefix closure", 4, built)

    def matching(self) -> Iterator[Candidate]:
        """R(e, z) and y <= z imply that D(e, y) and D(epoch(z), y) are the same: histories agree."""
        for function in self.functions:
            those = [p for p in self.predicates if {*function.sorts, function.result} <= {s.__name__ for s in p.sorts}]
            for relation, domain in product(those, those):
                names = [sort.__name__ for sort in relation.sorts]
                at, epoch = names.index(function.sorts[0]), names.index(function.result or "")
                if relation.sorts == domain.sorts and relation.sorts[at] in self.ordered:
                    yield Candidate("matching", 5, _matching(relation, domain, function.name, at, epoch))

    def choosable(self) -> Iterator[Candidate]:
        """A holds of e and B does not of a later f (or the other way round): in every quorum, one has left e
        without voting for it, so that nothing can be chosen there any more."""
        for quorum, member in zip(self.quorums, self.members, strict=True):
            for sort in self.ordered:
                those = [p for p in self.predicates if sort in p.sorts and member not in p.sorts]
                pairs = [(a, b) for a, b in product(those, those) if a.sorts == b.sorts]
                leavers = [p for p in self.predicates if sorted(s.__name__ for s in p.sorts) == _names(member, sort)]
                for (holds, lacks), leaver in product(pairs, leavers):
                    yield from self._choosable(quorum, variable(member, "inside"), sort, holds, lacks, leaver)

    def _choosable(
        self, quorum: Any, inside: Sort, sort: type[Sort], holds: Predicate, lacks: Predicate, leaver: Predicate
    ) -> Iterator[Candidate]:
        e, f, values = variable(sort, "early"), variable(sort, "late"), holds.fresh()
        starts = [None, *(p for p in self.predicates if p.sorts == (sort,))]
        belows = [None, *(x for x in self._extended(values) if type(x) is sort and not any(x is v for v in values))]
        (left,) = self._plain(leaver, [inside, e])
        for first, second in ((e, f), (f, e)):
            has, has_not = (tuple(x if type(v) is sort else v for v in values) for x in (first, second))
            for voter in self.predicates:
                for votes in self._plain(voter, [inside, e, *(v for v in values if type(v) is not sort)]):
                    if _count(votes, inside) and _count(votes, e) and voter != leaver:
                        for start, below in product(starts, belows):
                            guards = _Guards(e, f, start, below)
                            facts = (holds, has), (lacks, has_not), (leaver, left), (voter, votes)
                            built = _choosable(quorum, inside, guards, *facts)
                            yield Candidate("choosable", 5 + (start is not None) + (below is not None), built)

    def _arguments(self, predicate: Predicate, pool: Iterable[Sort]) -> Iterator[Values]:
        """The values that fit a predicate, functions of the pool included."""
        return self._fitting(predicate, self._extended(pool))

    def _plain(self, predicate: Predicate, pool: Iterable[Sort]) -> Iterator[Values]:
        return self._fitting(predicate, tuple(pool))

    def _fitting(self, predicate: Predicate, pool: Values) -> Iterator[Values]:
        return product(*([v for v in pool if type(v) is sort] for sort in predicate.sorts))

    def _extended(self, pool: Iterable[Sort]) -> Values:
        values = tuple(pool)
        by_name = {sort.__name__: sort for p in self.predicates for sort in p.sorts}
        images = [
            by_name[f.result or ""](Application(f.name, (value.term,), f.result or ""))
            for f in self.functions
            for value in values
            if type(value).__name__ == f.sorts[0] and f.result in by_name
        ]
        return (*values, *images)

    def _is_payload(self, sort: type[Sort]) -> bool:
        return sort not in self.ordered and sort not in self.members and sort not in self.quorums


Fact = tuple[Predicate, Values]


def _count(values: Values, wanted: Sort) -> int:
    return sum(value is wanted for value in values)


def _names(*sorts: type[Sort]) -> list[str]:
    return sorted(sort.__name__ for sort in sorts)


def _at(values: Values, position: int, value: Sort) -> Values:
    return (*values[:position], value, *values[position + 1 :])


def _implies(premises: list[Fact], other: Predicate, arguments: Values) -> Open:
    def formula(theory: Theory) -> Formula:
        given = conjunction(tuple(p.of(theory, values) for p, values in premises))
        return implication(given, other.of(theory, arguments))

    return formula


def _implies_some(relation: Predicate, values: Values, other: Predicate, arguments: Values, some: Sort) -> Open:
    def formula(theory: Theory) -> Formula:
        def found(one: Sort) -> Formula:
            return other.of(theory, tuple(one if a is some else a for a in arguments))

        return implication(relation.of(theory, values), exists(type(some), found, ("x",)))

    return formula


def _with_zero(values: Values) -> Iterator[Any]:
    return (v for v in values if isinstance(v, OrderedSort) and v.least)


def _unless_zero(built: Open, value: Any) -> Open:
    return lambda theory: implication(value.zero() < value, built(theory))


def _ordered(relation: Predicate, values: Values, left: Any, right: Any) -> Open:
    return lambda theory: implication(relation.of(theory, values), left < right)


def _functional(relation: Predicate, position: int, other: Sort) -> Open:
    def formula(theory: Theory) -> Formula:
        values = relation.fresh()
        both = relation.of(theory, values) & relation.of(theory, _at(values, position, other))
        return implication(both, values[position] == other)

    return formula


def _monotone(
    relation: Predicate, values: Values, position: int, other: Predicate, arguments: Values, smaller: Any
) -> Open:
    def formula(theory: Theory) -> Formula:
        below: Formula = smaller < values[position]
        return implication(relation.of(theory, values) & below, other.of(theory, arguments))

    return formula


def _some_quorum(
    quorum: Any, relation: Predicate, values: Values, other: Predicate, arguments: Values, inside: Sort
) -> Open:
    """Members among the variables of R are bound inside: the quorum must do for all of them."""
    outer = [v for v in values if type(v) is type(inside)]

    def formula(theory: Theory) -> Formula:
        def of(q: Any) -> Formula:
            def votes(s: Sort) -> Formula:
                return other.of(theory, tuple(s if a is inside else a for a in arguments))

            each = q.each(votes)
            if not outer:
                return each  # type: ignore[no-any-return]
            bound = tuple(v.term for v in outer if isinstance(v.term, Variable))
            return quantified(True, bound, implication(relation.of(theory, values), each))

        some = exists(quorum, of, ("q",))
        return some if outer else implication(relation.of(theory, values), some)

    return formula


def _prefix(given: Fact, order: tuple[Any, Any], domain: Fact, found: Fact) -> Open:
    def formula(theory: Theory) -> Formula:
        facts = [predicate.of(theory, values) for predicate, values in (given, domain, found)]
        below: Formula = order[0] <= order[1]
        return implication(conjunction((facts[0], below, facts[1])), facts[2])

    return formula


def _matching(relation: Predicate, domain: Predicate, function: str, at: int, epoch: int) -> Open:
    def formula(theory: Theory) -> Formula:
        values = relation.fresh()
        lower: Any = variable(relation.sorts[at], "lower")
        payload = tuple(
            variable(type(v), "lower") if n not in (at, epoch) else v for n, v in enumerate(_at(values, at, lower))
        )
        here = domain.of(theory, payload)
        there = domain.of(theory, _at(payload, epoch, getattr(theory, function)(values[at])))
        return implication(relation.of(theory, values) & (lower <= values[at]), iff(here, there))

    return formula


@dataclass(frozen=True)
class _Guards:
    early: Any
    late: Any
    start: Predicate | None
    below: Any

    def of(self, theory: Theory) -> tuple[Formula, ...]:
        parts: tuple[Formula, ...] = (self.early < self.late,)
        if self.start is not None:
            parts += (self.start.of(theory, (self.late,)),)
        return parts if self.below is None else (*parts, self.below < self.early)


def _choosable(quorum: Any, inside: Sort, guards: _Guards, holds: Fact, lacks: Fact, left: Fact, voted: Fact) -> Open:
    def formula(theory: Theory) -> Formula:
        def of(fact: Fact, member: Sort) -> Formula:
            return fact[0].of(theory, tuple(member if a is inside else a for a in fact[1]))

        def has_left(q: Any) -> Formula:
            found: Formula = q.some(lambda s: of(left, s) & negation(of(voted, s)))
            return found

        given = (*guards.of(theory), holds[0].of(theory, holds[1]), negation(lacks[0].of(theory, lacks[1])))
        return implication(conjunction(given), forall(quorum, has_left, ("q",)))

    return formula
