"""Theories leave a tree behind: connectives, fresh names, printing, refusal of truth values."""

from collections.abc import Callable

import pytest
from quorate.spec.relational import (
    Formula,
    OrderedSort,
    Relation,
    Sort,
    Theory,
    exists,
    forall,
    function,
    implies,
    variant,
    when,
)
from quorate.spec.relational.printing import text
from quorate.spec.relational.terms import Variable, canonical
from quorate.spec.relational.vocabulary import Function, choose
from quorate.spec.relational.zookeeper import THEORIES, Zab


class Node(Sort):
    """A node."""


class Rank(OrderedSort):
    """A rank without a smallest value."""


node, other = Node(Variable("a", "Node")), Node(Variable("b", "Node"))
edge: Relation[Node, Node] = Relation("edge", (Node, Node))


@pytest.mark.parametrize("name", THEORIES)
def test_the_conjuncts_read_like_mathematics(name: str, golden: Callable[[str], None]) -> None:
    theory = THEORIES[name]()
    lines = [f"{c.kind.value} {c.name}: {text(c.formula)}" for c in (*theory.axioms(), *theory.conjuncts())]
    lines += [f"{c.kind.value} {c.name}: {text(c.formula)}" for c in theory.steps(theory)]
    golden("\n".join(lines) + "\n")


def test_every_conjunct_has_a_sentence() -> None:
    for theory in (theory() for theory in THEORIES.values()):
        named = [*theory.conjuncts(), *theory.steps(theory), *theory.actions(), *theory.symbols()]
        assert all(n.sentence for n in named), theory


def test_bound_variables_of_one_name_are_told_apart() -> None:
    nested = forall(Node, lambda a: edge(a, node) & exists(Node, lambda a: edge(a, a)))
    assert text(canonical(nested)) == "∀a₁. edge(a₁, a) ∧ (∃a₂. edge(a₂, a₂))"


def test_equal_up_to_renaming_is_equal() -> None:
    first = canonical(forall(Node, lambda x: edge(x, node)))
    assert first == canonical(forall(Node, lambda x: edge(x, node)))
    assert first != canonical(forall(Node, lambda x: edge(node, x)))


def test_a_formula_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"write `&`"):
        assert not edge(node, other) or True


def test_an_order_without_a_smallest_value_says_so() -> None:
    with pytest.raises(TypeError, match="least=True"):
        Rank.zero()


def test_updates_happen_at_once() -> None:
    swap = edge.rewrite(lambda x, y: edge(y, x))
    assert text(swap.meaning(node, other)) == "edge(b, a)"
    with pytest.raises(TypeError, match="one update"):
        when().then(edge.insert(node, other), edge.insert(other, node))


def test_the_state_after_a_step_is_the_text_read_again() -> None:
    theory = Zab()
    commit = next(action for action in theory.actions() if action.name == "commit")
    after = theory.after(commit.step).claim("commits_have_quorum")
    assert text(after.formula) == (
        "∀e₁,z₁,v₁. committed(e₁, z₁, v₁) ∨ e₁ = e ∧ z₁ = z ∧ v₁ = v → (∃q. ∀s. in_Majority(q, s) → log(s, e₁, z₁, v₁))"
    )


def test_an_unknown_variant_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no variant 'hope'; it has: no-intersection"):
        Zab("hope")


class Unstarted(Theory):
    """A function without a first value."""

    sorts = (Node,)
    weight: Function[Node, Node] = function("a function")


def test_a_function_needs_a_first_value() -> None:
    with pytest.raises(TypeError, match="weight has no first value"):
        Unstarted().initial()


def test_connectives_fold_constants() -> None:
    nothing = edge(node, node) & ~edge(node, node)
    assert text(implies(nothing, edge(node, other))) == "edge(a, a) ∧ ¬edge(a, a) → edge(a, b)"
    assert text(node == node) == "true"
    assert text(implies(node == node, edge(node, other))) == "edge(a, b)"


def test_a_choice_is_a_term() -> None:
    chosen: Formula = choose(edge(node, other), node, other) == node
    assert text(chosen) == "(edge(a, b) ? a : b) = a"


def test_variants_say_what_they_do() -> None:
    assert all(v.sentence.endswith(".") for theory in THEORIES.values() for v in theory.variants)
    assert variant("x", "y").drops is None
