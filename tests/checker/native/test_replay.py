"""A trace of the native engine is taken by the specification's own meaning, and what differs is noticed."""

from collections.abc import Callable

import pytest
from quorate.checker.commands.arguments import find_class
from quorate.checker.model import Options
from quorate.checker.native.engine import Prepared, prepare
from quorate.checker.native.replay import EnginesDisagree, Replay
from quorate.checker.reference.rebuild import NotReplayed
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read

Found = list[tuple[int, bytes]]


class Altered:
    """A model whose successors are not those of the specification."""

    def __init__(self, prepared: Prepared, alter: Callable[[Found], Found]) -> None:
        self._model, self._alter = prepared.model, alter

    def steps(self, state: bytes | None) -> tuple[Found, int]:
        found, site = self._model.steps(state)
        return self._alter(found), site


@pytest.fixture(scope="module")
def tree() -> ir.Specification:
    return read(find_class("zookeeper"), {"crashes": 0}, (), splits=["NL"])


@pytest.fixture(scope="module")
def prepared(tree: ir.Specification) -> Prepared:
    return prepare(tree, Options())


def replay(tree: ir.Specification, prepared: Prepared, alter: Callable[[Found], Found]) -> Replay:
    return Replay(tree, prepared.program, Altered(prepared, alter))  # type: ignore[arg-type]


def test_what_c_does_is_what_the_specification_does(tree: ir.Specification, prepared: Prepared) -> None:
    steps = replay(tree, prepared, lambda found: found).steps([1, 0, 0, 0])
    assert [name for (name, _), _ in steps] == ["one_ahead", "elect", "synchronize", "process_sync"]


def test_another_state_another_action_and_no_step_are_noticed(tree: ir.Specification, prepared: Prepared) -> None:
    stale = replay(tree, prepared, lambda found: [(action, found[0][1]) for action, _ in found])
    with pytest.raises(EnginesDisagree, match="leads to another state"):
        stale.steps([1])
    last = len(prepared.program.actions) - 1
    more = replay(tree, prepared, lambda found: [*found, *((last, state) for _, state in found)])
    with pytest.raises(EnginesDisagree, match="takes a step of two_rivals that the specification does not"):
        more.steps([2 * len(prepared.model.steps(None)[0]) - 1])
    with pytest.raises(EnginesDisagree, match="does not find its own step again"):
        replay(tree, prepared, lambda _: []).steps([0])


def test_a_step_that_renamed_elements_cannot_take_is_noticed(
    tree: ir.Specification, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replay(tree, prepared, lambda found: found)
    monkeypatch.setattr(whole._interpreter, "taken", lambda *_: None)
    with pytest.raises(NotReplayed):
        for last in range(len(prepared.model.steps(None)[0])):
            whole.steps([last, 0, 0, 0])
