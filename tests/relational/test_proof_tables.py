"""The tables of docs/proofs.md that take minutes: seeded bugs, what is needed, five seeds. Run with `-m slow`."""

from collections.abc import Callable

import pytest
from quorate.checker.relational import evaluation
from quorate.checker.relational.prove import Options, Verdict, prove
from quorate.checker.relational.solver.discharge import Settings
from quorate.spec.relational.zookeeper import THEORIES

# The others do without them; they make the proof faster, and easier to read.
REDUNDANT = {"start_has_quorum", "joining_leaves", "proposals_started"}


@pytest.mark.slow
def test_every_seeded_bug_breaks_a_proof(golden: Callable[[str], None]) -> None:
    lines = list(evaluation.bugs())
    assert len(lines) == 2 + sum(len(theory.variants) for theory in THEORIES.values())
    assert not [line for line in lines if "| none |" in line], "every bug has a finite counterexample"
    golden("\n".join([*lines, ""]))


@pytest.mark.slow
def test_what_is_left_out_is_noticed(golden: Callable[[str], None]) -> None:
    lines = list(evaluation.left_out())
    unnoticed = {line.split(" | ")[0].strip("| `") for line in lines if "holds without it" in line}
    assert unnoticed == REDUNDANT
    assert not [line for line in lines if "no finite counterexample found" in line]
    mended = [line for line in lines if "complete again" in line]
    assert 2 * len(mended) >= len(lines) - 2 - len(REDUNDANT), "at least half are found again"
    golden("\n".join([*lines, ""]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", THEORIES)
def test_every_theory_holds_on_five_seeds_without_cores(name: str, seed: int) -> None:
    assert prove(name, Settings(seed=seed), Options(use_cores=False)).verdict is Verdict.HOLDS


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", THEORIES)
def test_every_theory_holds_on_five_seeds_with_cores(name: str, seed: int) -> None:
    assert prove(name, Settings(seed=seed)).verdict is Verdict.HOLDS
