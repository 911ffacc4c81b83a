"""The picture of the implementation tells the truth: in every world of small budgets its text is what nodes do."""

from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from quorate.checker.implementation import Budget
from quorate.checker.implementation.picture import Performer, World, budget_of, tree
from quorate.checker.implementation.worlds.rows import Rows
from quorate.checker.result import State
from quorate.impl.ensemble.properties import PROPERTIES
from quorate.spec.lang import ir
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.meaning.interpret import Disabled, Enabled, Interpreter
from quorate.spec.lang.specification import declared
from quorate.traces.encoding import decode, encode

# Constants, a seeded bug that makes properties fail, and at most how many worlds are looked at.
BUDGETS: list[tuple[dict[str, int], str | None, int]] = [
    ({"transactions": 1}, None, 10**6),
    ({"transactions": 1, "slow_disk": 1}, "ack-before-sync", 10**6),
    ({"servers": 2, "transactions": 1}, "half-quorums", 10**6),
    ({"servers": 2, "transactions": 1, "crashes": 1, "breaks": 1, "elections": 2, "slow_disk": 1}, None, 400),
    ({"servers": 2, "transactions": 0, "elections": 0, "rounds": 1, "drops": 1, "duplicates": 1}, None, 400),
    ({"transactions": 0, "elections": 0, "crashes": 1}, "no-round", 1500),
    ({"transactions": 0, "elections": 2, "timeouts": 1}, "promise-twice", 400),
    ({"transactions": 2}, "append-with-gap", 400),
    ({"servers": 2, "transactions": 1, "crashes": 9, "slow_disk": 1, "elections": 0, "simulated": 9}, None, 400),
    ({"transactions": 2}, "deliver-out-of-order", 400),
]
EVERY = pytest.mark.parametrize(("constants", "bug", "most"), BUDGETS, ids=[f"{c} {b}" for c, b, _ in BUDGETS])


def pictured(constants: dict[str, int], bug: str | None) -> ir.Specification:
    return tree(constants, [bug] if bug else [])


def states(specification: ir.Specification, most: int) -> Iterator[State]:
    """Breadth first; the budget decides what happens, as in an enumeration."""
    meaning = Meaning(specification)
    level = [state for _, state in meaning.initial()]
    seen = set(level)
    for state in level:
        yield state
        for _, after in meaning.successors(state) if len(seen) < most else ():
            if after not in seen:
                seen.add(after)
                level.append(after)


@EVERY
def test_a_step_can_happen_when_its_text_says_so(constants: dict[str, int], bug: str | None, most: int) -> None:
    specification = pictured(constants, bug)
    performed, text = Meaning(specification), Meaning(replace(specification, performer=None))
    taken = set()
    for state in states(specification, most):
        labels = [label for label, _ in performed.successors(state)]
        assert labels == [label for label, _ in text.successors(state)]
        taken |= {name for name, _ in labels}
    assert taken == {one.name for one in specification.actions} or most < 10**6


@EVERY
def test_properties_are_those_of_the_implementation(constants: dict[str, int], bug: str | None, most: int) -> None:
    specification = pictured(constants, bug)
    meaning, performer, wrong = Meaning(specification), specification.performer, set()
    assert isinstance(performer, Performer)
    for state in states(specification, most):
        world = performer.world(state).world
        for one in PROPERTIES:
            assert meaning.holds(one.__name__, state) == one(world), one.__name__
            wrong |= set() if one(world) else {one.__name__}
        if "within_rounds" in meaning.properties:
            assert meaning.holds("within_rounds", state) is not budget_of(specification).is_outside(world)
    assert wrong or bug is None or bug in ("append-with-gap", "deliver-out-of-order"), "the bug shows"


@EVERY
def test_states_are_worlds(constants: dict[str, int], bug: str | None, most: int) -> None:
    """Different worlds are different states, and every value is one of its type."""
    specification = pictured(constants, bug)
    performer = specification.performer
    if "simulated" in constants:
        return  # what is blocked is no part of an enumerated world
    assert isinstance(performer, Performer)
    budget = budget_of(specification)
    rows = Rows(budget, budget.begin((bug,) if bug else ()).world)
    prints: dict[int, State] = {}
    for state in states(specification, most):
        found = rows.whole(rows.row(performer.world(state)))
        assert prints.setdefault(found, state) == state
        for variable, plain in zip(specification.variables, state, strict=True):
            assert decode(variable.type, encode(variable.type, plain)) == plain
    assert len(set(prints.values())) == len(prints)


def test_the_interpreter_performs_too() -> None:
    specification = pictured({"transactions": 1}, None)
    interpreter, meaning = Interpreter(specification), Meaning(specification)
    for state in states(specification, 40):
        possible = dict(meaning.successors(state))
        for action in specification.actions:
            for arguments in interpreter.instances(action, state):
                attempt = interpreter.attempt(action.name, arguments, state)
                after = possible.get((action.name, arguments))
                assert attempt == Enabled(after) if after is not None else isinstance(attempt, Disabled)


def test_with_refinement_the_specifications_are_variables() -> None:
    specification = pictured({"transactions": 0, "refinement": 1, "reduction": 0}, None)
    names = [one.name for one in specification.variables]
    assert {"zab_role", "zab_channel", "refines"} <= set(names)
    for state in states(specification, 200):
        for variable, plain in zip(specification.variables, state, strict=True):
            assert decode(variable.type, encode(variable.type, plain)) == plain


def test_constants_are_the_budget() -> None:
    defaults = {name: one.default for name, one in declared(World)[0].items()}
    assert {name: defaults[name] for name in asdict(Budget())} == asdict(Budget())
    assert defaults.keys() - asdict(Budget()).keys() == {"reduction", "refinement", "simulated"}
