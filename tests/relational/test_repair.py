"""Suggestions: schemas filled in, filtered on samples, proved; a conjunct that was left out is found again."""

import pytest
from quorate.checker.relational.evaluation import fails_without
from quorate.checker.relational.obligations import obligations
from quorate.checker.relational.repair.schemas import Schemas
from quorate.checker.relational.repair.suggest import plausible, suggest
from quorate.checker.relational.report import suggestion_report
from quorate.spec.relational.printing import text
from quorate.spec.relational.zookeeper import Epochs, Zab


def suggested(name: str) -> tuple[str, ...]:
    theory = Epochs()
    found = suggest(theory, frozenset({name}), fails_without(Epochs, name), plausible(theory))
    assert found.mends
    assert suggestion_report(found).startswith(f"\nsuggestions ({found.candidates} candidates")
    return found.conjuncts


def test_a_promise_given_once_is_found_again() -> None:
    assert suggested("acknowledges_once") == ("∀e,s,s₁,s₂. acknowledged(s, e, s₁) ∧ acknowledged(s, e, s₂) → s₁ = s₂",)


@pytest.mark.slow
def test_the_quorum_behind_a_leader_is_found_again() -> None:
    (found,) = suggested("leader_has_quorum")
    assert found == "∀e. ∃q. ∀s. leader(e, s) → (∀s₁. in_Majority(q, s₁) → acknowledged(s₁, e, s))"


@pytest.mark.slow
def test_a_bug_is_not_mended() -> None:
    """No invariant makes a follower that accepts twice safe: nothing is suggested, and that is said."""
    theory = Epochs("accept-again")
    found = suggest(theory, frozenset(), ("send_ackepoch / acknowledges_once",), plausible(theory))
    assert not found.mends
    assert found.failing == ("send_ackepoch / acknowledges_once",)


def test_every_schema_is_instantiated() -> None:
    schemas = {candidate.schema for candidate in Schemas(Zab()).candidates()}
    assert schemas == {
        "implication",
        "functional",
        "monotone",
        "some quorum",
        "prefix closure",
        "matching",
        "choosable",
    }


def test_the_hand_made_conjuncts_that_have_a_schema_are_candidates() -> None:
    """Up to renaming: functional, monotone, quorum, prefix closure, matching and choosable ones of ZAB."""
    theory = Zab()
    offered = {_shape(candidate(theory).formula) for candidate in Schemas(theory).candidates()}
    names = ["promises_once", "promising_leaves", "joining_leaves", "proposals_agree", "commits_have_quorum"]
    names += ["proposals_have_quorum", "joined_with_history", "joins_started"]
    missing = [name for name in names if _shape(theory.claim(name).formula) not in offered]
    assert not missing


def _shape(formula: object) -> str:
    """The text without the names of variables: enough to tell a shape from another."""
    body = text(formula).split(". ", 1)[1]  # type: ignore[arg-type]
    return "".join("_" if part.isalnum() and len(part) == 1 else part for part in _tokens(body))


def _tokens(body: str) -> list[str]:
    separated = body
    for mark in "(),.∧∨→↔¬=≤<≠∀∃":
        separated = separated.replace(mark, f" {mark} ")
    return [token.rstrip("₀₁₂₃₄₅₆₇₈₉") for token in separated.split()]


def test_a_candidate_after_a_step_leaves_the_parameters_alone() -> None:
    """The parameters of the action stay constants; only the candidate's own variables are bound."""
    theory, candidate = Epochs(), next(Schemas(Epochs()).functional())
    for obligation in obligations(theory, added=(candidate,)):
        if obligation.conjunct.name == candidate(theory).name and obligation.action == "send_cepoch":
            assert "s₁ = s" in text(obligation.goal) or "= s " in text(obligation.goal)
