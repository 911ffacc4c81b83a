"""Before a solver is asked: at two and three servers the actions happen, and what is to be proved is true."""

from functools import cache
from random import Random

import pytest
from quorate.spec.relational import Formula, axiom
from quorate.spec.relational.finite import Compiled, Structure
from quorate.spec.relational.theory import Theory
from quorate.spec.relational.walks import Instance
from quorate.spec.relational.zookeeper import Election, Epochs, Zab, Znodes
from quorate.spec.relational.zookeeper.epochs import Epoch

INSTANCES: list[tuple[Theory, dict[str, int], int]] = [
    (Epochs(), {"Server": 2, "Epoch": 3}, 30),
    (Epochs(), {"Server": 3, "Epoch": 3}, 30),
    (Zab(), {"Server": 2, "Epoch": 3, "Txn": 3, "Value": 2}, 300),
    (Zab(), {"Server": 3, "Epoch": 3, "Txn": 3, "Value": 1}, 400),
    (Election(), {"Server": 2, "Round": 2, "Credential": 3}, 60),
    (Election(), {"Server": 3, "Round": 2, "Credential": 3}, 60),
    (Znodes(), {"Path": 4, "Session": 2, "Zxid": 9, "Integer": 3}, 60),
]
IDS = [f"{type(theory).__name__}-{next(iter(sizes.values()))}" for theory, sizes, _ in INSTANCES]


@cache
def samples(number: int) -> tuple[Structure, ...]:
    theory, sizes, walks = INSTANCES[number]
    return Instance(theory, **sizes).sample(walks, length=50, most=300, seed=6)


@pytest.mark.parametrize("number", range(len(INSTANCES)), ids=IDS)
def test_every_relation_comes_to_hold_and_no_conjunct_is_false(number: int) -> None:
    theory, states = INSTANCES[number][0], samples(number)
    for symbol in theory.symbols():
        if symbol.result is None:
            assert any(state.lookup.relations[symbol.name] for state in states), f"{symbol.name} never holds"
    for conjunct in theory.conjuncts():
        test = Compiled(conjunct.formula)
        assert all(test.call(state) for state in states), conjunct.name


@pytest.mark.parametrize("number", range(len(INSTANCES)), ids=IDS)
def test_every_action_is_taken(number: int) -> None:
    theory, sizes, _ = INSTANCES[number]
    instance, states = Instance(theory, **sizes), samples(number)
    idle = {action.action.name for action in instance.actions}
    for state in states:
        idle -= {a.action.name for a in instance.actions if a.action.name in idle and any(a.instances(state))}
    assert not idle


def test_zab_delivers_in_two_epochs_with_a_history_carried_over() -> None:
    """The interesting runs are among the samples: two leaders, an inherited transaction, one more on top."""
    assert any(
        len(s.lookup.relations["leader"]) == 2
        and s.lookup.relations["initial_history"]
        and len({z for _, z, _ in s.lookup.relations["delivered"]}) >= 2
        for s in samples(3)
    )


class Impossible(Epochs):
    """An axiom that nothing satisfies."""

    sorts = Epochs.sorts

    @axiom
    def nothing_is(self, e: Epoch) -> Formula:
        """No epoch is itself."""
        return e != e


def test_a_background_without_solution_is_an_error() -> None:
    with pytest.raises(ValueError, match="no background of sizes"):
        Instance(Impossible(), Server=1, Epoch=1).start(Random(0))
