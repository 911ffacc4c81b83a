"""Z3 on the same tree: induction, and what is said where a limit is reached."""

from dataclasses import replace

import pytest
from quorate.checker.commands.arguments import find_class
from quorate.checker.model import Limits, Options
from quorate.checker.symbolic import Question, prove
from quorate.spec.lang import Range, Spec, action, invariant, ir, require, state, terminal
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read

PLAIN = Options(symmetry=False)


def tree(name: str, constants: dict[str, int], *variants: str) -> ir.Specification:
    return read(find_class(name), constants, variants)


def test_an_inductive_invariant_holds() -> None:
    """Dijkstra's invariant of EWD 840 is inductive; that is what he proves."""
    found = prove(tree("ewd840", {"nodes": 4}), Question("inductive"), PLAIN).result
    assert (found.verdict, found.reason, found.complete) == ("holds", "complete", True)


def test_an_invariant_that_is_not_inductive_has_a_pair_of_states() -> None:
    specification = tree("two-phase-commit", {"managers": 3})
    answer = prove(specification, Question("inductive", invariants=("consistent",)), PLAIN)
    assert answer.result.verdict == "undecided" and answer.broken == "consistent"
    before, after = answer.to_induction
    meaning = Meaning(specification)
    assert meaning.holds("consistent", before) and not meaning.holds("consistent", after)
    assert after in [state for _, state in meaning.successors(before)]
    # Minimised: nothing has been said or heard, one manager has committed by itself, another aborts.
    _, start = meaning.initial()[0]
    assert sum(a != b for a, b in zip(before[1:], start[1:], strict=True)) == 0


def test_more_steps_make_induction_stronger() -> None:
    """With a planted bug the base of k-induction fails as soon as the bug is within reach."""
    specification = tree("two-phase-commit", {"managers": 2}, "commit-early")
    near = prove(specification, Question("k-induction", 2), PLAIN)
    assert near.result.verdict == "undecided" and len(near.to_induction) == 3
    far = prove(specification, Question("k-induction", 4), PLAIN)
    assert far.result.verdict == "violated" and far.result.depth == 4


class Left(Range, low=0, high=3):
    """How often."""


class Countdown(Spec):
    left: Left = state(Left(3))

    @action
    def count(self) -> None:
        require(self.left > 0)
        self.left = Left(self.left - 1)

    @invariant
    def never_below(self) -> bool:
        """It ends at zero."""
        return self.left >= 0

    @terminal
    def over(self) -> bool:
        """Nothing is left."""
        return self.left == 0


def test_what_cannot_go_on_holds() -> None:
    """All paths were seen, which is more than that none of so many steps is bad."""
    far = prove(read(Countdown, {}), Question("steps", 5), PLAIN).result
    assert (far.verdict, far.reason, far.complete) == ("holds", "complete", True)
    assert far.bounds["why"] == "no path has more than 3 steps"
    near = prove(read(Countdown, {}), Question("steps", 3), PLAIN).result
    assert (near.verdict, near.bounds["why"]) == ("undecided", "no violation within 3 steps")


LONG = ("lamport-mutex", {"processes": 3})  # takes minutes


@pytest.mark.parametrize("question", [Question("steps", 30), Question("inductive")], ids=lambda one: one.kind)
def test_no_time_ends_undecided(question: Question) -> None:
    answer = prove(tree(*LONG), question, replace(PLAIN, limits=Limits(seconds=0.2)))
    assert (answer.result.verdict, answer.result.reason) == ("undecided", "seconds")
    assert answer.result.bounds["why"] == "the time limit was reached"


@pytest.mark.parametrize("question", [Question("steps", 30), Question("inductive")], ids=lambda one: one.kind)
def test_no_memory_ends_undecided(question: Question) -> None:
    answer = prove(tree(*LONG), question, replace(PLAIN, limits=Limits(memory=2**20)))
    assert (answer.result.verdict, answer.result.reason) == ("undecided", "memory")
    assert answer.result.bounds["why"] == "the memory limit was reached"
    again = prove(tree("ewd840", {"nodes": 3}), Question("inductive"), PLAIN).result
    assert again.verdict == "holds", "the limit is gone with the question"
