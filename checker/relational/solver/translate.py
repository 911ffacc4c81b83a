"""From the tree of a theory to Z3 formulas over uninterpreted sorts, and back to the sizes of a model.

Knows the vocabulary of one theory. Integers are unbounded or machine words, as asked. Does not decide anything.
"""

from typing import Any, Literal, assert_never

import z3

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
from ....spec.relational.theory import Theory
from ....spec.relational.vocabulary import OrderedSort, Quorum, members_of, membership_of, zero_of

Integers = Literal["unbounded", "int32"]


class Translation:
    """The Z3 vocabulary of a theory. Expressions of Z3 are untyped here: it ships no types."""

    def __init__(self, theory: Theory, integers: Integers = "unbounded") -> None:
        self.integers = integers
        self.context = z3.Context()  # of its own: what was asked before must not change an answer
        names = (sort.__name__ for sort in theory.sorts if sort.__name__ != "Integer")
        self.sorts: dict[str, Any] = {name: z3.DeclareSort(name, self.context) for name in names}
        unbounded = integers == "unbounded"
        self.sorts["Integer"] = z3.IntSort(self.context) if unbounded else z3.BitVecSort(32, self.context)
        self.symbols: dict[str, Any] = {s.name: self._declare(s.name, s.sorts, s.result) for s in theory.symbols()}
        for sort in theory.sorts:
            self._declare_built_in(sort)

    def _declare(self, name: str, sorts: tuple[str, ...], result: str | None) -> Any:
        signature = [self.sorts[sort] for sort in sorts]
        return z3.Function(name, *signature, self.sorts[result] if result else z3.BoolSort(self.context))

    def _declare_built_in(self, sort: Any) -> None:
        name = sort.__name__
        if issubclass(sort, Quorum):
            membership = membership_of(name)
            self.symbols[membership] = self._declare(membership, (name, members_of(sort).__name__), None)
        elif issubclass(sort, OrderedSort) and name != "Integer":
            self.symbols[f"{name}.<="] = self._declare(f"{name}.<=", (name, name), None)
            self.symbols[zero_of(name)] = self._declare(zero_of(name), (), name)

    def formula(self, formula: Formula) -> Any:
        """The formula as a Z3 Boolean."""
        match formula:
            case Truth(value):
                return z3.BoolVal(value, self.context)
            case Atom(relation, arguments):
                return self.symbols[relation](*map(self.term, arguments))
            case Equal(left, right):
                return self.term(left) == self.term(right)
            case AtMost(left, right):
                return self._at_most(left, right)
            case Not(body):
                return z3.Not(self.formula(body))
            case And(parts):
                return z3.And(*map(self.formula, parts))
            case Or(parts):
                return z3.Or(*map(self.formula, parts))
            case Implies(premise, conclusion):
                return z3.Implies(self.formula(premise), self.formula(conclusion))
            case Iff(left, right):
                return self.formula(left) == self.formula(right)
            case Quantified(universal, variables, body):
                quantifier = z3.ForAll if universal else z3.Exists
                return quantifier([self.term(v) for v in variables], self.formula(body))
            case _:
                assert_never(formula)

    def term(self, term: Term) -> Any:
        """The term as a Z3 expression."""
        match term:
            case Variable(name, sort, serial):
                return z3.Const(f"{name}!{serial}" if serial else name, self.sorts[sort])
            case Number(value):
                unbounded = self.integers == "unbounded"
                return z3.IntVal(value, self.context) if unbounded else z3.BitVecVal(value, 32, self.context)
            case Sum(left, right):
                return self.term(left) + self.term(right)
            case Choice(condition, then, otherwise):
                return z3.If(self.formula(condition), self.term(then), self.term(otherwise))
            case Application(function, arguments):
                return self.symbols[function](*map(self.term, arguments))
            case _:
                assert_never(term)

    def _at_most(self, left: Term, right: Term) -> Any:
        if left.sort == "Integer":
            return self.term(left) <= self.term(right)
        return self.symbols[f"{left.sort}.<="](self.term(left), self.term(right))
