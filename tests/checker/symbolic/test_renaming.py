"""Of steps that differ in names only, one is asked about; where names are told apart, all are."""

from itertools import product

from quorate.checker.commands.arguments import find_class
from quorate.checker.model import Options
from quorate.checker.symbolic import Question, prove
from quorate.checker.symbolic.renaming import Renamings
from quorate.spec.lang import Set, Sort, Spec, action, invariant, require, state
from quorate.spec.lang.reader import read


def test_what_is_named_is_no_longer_exchanged() -> None:
    renamings = Renamings(read(find_class("two-phase-commit"), {"managers": 4}))
    steps = [(name, (n,)) for name, n in product(("prepare", "give_up"), range(4))]
    assert [steps[n] for n in renamings.first(steps)] == [("prepare", (0,)), ("give_up", (0,))]
    # One of the others, or 0 again; then the two that are left are still alike.
    assert [steps[n] for n in renamings.first(steps)] == [
        (name, (n,)) for name in ("prepare", "give_up") for n in (0, 1)
    ]
    assert [steps[n][1][0] for n in renamings.first(steps)] == [0, 1, 2] * 2
    assert len(renamings.first(steps)) == 8


def test_sets_are_renamed_by_their_members() -> None:
    renamings = Renamings(read(find_class("zookeeper"), {"servers": 3}))
    groups = [(i, group) for i, group in product(range(3), range(8)) if group >> i & 1]
    first = renamings.first([("elect", group) for group in groups])
    assert [groups[n] for n in first] == [(0, 0b001), (0, 0b011), (0, 0b111)]


def test_unknown_arguments_end_it() -> None:
    renamings = Renamings(read(find_class("two-phase-commit"), {"managers": 3}))
    assert renamings.first([("prepare", (0,)), ("prepare", None)]) == [0, 1]
    assert renamings.first([("prepare", (0,)), ("prepare", (1,))]) == [0, 1]


class P(Sort, size=3):
    """A process."""


class TakesTheLast(Spec):
    """Not symmetric: the last process in the order of iteration is chosen."""

    chosen: P | None = state(None)
    log: Set[P] = state()

    @action
    def go(self, p: P) -> None:
        require(p not in self.log)
        self.log.add(p)

    @action
    def pick(self) -> None:
        require(self.chosen is None)
        for p in P:
            self.chosen = p

    @invariant
    def chosen_rests(self) -> bool:
        """Who is chosen has not gone."""
        return not any(p in self.log and self.chosen == p for p in P)


def test_where_names_are_told_apart_nothing_is_left_out() -> None:
    """A renamed path would choose another process, and the shortest violation would be missed."""
    found = prove(read(TakesTheLast, {}), Question("steps", 4), Options()).result
    assert found.verdict == "violated" and found.steps is not None
    assert len(found.steps) == 3
