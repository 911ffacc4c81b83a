"""The words of the relational language: sorts, relations, functions, connectives, updates.

A theory is ordinary typed Python. Its functions are run once with variables for values and leave a tree of
terms behind (`terms`); no function of a theory ever sees a truth value. Knows no solver.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from itertools import count
from typing import Any, ClassVar, Generic, Self, TypeVar, TypeVarTuple, cast, get_args

from . import terms
from .terms import Application, AtMost, Atom, Choice, Equal, Formula, Term, Variable

Ts = TypeVarTuple("Ts")
S = TypeVar("S", bound="Sort")
R = TypeVar("R", bound="Sort")

_serial = count(1)


@dataclass(frozen=True, eq=False)
class Sort:
    """An uninterpreted sort: a set of any size, not empty. Its values know `==` and `!=` only."""

    term: Term

    def __eq__(self, other: Self) -> Formula:  # type: ignore[override]
        return TRUE if self.term == other.term else Equal(self.term, other.term)

    def __ne__(self, other: Self) -> Formula:  # type: ignore[override]
        return terms.negation(self == other)

    __hash__ = None  # type: ignore[assignment]


class OrderedSort(Sort):
    """A totally ordered sort. `class Epoch(OrderedSort, least=True)` has a smallest value, `Epoch.zero()`."""

    least: ClassVar[bool] = False

    def __init_subclass__(cls, least: bool = False) -> None:
        cls.least = least

    def __le__(self, other: Self) -> Formula:
        return AtMost(self.term, other.term)

    def __lt__(self, other: Self) -> Formula:
        return terms.negation(other <= self)

    def __ge__(self, other: Self) -> Formula:
        return other <= self

    def __gt__(self, other: Self) -> Formula:
        return other < self

    @classmethod
    def zero(cls) -> Self:
        """The smallest value of the sort."""
        if not cls.least:
            raise TypeError(f"{cls.__name__} has no smallest value: declare it with `least=True`")
        return cls(Application(zero_of(cls.__name__), (), cls.__name__))


class Integer(OrderedSort):
    """Integers: unbounded, or machine words, as the proof chooses."""

    def __add__(self, other: "Integer | int") -> "Integer":
        return Integer(terms.Sum(self.term, integer(other).term))


def integer(value: Integer | int) -> Integer:
    """An integer literal."""
    return Integer(terms.Number(value)) if isinstance(value, int) else value


class Quorum(Sort, Generic[S]):
    """Sets of members any two of which meet: the axiom is built in. `class Majority(Quorum[Server])`."""

    def has(self, member: S) -> Formula:
        """`member` is in this quorum."""
        return Atom(membership_of(type(self).__name__), (self.term, member.term))

    def each(self, body: Callable[[S], Formula]) -> Formula:
        """Every member satisfies `body`."""
        return forall(self._members(), lambda s: implies(self.has(s), body(s)), _names(body))

    def some(self, body: Callable[[S], Formula]) -> Formula:
        """Some member satisfies `body`."""
        return exists(self._members(), lambda s: self.has(s) & body(s), _names(body))

    @classmethod
    def _members(cls) -> type[S]:
        return cast(type[S], members_of(cls))


def members_of(quorum: type[Sort]) -> type[Sort]:
    """The sort whose values a quorum sort collects."""
    bases = cast(tuple[Any, ...], vars(quorum)["__orig_bases__"])
    return cast(type[Sort], get_args(bases[0])[0])


def zero_of(sort: str) -> str:
    """Name of the constant for the smallest value of an ordered sort."""
    return f"{sort}.zero"


def membership_of(quorum: str) -> str:
    """Name of the membership relation of a quorum sort."""
    return f"in_{quorum}"


TRUE: Formula = terms.TRUE
FALSE: Formula = terms.FALSE


def implies(premise: Formula, conclusion: Formula) -> Formula:
    """If `premise` then `conclusion`."""
    return terms.implication(premise, conclusion)


def iff(left: Formula, right: Formula) -> Formula:
    """`left` exactly if `right`."""
    return terms.Iff(left, right)


def choose(condition: Formula, then: S, otherwise: S) -> S:
    """`then` where the condition holds, `otherwise` elsewhere."""
    return type(then)(Choice(condition, then.term, otherwise.term, type(then).__name__))


def forall(sort: type[S], body: Callable[[S], Formula], names: tuple[str, ...] = ()) -> Formula:
    """Every value of `sort` satisfies `body`; the lambda's parameter names the variable."""
    return _quantified(True, sort, body, names)


def exists(sort: type[S], body: Callable[[S], Formula], names: tuple[str, ...] = ()) -> Formula:
    """Some value of `sort` satisfies `body`."""
    return _quantified(False, sort, body, names)


def _quantified(universal: bool, sort: type[S], body: Callable[[S], Formula], names: tuple[str, ...]) -> Formula:
    variable = Variable((names or _names(body))[0], sort.__name__, next(_serial))
    return terms.quantified(universal, (variable,), body(sort(variable)))


def _names(body: Callable[..., object]) -> tuple[str, ...]:
    return tuple(signature(body).parameters)


@dataclass(frozen=True)
class Update:
    """The new meaning of one relation or function, as a function of its arguments."""

    symbol: str
    meaning: Callable[..., Any]


@dataclass(frozen=True)
class Relation(Generic[*Ts]):
    """A relation of the state: `log(s, e, z)` is a formula; updates describe the state after an action."""

    name: str
    sorts: tuple[type[Sort], ...]
    meaning: Callable[..., Formula] | None = None

    def __call__(self, *arguments: *Ts) -> Formula:
        values = cast(tuple[Sort, ...], arguments)
        if self.meaning is not None:
            return self.meaning(*values)
        return Atom(self.name, tuple(value.term for value in values))

    def insert(self, *arguments: *Ts) -> Update:
        """The relation holds of `arguments` from now on."""
        return self.insert_where(lambda *others: _same(others, cast(tuple[Sort, ...], arguments)))

    def insert_where(self, where: Callable[[*Ts], Formula]) -> Update:
        """The relation holds of everything that satisfies `where` from now on."""
        return Update(self.name, lambda *others: self(*others) | where(*others))

    def remove_where(self, where: Callable[[*Ts], Formula]) -> Update:
        """The relation no longer holds of anything that satisfies `where`."""
        return Update(self.name, lambda *others: self(*others) & ~where(*others))

    def rewrite(self, meaning: Callable[[*Ts], Formula]) -> Update:
        """The relation holds of what satisfies `meaning`, and of nothing else."""
        return Update(self.name, meaning)


@dataclass(frozen=True)
class Function(Generic[*Ts, R]):
    """A function of the state, total: `version(p)` is a value; the last sort is that of its values."""

    name: str
    sorts: tuple[type[Sort], ...]
    result: type[R]
    meaning: Callable[..., R] | None = None

    def __call__(self, *arguments: *Ts) -> R:
        values = cast(tuple[Sort, ...], arguments)
        if self.meaning is not None:
            return self.meaning(*values)
        return self.result(Application(self.name, tuple(v.term for v in values), self.result.__name__))

    def put(self, *arguments_and_value: *tuple[*Ts, R]) -> Update:
        """The last argument is the value at the others from now on."""
        *arguments, value = cast(tuple[Sort, ...], arguments_and_value)

        def meaning(*others: Any) -> R:
            return choose(_same(others, tuple(arguments)), cast(R, value), self(*others))

        return Update(self.name, meaning if arguments else lambda: value)

    def rewrite(self, meaning: Callable[[*Ts], R]) -> Update:
        """The function's values are those of `meaning` from now on."""
        return Update(self.name, meaning)


def _same(left: tuple[Any, ...], right: tuple[Sort, ...]) -> Formula:
    return terms.conjunction(tuple(one == other for one, other in zip(left, right, strict=True)))


@dataclass(frozen=True)
class Step:
    """What an action may do: when its guards hold, all updates happen at once; they read the state before."""

    guards: tuple[Formula, ...]
    updates: tuple[Update, ...]


@dataclass(frozen=True)
class Guard:
    """The conditions of an action, waiting for its updates."""

    conditions: tuple[Formula, ...]

    def then(self, *updates: Update) -> Step:
        """The updates of the action; each relation at most once."""
        named = [update.symbol for update in updates]
        if len(set(named)) < len(named):
            raise TypeError(f"an action updates {named} at once: give each relation one update")
        return Step(tuple(c for c in self.conditions if c != TRUE), updates)


def when(*conditions: Formula) -> Guard:
    """An action happens only when all conditions hold."""
    return Guard(conditions)
