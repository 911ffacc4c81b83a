"""The operational Zab refines the theory that is proved for any size; planted bugs do not."""

import pytest
from click.testing import CliRunner
from quorate.checker.commands.arguments import find_class
from quorate.checker.commands.prove import prove
from quorate.checker.refinement import Refinement, ZabLink, refine
from quorate.spec.lang.reader import read


def run(variants: tuple[str, ...] = (), deviations: tuple[str, ...] = (), **constants: int) -> Refinement:
    return refine(ZabLink(read(find_class("zab"), constants, variants), *deviations))


@pytest.mark.parametrize(
    ("constants", "product_states", "stutters", "depth"),
    [
        ({"servers": 2, "timeouts": 0, "transactions": 1, "epochs": 1}, 35, 22, 15),
        ({"servers": 2, "timeouts": 1, "transactions": 1, "epochs": 2}, 649, 438, 25),
        ({"servers": 3, "timeouts": 0, "transactions": 1, "epochs": 2}, 1_384, 1_491, 25),
    ],
    ids=str,
)
def test_every_step_is_allowed(constants: dict[str, int], product_states: int, stutters: int, depth: int) -> None:
    found = run(**constants)
    assert found.refines and found.mismatch is None
    assert (found.product_states, found.stutters, found.depth) == (product_states, stutters, depth)


@pytest.mark.slow
def test_every_step_of_three_servers_with_a_timeout_is_allowed() -> None:
    found = run(servers=3, timeouts=1, transactions=1, epochs=2)
    assert found.refines
    assert (found.product_states, found.abstract_states, found.steps) == (45_883, 1_612, 87_939)


# The bug, the relational step that is forbidden, and the states to get there; the invariants need more states.
CAUGHT = [
    ("promise-twice", "promise", 12),
    ("ignore-zxid", "establish", 17),
    ("commit-without-quorum", "commit", 11),
    ("deliver-out-of-order", "append", 18),
]


@pytest.mark.parametrize(("variant", "forbidden", "states"), CAUGHT, ids=[variant for variant, _, _ in CAUGHT])
def test_a_planted_bug_is_a_step_that_the_theory_forbids(variant: str, forbidden: str, states: int) -> None:
    found = run((variant,), servers=3, timeouts=1, transactions=1, epochs=2)
    assert not found.refines and found.mismatch is not None and found.mismatch.taken is not None
    assert found.mismatch.taken.action == forbidden
    assert len(found.mismatch.steps) == states


def test_the_deviating_theory_allows_the_deviating_protocol() -> None:
    """The guard that a bug breaks is the one that the same bug in the theory drops: then the step is allowed."""
    found = refine(
        ZabLink(
            read(
                find_class("zab"),
                {"servers": 3, "timeouts": 1, "transactions": 1, "epochs": 2},
                ["commit-without-quorum"],
            ),
            "commit-without-quorum",
        ),
        most_states=3_000,
    )
    assert found.mismatch is None and not found.complete


def test_the_command() -> None:
    words = ["zab", "servers=2", "timeouts=1", "--refinement"]
    good = CliRunner().invoke(prove, words, standalone_mode=False)
    assert good.return_value == 0 and "every step refines the theory for any size" in good.output
    words = ["zab", "servers=3", "--variant", "commit-without-quorum", "--refinement"]
    bad = CliRunner().invoke(prove, words, standalone_mode=False)
    assert bad.return_value == 1
    assert "against the last step: guard 2 of commit" in bad.output
