"""Two meanings of one tree, written independently: generated Python, and the walk over the tree.

For every bundled specification, and with each of its variants, both give the same initial states, the same steps in
the same order, and the same truth of every property, on the states that a seeded random walk meets.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from random import Random
from typing import Any

import pytest
from quorate.spec import classics, zookeeper
from quorate.spec.lang import ir
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared

SEED = 20261121
STATES = 15


def cases() -> Iterator[Any]:
    for package in (classics, zookeeper):
        for name, place in package.SPECIFICATIONS.items():
            module, _, owner = place.partition(":")
            spec = getattr(import_module(f"{package.__name__}.{module}"), owner)
            _, variants = declared(spec)
            yield pytest.param(spec, [], id=name)
            yield from (pytest.param(spec, [variant], id=f"{name}-{variant}") for variant in variants)


def outcome(evaluate: Callable[[], Any]) -> Any:
    """What it gives, or the place where a run-time check fails."""
    try:
        return evaluate()
    except EvaluationError as error:
        return ("fails", error.span)


@pytest.mark.parametrize(("spec", "variants"), list(cases()))
def test_generated_python_and_the_walk_over_the_tree_agree(spec: Any, variants: list[str]) -> None:
    tree = read(spec, {}, variants)
    generated, walked, random = Meaning(tree), Interpreter(tree), Random(SEED)
    initial = generated.initial()
    assert walked.initial() == initial
    state = random.choice(initial)[1]
    for _ in range(STATES):
        steps = agree_on(tree, generated, walked, state)
        state = random.choice(steps or initial)[1]


def agree_on(tree: ir.Specification, generated: Meaning, walked: Interpreter, state: Any) -> list[Any]:
    """The steps from a state, on which both agree; none where a run-time check fails."""
    steps = outcome(lambda: generated.successors(state))
    assert outcome(lambda: walked.successors(state)) == steps
    failed = isinstance(steps, tuple)
    for one in tree.properties:
        if one.kind == "step_invariant":
            for _, after in () if failed else steps:
                assert walked.holds(one.name, after, state) is generated.holds(one.name, after, state)
        else:
            expected = outcome(lambda: generated.holds(one.name, state))  # noqa: B023
            assert outcome(lambda: walked.holds(one.name, state)) == expected  # noqa: B023
    return [] if failed else steps
