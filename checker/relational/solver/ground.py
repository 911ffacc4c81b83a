"""An obligation over sorts of given finite sizes, as a propositional problem: Z3 always decides it.

Elements are numbers and a total order is that of the numbers, so every model is a finite structure that the Python
reading of the theory can check again. Integers stay symbolic. Knows nothing of cores or retries.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any, assert_never

import z3

from ....spec.relational.finite import Structure
from ....spec.relational.terms import (
    And,
    Application,
    AtMost,
    Atom,
    Choice,
    Equal,
    Formula,
    Iff,
    Implies,
    Not,
    Number,
    Or,
    Quantified,
    Sum,
    Term,
    Truth,
    Variable,
)
from ....spec.relational.theory import Symbol, Theory
from ....spec.relational.vocabulary import Quorum, members_of, membership_of
from .translate import Integers

Key = tuple[str, tuple[int, ...]]
Options = list[tuple[Any, int]]  # an element as alternatives: under which condition it is which number
Environment = dict[Variable, Any]


class Ground:
    """The propositional vocabulary of a theory over given sizes."""

    def __init__(self, theory: Theory, sizes: Mapping[str, int], integers: Integers) -> None:
        self.context = z3.Context()
        self.sizes = dict(sizes)
        self.integers = integers
        self.symbols = {symbol.name: symbol for symbol in (*theory.symbols(), *_memberships(theory))}
        self.atoms: dict[Key, Any] = {}
        self.values: dict[Key, Any] = {}
        self.constraints: list[Any] = []
        for symbol in self.symbols.values():
            self._declare(symbol)

    def _declare(self, symbol: Symbol) -> None:
        for arguments in product(*(range(self.sizes[sort]) for sort in symbol.sorts)):
            key = (symbol.name, arguments)
            label = f"{symbol.name}{arguments}"
            if symbol.result is None:
                self.atoms[key] = z3.Bool(label, self.context)
            else:
                self.values[key] = self.constant(label, symbol.result)

    def constant(self, label: str, sort: str) -> Any:
        """An unknown element: an integer, or alternatives of which exactly one holds."""
        if sort == "Integer":
            unbounded = self.integers == "unbounded"
            return z3.Int(label, self.context) if unbounded else z3.BitVec(label, 32, self.context)
        options = [(z3.Bool(f"{label}={n}", self.context), n) for n in range(self.sizes[sort])]
        conditions = [condition for condition, _ in options]
        self.constraints.append(z3.PbEq([(condition, 1) for condition in conditions], 1))
        return options

    def boolean(self, part: Any) -> Any:
        """A folded formula as a Z3 Boolean in any case."""
        return z3.BoolVal(part, self.context) if isinstance(part, bool) else part

    def formula(self, formula: Formula, env: Environment) -> Any:
        """A Z3 Boolean without quantifiers; True and False are folded on the way."""
        match formula:
            case Truth(value):
                return value
            case Atom(relation, arguments):
                rows = product(*(self.options(a, env) for a in arguments))
                return _any(
                    _all([*(c for c, _ in row), self.atoms[relation, tuple(n for _, n in row)]]) for row in rows
                )
            case Equal(left, right):
                return self._compared(left, right, env, equal=True)
            case AtMost(left, right):
                return self._compared(left, right, env, equal=False)
            case Not(body):
                return _not(self.formula(body, env))
            case And(parts):
                return _all(self.formula(part, env) for part in parts)
            case Or(parts):
                return _any(self.formula(part, env) for part in parts)
            case Implies(premise, conclusion):
                return self._implies(premise, conclusion, env)
            case Iff(left, right):
                first, second = self.formula(left, env), self.formula(right, env)
                return _any([_all([first, second]), _all([_not(first), _not(second)])])
            case Quantified(universal, variables, body):
                return self._quantified(universal, variables, body, env)
            case _:
                assert_never(formula)

    def _implies(self, premise: Formula, conclusion: Formula, env: Environment) -> Any:
        condition = self.formula(premise, env)
        return True if condition is False else _any([_not(condition), self.formula(conclusion, env)])

    def _quantified(self, universal: bool, variables: tuple[Variable, ...], body: Formula, env: Environment) -> Any:
        ranges = [[[(True, n)] for n in range(self.sizes[v.sort])] for v in variables]
        chosen = product(*ranges)
        parts = (self.formula(body, env | dict(zip(variables, values, strict=True))) for values in chosen)
        return _all(parts) if universal else _any(parts)

    def _compared(self, left: Term, right: Term, env: Environment, equal: bool) -> Any:
        if left.sort == "Integer":
            one, other = self.integer(left, env), self.integer(right, env)
            return one == other if equal else one <= other
        pairs = product(self.options(left, env), self.options(right, env))
        return _any(_all([c, d]) for (c, m), (d, n) in pairs if (m == n if equal else m <= n))

    def options(self, term: Term, env: Environment) -> Options:
        """The elements that a term may denote, each with its condition."""
        match term:
            case Variable():
                known: Options = env[term]
                return known
            case Application(function, ()) if function.endswith(".zero"):
                return [(True, 0)]
            case Application(function, arguments):
                rows = list(product(*(self.options(a, env) for a in arguments)))
                return [
                    (_all([*(c for c, _ in row), condition]), n)
                    for row in rows
                    for condition, n in self.values[function, tuple(n for _, n in row)]
                ]
            case Choice(condition, then, otherwise):
                test = self.formula(condition, env)
                chosen = [(_all([test, c]), n) for c, n in self.options(then, env)]
                return chosen + [(_all([_not(test), c]), n) for c, n in self.options(otherwise, env)]
            case _:
                raise AssertionError(f"{term} is an integer")

    def integer(self, term: Term, env: Environment) -> Any:
        """A term of sort Integer as a Z3 number."""
        match term:
            case Variable():
                return env[term]
            case Number(value):
                unbounded = self.integers == "unbounded"
                return z3.IntVal(value, self.context) if unbounded else z3.BitVecVal(value, 32, self.context)
            case Sum(left, right):
                return self.integer(left, env) + self.integer(right, env)
            case Choice(condition, then, otherwise):
                test = self.formula(condition, env)
                return z3.If(self.boolean(test), self.integer(then, env), self.integer(otherwise, env))
            case Application(function, arguments):
                rows = list(product(*(self.options(a, env) for a in arguments)))
                found = self.values[function, tuple(n for _, n in rows[-1])]
                for row in rows[:-1]:
                    value = self.values[function, tuple(n for _, n in row)]
                    found = z3.If(self.boolean(_all(c for c, _ in row)), value, found)
                return found
            case _:
                assert_never(term)

    def structure(self, model: Any) -> Structure:
        """The finite structure of a model."""
        relations: dict[str, set[tuple[int, ...]]] = {s.name: set() for s in self.symbols.values() if not s.result}
        for (name, arguments), atom in self.atoms.items():
            if z3.is_true(model.eval(atom, model_completion=True)):
                relations[name].add(arguments)
        functions: dict[str, list[tuple[tuple[int, ...], int]]] = {
            s.name: [] for s in self.symbols.values() if s.result
        }
        for (name, arguments), value in self.values.items():
            functions[name].append((arguments, self.element(model, value)))
        frozen = tuple((name, frozenset(tuples)) for name, tuples in relations.items())
        return Structure(tuple(self.sizes.items()), frozen, tuple((n, tuple(g)) for n, g in functions.items()))

    def element(self, model: Any, value: Any) -> int:
        """The number that a constant denotes in a model."""
        if isinstance(value, list):
            return next(int(n) for c, n in value if z3.is_true(model.eval(c, model_completion=True)))
        number = model.eval(value, model_completion=True)
        return int(number.as_signed_long() if z3.is_bv(number) else number.as_long())


def _memberships(theory: Theory) -> list[Symbol]:
    quorums = [sort for sort in theory.sorts if issubclass(sort, Quorum)]
    return [
        Symbol(membership_of(q.__name__), (q.__name__, members_of(q).__name__), None, "member of a quorum", True)
        for q in quorums
    ]


def _all(parts: Any) -> Any:
    kept = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            kept.append(part)
    return z3.And(*kept) if len(kept) > 1 else kept[0] if kept else True


def _any(parts: Any) -> Any:
    kept = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            kept.append(part)
    return z3.Or(*kept) if len(kept) > 1 else kept[0] if kept else False


def _not(part: Any) -> Any:
    return not part if isinstance(part, bool) else z3.Not(part)
