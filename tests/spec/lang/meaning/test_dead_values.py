"""Dead values: whatever they hold, the same steps can happen, and the same properties are true.

The claim is about all states, reachable or not: so random states are taken, their dead cells changed at random, and
both are stepped by the interpreter, which knows nothing of the analysis.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from quorate.checker.model import Options, dead_values_of
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import domains, ir
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.dead import Dead, DeadValues, dead_values
from quorate.spec.lang.meaning.interpret import Enabled, Interpreter
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab

State = tuple[Any, ...]


def attempted(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except EvaluationError as error:
        return str(error.span)


def seen_of(tree: ir.Specification, interpreter: Interpreter, mask: Callable[[State], State], state: State) -> Any:
    """All that can be seen of a state, but for dead values: every instance's outcome, every property."""

    def outcome(action: ir.Action, arguments: tuple[Any, ...]) -> Any:
        found = interpreter.attempt(action.name, arguments, state)
        if not isinstance(found, Enabled):
            return type(found).__name__
        steps = [one.name for one in tree.properties if one.kind == "step_invariant"]
        return mask(found.state), [attempted(lambda: interpreter.holds(n, found.state, state)) for n in steps]  # noqa: B023

    def instances(action: ir.Action) -> Any:
        return [(given, outcome(action, given)) for given in interpreter.instances(action, state)]

    states = [one.name for one in tree.properties if one.kind != "step_invariant"]
    return (
        [attempted(lambda: instances(action)) for action in tree.actions],  # noqa: B023
        [attempted(lambda: interpreter.holds(name, state)) for name in states],  # noqa: B023
    )


def compare(tree: ir.Specification, plain: Callable[[Any], Any], rounds: int) -> int:
    """Compares random states with themselves but for dead values; gives how often the two were different."""
    dead = dead_values(tree)
    if not dead:
        return 0
    interpreter, mask, different = Interpreter(tree), dead.mask(), 0
    for _ in range(rounds):
        state = tuple(plain(variable.type) for variable in tree.variables)
        other = tuple(plain(variable.type) for variable in tree.variables)
        twin = blended(tree, dead, state, other)
        assert mask(twin) == mask(state)
        different += twin != state
        assert seen_of(tree, interpreter, mask, twin) == seen_of(tree, interpreter, mask, state), (state, twin)
    return different


def blended(tree: ir.Specification, dead: DeadValues, state: State, other: State) -> State:
    """The state, with those entries of the other that are dead in it."""
    position = {variable.name: at for at, variable in enumerate(tree.variables)}

    def entry(whole: Any, kind: Any, keys: tuple[Any, ...]) -> Any:
        for key in keys:
            whole, kind = whole[domains.position(kind.key, key)], kind.value
        return whole

    def part(one: Dead, own: Any, new: Any, keys: tuple[Any, ...]) -> Any:
        if len(keys) < len(one.axes):
            every = domains.values(one.axes[len(keys)])
            return tuple(part(one, *pair, (*keys, key)) for *pair, key in zip(own, new, every, strict=True))
        held = []
        for control in one.controls:
            at = position[control.variable]
            held.append(
                entry(state[at], tree.variables[at].type, () if control.axis is None else (keys[control.axis],))
            )
        return new if tuple(held) in one.cases else own

    found = list(state)
    for one in dead.dead:
        at = position[one.variable]
        found[at] = part(one, state[at], other[at], ())
    return tuple(found)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_what_dead_values_hold_is_never_seen_in_senseless_trees(random_trees: ModuleType) -> None:
    """Seed 10 once found that replacing an item of a sequence reads its length."""
    for seed in range(8, 20):
        trees = random_trees.Trees(seed)
        compare(trees.specification(), trees.plain, 12)


@pytest.mark.parametrize("first", [0, 1000])
def test_what_dead_values_hold_is_never_seen_in_random_trees(random_trees: ModuleType, first: int) -> None:
    found = 0
    for seed in range(first, first + 15):
        trees = random_trees.Guarded(seed)
        found += compare(trees.specification(), trees.plain, 15)
    assert found > 100, "nothing is dead"


def test_the_views_of_the_published_model_are_found() -> None:
    tree = read(Zab, {"servers": 2, "timeouts": 2, "transactions": 2, "epochs": 2, "restarts": 1}, [])
    assert sorted(map(str, dead_values(tree).dead)) == [
        "ack_epochs[i] unless role[i] is Role.LEADING",
        "ack_lds[i] unless role[i] is Role.LEADING",
        "cepochs[i] unless role[i] is Role.LEADING",
        "learners[i] unless role[i] is Role.LEADING",
        "send_counter[i] unless role[i] is Role.LEADING",
        "unlogged",
    ]


def test_what_is_checked_decides_what_is_dead() -> None:
    """With nothing else to ask, only guards and what they need are alive."""
    tree = read(TwoPhaseCommit, {}, [])
    assert [str(one) for one in dead_values(tree).dead] == [
        "heard unless decision is None",
        "sent unless decision is None",
    ]
    asked = Options(properties=("all_commit",), dead_values=True)
    assert dead_values_of(tree, asked) == dead_values(tree, frozenset(["all_commit"]))
    assert not dead_values_of(tree, Options()), "it is not asked for"


def test_a_specification_that_is_too_large_to_follow_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorate.spec.lang.meaning.dead.result.BUDGET", 10)
    found = dead_values(read(TwoPhaseCommit, {"managers": 4}, []))
    assert (found.dead, found.too_long) == ((), True)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10_000, 12_000, 100))
def test_what_dead_values_hold_is_never_seen_in_many_random_trees(random_trees: ModuleType, first: int) -> None:
    for seed in range(first, first + 100):
        for kind in (random_trees.Guarded, random_trees.Trees):
            trees = kind(seed)
            compare(trees.specification(), trees.plain, 15)
