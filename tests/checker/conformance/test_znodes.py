"""The data service does what the specification `znodes` says: every step of a small space, and long random walks."""

import pytest
from quorate.checker.commands.arguments import find_class
from quorate.checker.conformance import Conformance, ZnodeService, every_step, random_walks
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared

SPEC = find_class("znodes")


def tree(zxids: int, *variants: str) -> ir.Specification:
    return read(SPEC, {"zxids": zxids, "sessions": 2}, variants)


def compared(specification: ir.Specification) -> Conformance:
    return every_step(specification, lambda: ZnodeService(specification))


def test_every_step_of_a_small_space_is_the_services() -> None:
    found = compared(tree(3))
    assert found.divergence is None and found.complete
    assert (found.states, found.steps) == (1_417, 7_766)


@pytest.mark.slow
def test_every_step_of_four_writes_is_the_services() -> None:
    found = compared(tree(4))
    assert found.divergence is None and found.complete
    assert found.states == 11_479


@pytest.mark.parametrize("seed", range(5))
def test_long_walks_are_the_services(seed: int) -> None:
    most = declared(SPEC)[0]["zxids"].high
    specification = tree(most)
    found = random_walks(specification, lambda: ZnodeService(specification), walks=60, seed=seed)
    assert found.divergence is None, f"seed {seed}: {found.divergence}"
    assert found.steps == 60 * most


# The service is right, so a specification with a planted bug must part from it. When an empty container goes is up to
# the service's clock, which the map does not drive: it removes a container when the specification does.
VARIANTS = [name for name in declared(SPEC)[1] if name != "container-too-early"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_wrong_specification_is_noticed(variant: str) -> None:
    found = compared(tree(4, variant))
    assert found.divergence is not None
    assert found.divergence.difference
    assert found.divergence.steps[0][0][0] == "init"
