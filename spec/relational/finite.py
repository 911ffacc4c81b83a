"""The same text over finite sets: a theory's formulas and actions as Python over small structures.

Elements are 0, 1, 2… and a total order is that of the numbers. Formulas become Python source, once; a structure
is sets and dictionaries. This is the reading that samples, replays and minimised counterexamples are checked with.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, assert_never

from . import terms
from .terms import (
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
from .theory import Action, Symbol, Theory
from .vocabulary import Sort

Tuples = frozenset[tuple[int, ...]]
Graph = tuple[tuple[tuple[int, ...], int], ...]  # a function as its pairs of arguments and value
WORD_LOWEST, WORD_HIGHEST = -(2**31), 2**31 - 1


@dataclass(frozen=True)
class Structure:
    """One state of a finite instance: the meaning of every relation and function, background included."""

    sizes: tuple[tuple[str, int], ...]
    relations: tuple[tuple[str, Tuples], ...]
    functions: tuple[tuple[str, Graph], ...] = ()

    @cached_property
    def lookup(self) -> "Lookup":
        """The same as dictionaries."""
        functions = {name: dict(graph) for name, graph in self.functions}
        return Lookup(dict(self.sizes), dict(self.relations), functions)

    def changed(self, relations: Mapping[str, Tuples], functions: Mapping[str, Graph]) -> "Structure":
        """The structure with some meanings replaced."""
        new_relations = tuple((name, relations.get(name, old)) for name, old in self.relations)
        new_functions = tuple((name, functions.get(name, old)) for name, old in self.functions)
        return Structure(self.sizes, new_relations, new_functions)


@dataclass(frozen=True)
class Lookup:
    """A structure as compiled code reads it."""

    sizes: dict[str, int]
    relations: dict[str, Tuples]
    functions: dict[str, dict[tuple[int, ...], int]]


def holds(formula: Formula, structure: Structure, values: Mapping[Variable, int] | None = None) -> bool:
    """The truth of a formula; `values` for its free variables."""
    return bool(Compiled(formula, tuple(values or ())).call(structure, tuple((values or {}).values())))


class Compiled:
    """A formula as a Python function of a structure and the values of some variables."""

    def __init__(self, formula: Formula, parameters: tuple[Variable, ...] = (), machine_words: bool = False) -> None:
        names = ", ".join(("N", "R", "F", *map(_name, parameters)))
        self._function = _evaluated(f"lambda {names}: {_formula(formula)}", machine_words)

    def call(self, structure: Structure, values: tuple[int, ...] = ()) -> bool:
        """The truth of the formula in a structure."""
        look = structure.lookup
        return bool(self._function(look.sizes, look.relations, look.functions, *values))


def falsifying(
    formula: Formula, structure: Structure, values: Mapping[Variable, int], machine_words: bool = False
) -> dict[Variable, int] | None:
    """Values for the outermost universal variables that make a formula false; None if it is true."""
    outer = formula.variables if isinstance(formula, Quantified) and formula.universal else ()
    body = formula.body if isinstance(formula, Quantified) and formula.universal else formula
    known = {variable: value for variable, value in values.items() if variable in terms.free(formula)}
    test = Compiled(body, (*known, *outer), machine_words)
    for chosen in product(*(universe(structure, v.sort) for v in outer)):
        if not test.call(structure, (*known.values(), *chosen)):
            return dict(zip(outer, chosen, strict=True))
    return None


def universe(structure: Structure, sort: str) -> range:
    """The elements of a sort. Integers are sampled from -1 (ZooKeeper's "any version") upwards."""
    size = structure.lookup.sizes[sort]
    return range(-1, size) if sort == "Integer" else range(size)


class CompiledAction:
    """An action over finite structures: its enabled instances, and the state after one."""

    def __init__(self, theory: Theory, action: Action, machine_words: bool = False) -> None:
        self.action = action
        self._enabled = _evaluated(_enabled_source(action), machine_words)
        symbols = {symbol.name: symbol for symbol in theory.symbols()}
        updates = ((symbols[u.symbol], u.meaning) for u in action.step.updates)
        self._updates = [(s, _evaluated(_update_source(theory, s, m, action), machine_words)) for s, m in updates]

    def instances(self, structure: Structure) -> Iterator[tuple[int, ...]]:
        """Parameter values for which all guards hold, in lexicographic order."""
        look = structure.lookup
        yield from self._enabled(look.sizes, look.relations, look.functions)

    def after(self, structure: Structure, values: tuple[int, ...]) -> Structure:
        """The state after this step."""
        look = structure.lookup
        new = [(s, update(look.sizes, look.relations, look.functions, *values)) for s, update in self._updates]
        relations = {symbol.name: frozenset(meaning) for symbol, meaning in new if symbol.result is None}
        functions = {symbol.name: tuple(meaning) for symbol, meaning in new if symbol.result is not None}
        return structure.changed(relations, functions)


def _enabled_source(action: Action) -> str:
    """Nested loops over the parameters; each guard is asked as soon as its parameters are known."""
    lines, known, waiting = ["def enabled(N, R, F):"], set[Variable](), list(action.step.guards)
    waiting = [part for guard in waiting for part in (guard.parts if isinstance(guard, And) else (guard,))]
    indent = "    "
    for parameter in (None, *action.parameters):
        if parameter is not None:
            lines.append(f"{indent}for {_name(parameter)} in {_range(parameter.sort)}:")
            known.add(parameter)
            indent += "    "
        ready = [guard for guard in waiting if terms.free(guard) <= known]
        waiting = [guard for guard in waiting if guard not in ready]
        skip = "return" if parameter is None else "continue"
        lines += [f"{indent}if not {_formula(guard)}: {skip}" for guard in ready]
    lines.append(f"{indent}yield ({''.join(_name(p) + ',' for p in action.parameters)})")
    return "\n".join(lines)


def _update_source(theory: Theory, symbol: Symbol, meaning: Callable[..., Any], action: Action) -> str:
    sorts = {sort.__name__: sort for sort in theory.sorts}
    arguments = tuple(Variable("x", sort, 1000 + n) for n, sort in enumerate(symbol.sorts))
    value = meaning(*(sorts[v.sort](v) for v in arguments))
    names = f"({''.join(_name(v) + ',' for v in arguments)})"
    loops = " ".join(f"for {_name(v)} in {_range(v.sort)}" for v in arguments) or "for _ in (0,)"
    head = f"lambda {', '.join(('N', 'R', 'F', *map(_name, action.parameters)))}:"
    if isinstance(value, Sort):
        return f"{head} [({names}, {_term(value.term)}) {loops}]"
    return f"{head} [{names} {loops} if {_formula(terms.canonical(value))}]"


def _evaluated(source: str, machine_words: bool) -> Callable[..., Any]:
    """The function that generated source defines; the source comes from a typed tree, never from input."""
    scope: dict[str, Any] = {"_sum": _wrapped_sum if machine_words else lambda a, b: a + b}
    if source.startswith("lambda"):
        source = f"enabled = {source}"
    exec(compile(source, "<theory>", "exec"), scope)
    function: Callable[..., Any] = scope["enabled"]
    return function


def _wrapped_sum(left: int, right: int) -> int:
    return (left + right - WORD_LOWEST) % 2**32 + WORD_LOWEST


def _name(variable: Variable) -> str:
    return f"{variable.name}_{variable.serial}" if variable.serial >= 0 else f"{variable.name}_m{-variable.serial}"


def _range(sort: str) -> str:
    return f"range(-1, N['{sort}'])" if sort == "Integer" else f"range(N['{sort}'])"


def _tuple(arguments: tuple[Term, ...]) -> str:
    return f"({''.join(_term(a) + ',' for a in arguments)})"


def _formula(formula: Formula) -> str:
    match formula:
        case Truth(value):
            return str(value)
        case Atom(relation, arguments):
            return f"({_tuple(arguments)} in R['{relation}'])"
        case Equal(left, right):
            return f"({_term(left)} == {_term(right)})"
        case AtMost(left, right):
            return f"({_term(left)} <= {_term(right)})"
        case Not(body):
            return f"(not {_formula(body)})"
        case And(parts):
            return f"({' and '.join(map(_formula, parts))})"
        case Or(parts):
            return f"({' or '.join(map(_formula, parts))})"
        case Implies(premise, conclusion):
            return f"(not {_formula(premise)} or {_formula(conclusion)})"
        case Iff(left, right):
            return f"({_formula(left)} == {_formula(right)})"
        case Quantified(universal, variables, body):
            loops = " ".join(f"for {_name(v)} in {_range(v.sort)}" for v in variables)
            return f"{'all' if universal else 'any'}({_formula(body)} {loops})"
        case _:
            assert_never(formula)


def _term(term: Term) -> str:
    match term:
        case Variable():
            return _name(term)
        case Number(value):
            return f"({value})"
        case Sum(left, right):
            return f"_sum({_term(left)}, {_term(right)})"
        case Choice(condition, then, otherwise):
            return f"({_term(then)} if {_formula(condition)} else {_term(otherwise)})"
        case Application(function, arguments):
            return "0" if function.endswith(".zero") else f"F['{function}'][{_tuple(arguments)}]"
        case _:
            assert_never(term)
