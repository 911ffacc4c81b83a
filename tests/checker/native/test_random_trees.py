"""Random specifications, one after the other from a seed: C and Python take the same steps, and count the same states.

The trees are typed but senseless; run-time checks fail in many of them, and then both engines have to fail alike.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from quorate.checker import reference
from quorate.checker.model import Limits, Options
from quorate.checker.native.engine import Native, Prepared
from quorate.spec.lang import ir
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.interpret import Interpreter

Unoptimised = Callable[[ir.Specification, Options], Prepared]
# Python warns about what generated Python says of literals, such as an item of None; no reader would write that.
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")


def agree_on_steps(seed: int, trees: Any, tree: ir.Specification, made: Prepared) -> int:
    """Compares the steps from initial and from random states; gives the number of steps compared."""
    interpreter, compared = Interpreter(tree), 0
    states = [state for _, state in interpreter.initial()]
    states += [tuple(trees.plain(v.type) for v in tree.variables) for _ in range(30)]
    for state in states:
        data = made.program.state.encode(state)
        assert made.program.state.decode(data) == state
        steps, site = made.model.steps(data)
        found = [(made.program.actions[action], made.program.state.decode(after)) for action, after in steps]
        try:
            expected = [(label[0], after) for label, after in interpreter.successors(state)]
        except EvaluationError as error:
            assert site and made.program.sites[site - 1] == error.span, f"seed {seed}: {error}"
            continue
        assert site == 0, f"seed {seed}: C stops at {made.program.sites[site - 1]}"
        assert found == expected, f"seed {seed}"
        compared += len(found)
    return compared


def agree(random_trees: ModuleType, unoptimised: Unoptimised, seed: int) -> int:
    trees = random_trees.Trees(seed)
    tree = trees.specification()
    options = Options(symmetry=False, deadlock=False, limits=Limits(states=400))
    made = unoptimised(tree, options)
    compared = agree_on_steps(seed, trees, tree, made)
    one, other = Native(tree, options, made).run(), reference.check(tree, options)
    same = [
        (r.verdict, r.reason, r.distinct, r.generated, r.depth, r.actions, r.distinct_actions) for r in (one, other)
    ]
    assert same[0] == same[1], f"seed {seed}"
    assert (str(one.error), one.steps, one.witnesses) == (str(other.error), other.steps, other.witnesses), (
        f"seed {seed}"
    )
    return compared


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_c_and_python_agree_on_random_trees(random_trees: ModuleType, unoptimised: Unoptimised, first: int) -> None:
    assert sum(agree(random_trees, unoptimised, seed) for seed in range(first, first + 8)) > 50, (
        "the trees do not mean much"
    )


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 3000, 50))
def test_c_and_python_agree_on_many_random_trees(
    random_trees: ModuleType, unoptimised: Unoptimised, first: int
) -> None:
    for seed in range(first, first + 50):
        agree(random_trees, unoptimised, seed)
