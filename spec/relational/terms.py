"""First-order terms and formulas: the tree that every reading of a theory starts from.

A theory is run once, with variables for values, and leaves such a tree behind. The solver, the enumeration of
finite instances, the linter and the printer are visitors of it. This module knows no solver and no theory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Never


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, or a constant of an obligation. The serial number keeps equal names apart."""

    name: str
    sort: str
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Application:
    """A function of the vocabulary applied to terms; a constant where there are none."""

    function: str
    arguments: "tuple[Term, ...]"
    sort: str


@dataclass(frozen=True, slots=True)
class Number:
    """An integer literal."""

    value: int
    sort: str = "Integer"


@dataclass(frozen=True, slots=True)
class Sum:
    """Integer addition."""

    left: "Term"
    right: "Term"
    sort: str = "Integer"


@dataclass(frozen=True, slots=True)
class Choice:
    """One term where a condition holds, another where it does not."""

    condition: "Formula"
    then: "Term"
    otherwise: "Term"
    sort: str


Term = Variable | Application | Number | Sum | Choice


class _Connected:
    """Formulas are joined with `&`, `|` and `~`. They have no truth value of their own."""

    __slots__ = ()

    def __and__(self, other: "Formula") -> "Formula":
        return conjunction((_formula(self), other))

    def __or__(self, other: "Formula") -> "Formula":
        return disjunction((_formula(self), other))

    def __invert__(self) -> "Formula":
        return negation(_formula(self))

    def __bool__(self) -> Never:
        raise TypeError(
            "a formula has no truth value: write `&`, `|`, `~`, implies(), iff() and choose() "
            "instead of `and`, `or`, `not`, `if` and chained comparisons"
        )


@dataclass(frozen=True, slots=True)
class Truth(_Connected):
    """True or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Atom(_Connected):
    """A relation of the vocabulary holds of some terms."""

    relation: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Equal(_Connected):
    """Two terms of one sort denote the same element."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class AtMost(_Connected):
    """`left <= right` in a totally ordered sort, or between integers."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Not(_Connected):
    """Negation."""

    body: "Formula"


@dataclass(frozen=True, slots=True)
class And(_Connected):
    """Conjunction."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Or(_Connected):
    """Disjunction."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Implies(_Connected):
    """Implication."""

    premise: "Formula"
    conclusion: "Formula"


@dataclass(frozen=True, slots=True)
class Iff(_Connected):
    """Equivalence."""

    left: "Formula"
    right: "Formula"


@dataclass(frozen=True, slots=True)
class Quantified(_Connected):
    """For every, or for some, values of the variables."""

    universal: bool
    variables: tuple[Variable, ...]
    body: "Formula"


Formula = Truth | Atom | Equal | AtMost | Not | And | Or | Implies | Iff | Quantified

TRUE = Truth(True)
FALSE = Truth(False)


def _formula(joined: _Connected) -> Formula:
    assert isinstance(joined, Formula)
    return joined


def negation(body: Formula) -> Formula:
    """Not `body`; double negations and constants are folded."""
    match body:
        case Not(inner):
            return inner
        case Truth(value):
            return Truth(not value)
        case _:
            return Not(body)


def conjunction(parts: tuple[Formula, ...]) -> Formula:
    """All of `parts`, flattened."""
    flat = tuple(leaf for part in parts for leaf in (part.parts if isinstance(part, And) else (part,)))
    kept = tuple(dict.fromkeys(leaf for leaf in flat if leaf != TRUE))
    if FALSE in kept:
        return FALSE
    return kept[0] if len(kept) == 1 else And(kept) if kept else TRUE


def disjunction(parts: tuple[Formula, ...]) -> Formula:
    """Some of `parts`, flattened."""
    flat = tuple(leaf for part in parts for leaf in (part.parts if isinstance(part, Or) else (part,)))
    kept = tuple(dict.fromkeys(leaf for leaf in flat if leaf != FALSE))
    if TRUE in kept:
        return TRUE
    return kept[0] if len(kept) == 1 else Or(kept) if kept else FALSE


def implication(premise: Formula, conclusion: Formula) -> Formula:
    """`premise` implies `conclusion`; a chain of implications becomes one."""
    if premise == FALSE or conclusion == TRUE:
        return TRUE
    if premise == TRUE or conclusion == FALSE:
        return conclusion if premise == TRUE else negation(premise)
    if isinstance(conclusion, Implies):
        return Implies(conjunction((premise, conclusion.premise)), conclusion.conclusion)
    return Implies(premise, conclusion)


def quantified(universal: bool, variables: tuple[Variable, ...], body: Formula) -> Formula:
    """A quantifier over `variables`; merged with one of the same kind below it."""
    if isinstance(body, Quantified) and body.universal == universal:
        return Quantified(universal, variables + body.variables, body.body)
    return body if not variables or isinstance(body, Truth) else Quantified(universal, variables, body)


Node = Term | Formula


def children(node: Node) -> Iterator[Node]:
    """The terms and formulas directly below a node."""
    match node:
        case Variable() | Number() | Truth():
            return
        case Application(arguments=arguments) | Atom(arguments=arguments):
            yield from arguments
        case Sum(left, right) | Equal(left, right) | AtMost(left, right):
            yield left
            yield right
        case Implies(left, right) | Iff(left, right):
            yield left
            yield right
        case Choice(condition, then, otherwise):
            yield condition
            yield then
            yield otherwise
        case Not(body) | Quantified(body=body):
            yield body
        case And(parts) | Or(parts):
            yield from parts


def nodes(node: Node) -> Iterator[Node]:
    """A node and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from nodes(child)


def free(node: Node) -> frozenset[Variable]:
    """The variables that no quantifier inside `node` binds."""
    if isinstance(node, Variable):
        return frozenset({node})
    below = frozenset[Variable]().union(*(free(child) for child in children(node)))
    return below - set(node.variables) if isinstance(node, Quantified) else below


def symbols(node: Node) -> frozenset[str]:
    """The relations and functions of the vocabulary that occur."""
    found = (_symbol(part) for part in nodes(node))
    return frozenset(name for name in found if name is not None)


def _symbol(node: Node) -> str | None:
    match node:
        case Atom(relation=name) | Application(function=name):
            return name
        case _:
            return None


def canonical(formula: Formula) -> Formula:
    """The same formula with the smallest serial numbers: equal up to renaming becomes equal.

    Free variables keep their names; a bound variable gets the first serial number that nothing in its scope
    or above it uses under the same name.
    """
    return _renamed(formula, _Scope(frozenset((v.name, v.serial) for v in free(formula)), {}))


@dataclass(frozen=True, slots=True)
class _Scope:
    taken: frozenset[tuple[str, int]]
    renaming: dict[Variable, Variable]

    def binding(self, variables: tuple[Variable, ...]) -> "tuple[tuple[Variable, ...], _Scope]":
        taken, names = self.taken, list[Variable]()
        for variable in variables:
            serial = next(n for n in count() if (variable.name, n) not in taken)
            taken |= {(variable.name, serial)}
            names.append(replace(variable, serial=serial))
        inner = self.renaming | dict(zip(variables, names, strict=True))
        return tuple(names), _Scope(taken, inner)


def _renamed(formula: Formula, scope: _Scope) -> Formula:
    match formula:
        case Truth():
            return formula
        case Atom(relation, arguments):
            return Atom(relation, tuple(_renamed_term(a, scope) for a in arguments))
        case Equal(left, right):
            return Equal(_renamed_term(left, scope), _renamed_term(right, scope))
        case AtMost(left, right):
            return AtMost(_renamed_term(left, scope), _renamed_term(right, scope))
        case Not(body):
            return Not(_renamed(body, scope))
        case And(parts):
            return And(tuple(_renamed(part, scope) for part in parts))
        case Or(parts):
            return Or(tuple(_renamed(part, scope) for part in parts))
        case Implies(premise, conclusion):
            return Implies(_renamed(premise, scope), _renamed(conclusion, scope))
        case Iff(left, right):
            return Iff(_renamed(left, scope), _renamed(right, scope))
        case Quantified(universal, variables, body):
            names, inner = scope.binding(variables)
            return Quantified(universal, names, _renamed(body, inner))


def _renamed_term(term: Term, scope: _Scope) -> Term:
    match term:
        case Variable():
            return scope.renaming.get(term, term)
        case Number():
            return term
        case Application(function, arguments, sort):
            return Application(function, tuple(_renamed_term(a, scope) for a in arguments), sort)
        case Sum(left, right):
            return Sum(_renamed_term(left, scope), _renamed_term(right, scope))
        case Choice(condition, then, otherwise, sort):
            parts = _renamed_term(then, scope), _renamed_term(otherwise, scope)
            return Choice(_renamed(condition, scope), *parts, sort)
