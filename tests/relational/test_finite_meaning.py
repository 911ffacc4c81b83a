"""Three readings of one text agree: Python over a structure, the ground problem, and Z3 with a closed domain."""

from itertools import product

import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from quorate.checker.relational.solver.ground import Ground
from quorate.checker.relational.solver.translate import Translation
from quorate.spec.relational import Function, OrderedSort, Relation, Sort, Theory, background, relation
from quorate.spec.relational.finite import Structure, falsifying, holds
from quorate.spec.relational.terms import (
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
    Or,
    Quantified,
    Term,
    Variable,
    free,
)


class Node(Sort):
    """A node."""


class Rank(OrderedSort, least=True):
    """A rank."""


class Tiny(Theory):
    """One relation, one function."""

    sorts = (Node, Rank)
    at: Relation[Node, Rank] = relation("n is at r")
    rank: Function[Node, Rank] = background("the rank of n")


NODES = [Variable("n", "Node"), Variable("m", "Node")]
RANKS = [Variable("r", "Rank"), Variable("t", "Rank")]
node_terms: st.SearchStrategy[Term] = st.sampled_from(NODES)
simple_ranks: st.SearchStrategy[Term] = st.one_of(
    st.sampled_from(RANKS),
    st.just(Application("Rank.zero", (), "Rank")),
    node_terms.map(lambda n: Application("rank", (n,), "Rank")),
)
choices = st.builds(lambda n, r, a, b: Choice(Atom("at", (n, r)), a, b, "Rank"), node_terms, *[simple_ranks] * 3)
rank_terms = st.one_of(simple_ranks, choices)
leaves: st.SearchStrategy[Formula] = st.one_of(
    st.builds(lambda n, r: Atom("at", (n, r)), node_terms, rank_terms),
    st.builds(AtMost, rank_terms, rank_terms),
    st.builds(Equal, rank_terms, rank_terms),
    st.builds(Equal, node_terms, node_terms),
)
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.tuples(inner, inner).map(And),
        st.tuples(inner, inner).map(Or),
        st.builds(Implies, inner, inner),
        st.builds(Iff, inner, inner),
        st.builds(Quantified, st.booleans(), st.sampled_from([(v,) for v in NODES + RANKS]), inner),
    ),
    max_leaves=6,
)
structures = st.builds(
    lambda at, ranks: Structure(
        (("Node", 2), ("Rank", 2)),
        (("at", frozenset(at)),),
        (("rank", tuple(((n,), r) for n, r in enumerate(ranks))),),
    ),
    st.sets(st.sampled_from(list(product(range(2), range(2))))),
    st.tuples(st.integers(0, 1), st.integers(0, 1)),
)


def closed(formula: Formula) -> Formula:
    variables = tuple(sorted(free(formula), key=lambda v: v.name))
    return Quantified(True, variables, formula) if variables else formula


def by_ground(formula: Formula, structure: Structure) -> bool:
    """The ground formula with every atom fixed to its truth in the structure."""
    ground = Ground(Tiny(), dict(structure.sizes), "unbounded")
    look, solver = structure.lookup, z3.Solver(ctx=ground.context)
    solver.add(*ground.constraints)
    for (name, arguments), atom in ground.atoms.items():
        solver.add(atom == (arguments in look.relations[name]))
    for (name, arguments), options in ground.values.items():
        solver.add(*(c == (look.functions[name][arguments] == n) for c, n in options))
    solver.add(ground.boolean(ground.formula(formula, {})))
    return bool(solver.check() == z3.sat)


def by_solver(formula: Formula, structure: Structure) -> bool:
    """The quantified formula with the structure described by constants."""
    translation, look = Translation(Tiny()), structure.lookup
    solver = z3.Solver(ctx=translation.context)
    elements = {s: [z3.Const(f"{s}{n}", translation.sorts[s]) for n in range(2)] for s in ("Node", "Rank")}
    for sort, constants in elements.items():
        x = z3.Const("x", translation.sorts[sort])
        solver.add(z3.Distinct(*constants), z3.ForAll([x], z3.Or(*(x == c for c in constants))))
    for n, r in product(range(2), range(2)):
        atom = translation.symbols["at"](elements["Node"][n], elements["Rank"][r])
        solver.add(atom == ((n, r) in look.relations["at"]))
        solver.add(translation.symbols["Rank.<="](elements["Rank"][n], elements["Rank"][r]) == (n <= r))
    for (n,), r in look.functions["rank"].items():
        solver.add(translation.symbols["rank"](elements["Node"][n]) == elements["Rank"][r])
    solver.add(translation.symbols["Rank.zero"]() == elements["Rank"][0], translation.formula(formula))
    return bool(solver.check() == z3.sat)


@settings(max_examples=40, deadline=None)
@given(formulas.map(closed), structures)
def test_three_readings_agree(formula: Formula, structure: Structure) -> None:
    truth = holds(formula, structure)
    assert by_ground(formula, structure) == truth
    assert by_solver(formula, structure) == truth


@settings(max_examples=40, deadline=None)
@given(formulas.map(closed), structures)
def test_what_is_false_has_values_that_show_it(formula: Formula, structure: Structure) -> None:
    values = falsifying(formula, structure, {})
    assert (values is None) == holds(formula, structure)
    if values and isinstance(formula, Quantified):
        assert not holds(formula.body, structure, values)
