"""Actions split at their steps: off means atomic, on means that others come between."""

import re
from collections.abc import Collection
from pathlib import Path

import pytest
from quorate.checker.model import Options
from quorate.checker.reference import check
from quorate.checker.refinement import compare_at_rest
from quorate.checker.result import Result
from quorate.spec.lang import ir
from quorate.spec.lang.errors import Refused
from quorate.spec.lang.meaning.printer import print_specification
from quorate.spec.lang.reader import load, read

TEXT = '''
from enum import Enum

from quorate.spec.lang import (
    Constant, Map, Range, Sort, Spec, abandon, action, idle, invariant, require, runs_on, state, step, terminal,
    witness,
)

servers = Constant(2, "number of servers", low=1)


class Server(Sort, size=servers):
    """A server."""


class Count(Range, low=0, high=2 * servers):
    """A number."""


class Thread(Enum):
    WORK = "work"
    SYNC = "sync"


class Counter(Spec):
    """Servers add to a shared counter: read, then write."""

    shared: Count = state(Count(0))
    added: Map[Server, Count] = state(Count(0))
    synced: Map[Server, Count] = state(Count(0))
    crashes: Count = state(Count(0))

    @action
    @runs_on(Thread.WORK)
    def add(self, s: Server) -> None:
        """Adds one; the value read lives across the step."""
        require(self.added[s] < 1)
        seen = self.shared
        if self.crashes == 0:
            step("RW.write")
        self.shared = seen + 1
        self.added[s] += 1
        step("DONE")

    @action
    @runs_on(Thread.SYNC)
    def sync(self, s: Server) -> None:
        """Another thread of the same server."""
        require(self.synced[s] < 1 and idle(s, Thread.SYNC))
        self.synced[s] += 1

    @action
    def crash(self, s: Server) -> None:
        """Forgets what was half done."""
        require(self.crashes < 1)
        self.crashes += 1
        abandon(s)

    @invariant
    def nothing_lost(self) -> bool:
        """Every addition counts."""
        return self.shared == sum(self.added[s] for s in Server)

    @witness
    def all_added(self) -> bool:
        """Everybody has added."""
        return all(self.added[s] == 1 for s in Server)

    @terminal
    def spent(self) -> bool:
        """Nothing is left to do."""
        return all(self.added[s] == 1 and self.synced[s] == 1 for s in Server) and self.crashes == 1
'''


def tree(folder: Path, text: str = TEXT, splits: Collection[str] = ()) -> ir.Specification:
    path = folder / f"counter_{abs(hash(text)):x}.py"
    path.write_text(text)
    return read(load(f"{path}:Counter"), splits=splits)


def run(specification: ir.Specification) -> Result:
    return check(specification, Options(symmetry=False))


def without_steps(text: str) -> str:
    """The same text as somebody would write it who knows nothing of steps."""
    lines = [line for line in text.splitlines() if "step(" not in line and "if self.crashes == 0:" not in line]
    joined = "\n".join(lines).replace("        abandon(s)\n", "").replace(" and idle(s, Thread.SYNC)", "")
    return joined.replace("    @runs_on(Thread.WORK)\n", "").replace("    @runs_on(Thread.SYNC)\n", "")


def test_off_means_the_text_without_steps(tmp_path: Path) -> None:
    atomic, plain = tree(tmp_path), tree(tmp_path, without_steps(TEXT))
    assert [variable.name for variable in atomic.variables] == [variable.name for variable in plain.variables]
    one, other = run(atomic), run(plain)
    assert (one.verdict, one.distinct, one.generated, one.depth, one.actions) == (
        other.verdict,
        other.distinct,
        other.generated,
        other.depth,
        other.actions,
    )
    assert one.verdict == "holds"


def test_on_lets_others_come_between(tmp_path: Path) -> None:
    split = tree(tmp_path, splits=["RW"])
    assert [(action.name, action.continues) for action in split.actions] == [
        ("add", None),
        ("add_write", "add"),
        ("sync", None),
        ("crash", None),
    ]
    result = run(split)
    assert result.verdict == "violated" and result.property == "nothing_lost"
    assert result.steps is not None
    # Both read before either writes: the lost update, in the fewest steps.
    assert [label for (label, _), _ in result.steps] == ["init", "add", "add", "add_write", "add_write"]


def test_a_crash_abandons_what_is_half_done(tmp_path: Path) -> None:
    split = tree(tmp_path, splits=["RW"])
    position = [variable.name for variable in split.variables].index("unfinished")
    from quorate.spec.lang.meaning.compile import Meaning

    meaning = Meaning(split)
    ((_, start),) = meaning.initial()
    begun = next(state for (name, args), state in meaning.successors(start) if name == "add" and args == (0,))
    assert begun[position][0][0] is not None and begun[position][0][1] is None
    crashed = next(state for (name, args), state in meaning.successors(begun) if name == "crash" and args == (0,))
    assert crashed[position] == start[position]
    enabled = {name for (name, args), _ in meaning.successors(begun) if args == (0,)}
    assert enabled == {"add_write", "sync", "crash"}  # the thread does one thing at a time, the other thread goes on


def test_the_rest_of_a_branch_and_of_the_action_go_on_together(tmp_path: Path) -> None:
    both = tree(tmp_path, splits=["all"])
    assert [action.name for action in both.actions if action.continues] == ["add_write", "add_DONE"]
    assert both.splits == ("DONE", "RW.write")
    assert run(both).verdict == "violated"


def test_a_split_tree_is_printed_and_read_again(tmp_path: Path) -> None:
    split = tree(tmp_path, splits=["RW"])
    assert "unfinished" in print_specification(split)


def test_unknown_points_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=re.escape("no split point 'NL'; it has DONE, RW, RW.write")):
        tree(tmp_path, splits=["NL"])


def test_what_cannot_live_across_a_step_is_refused(tmp_path: Path) -> None:
    moved = TEXT.replace("seen = self.shared\n", "seen = self.shared + 0\n        seen = seen + 0\n")
    assert run(tree(tmp_path, moved)).verdict == "holds"
    with pytest.raises(Refused, match="E319"):
        tree(tmp_path, moved, ["RW"])


def test_two_parts_with_one_name_are_refused(tmp_path: Path) -> None:
    clash = TEXT.replace("def sync(self", "def add_write(self")
    with pytest.raises(Refused, match="E320"):
        tree(tmp_path, clash, ["RW"])


def test_a_split_action_needs_a_thread(tmp_path: Path) -> None:
    homeless = TEXT.replace("    @runs_on(Thread.WORK)\n", "")
    assert run(tree(tmp_path, homeless)).verdict == "holds"
    with pytest.raises(Refused, match="E317"):
        tree(tmp_path, homeless, ["RW"])


def test_at_rest_the_difference_is_the_lost_update(tmp_path: Path) -> None:
    found = compare_at_rest(tree(tmp_path, splits=["RW"]), tree(tmp_path))
    assert not found.refines and found.steps is not None
    assert [label for (label, _), _ in found.steps] == ["init", "add", "add", "add_write", "add_write"]


def test_a_step_that_nobody_can_use_makes_no_difference_at_rest(tmp_path: Path) -> None:
    """After `DONE` nothing is left to do but to be free again."""
    found = compare_at_rest(tree(tmp_path, splits=["DONE"]), tree(tmp_path))
    assert found.refines and found.fine_states > found.coarse_states == found.at_rest


def test_only_the_same_text_is_compared(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the first specification is the second with actions split further"):
        compare_at_rest(tree(tmp_path), tree(tmp_path))
    limited = compare_at_rest(tree(tmp_path, splits=["DONE"]), tree(tmp_path), most_states=3)
    assert not limited.complete and not limited.refines


HANDED = '''
from enum import Enum

from quorate.spec.lang import Range, Sort, Spec, Map, action, require, runs_on, state, step, terminal


class Server(Sort, size=1):
    """A server."""


class Count(Range, low=0, high=2):
    """A number."""


class Thread(Enum):
    READ = "read"
    APPLY = "apply"


class Applier(Spec):
    """One thread reads, another applies."""

    read: Map[Server, Count] = state(Count(0))
    applied: Map[Server, Count] = state(Count(0))

    @action
    @runs_on(Thread.READ)
    def receive(self, s: Server) -> None:
        require(self.read[s] < 2)
        self.read[s] += 1
        step("AP.apply", Thread.APPLY)
        self.applied[s] += 1

    @terminal
    def done(self) -> bool:
        """Everything is applied."""
        return all(self.applied[s] == 2 for s in Server)
'''


def test_the_rest_is_handed_to_another_thread(tmp_path: Path) -> None:
    (tmp_path / "handed.py").write_text(HANDED)
    spec = load(f"{tmp_path / 'handed.py'}:Applier")
    assert check(read(spec, {}, ()), Options()).distinct == 3
    result = check(read(spec, {}, (), splits=["AP"]), Options())
    # read, applied: 0 0, 1 0 (apply waits), 1 1, 2 1 (waits), 2 2; never 2 0: the other thread must be idle.
    assert (result.verdict, result.distinct, result.depth) == ("holds", 5, 5)


def test_a_step_is_handed_to_a_thread_that_the_text_names(tmp_path: Path) -> None:
    (tmp_path / "handed.py").write_text(HANDED.replace("Thread.APPLY)", "s)"))
    with pytest.raises(Refused, match=r"E501.*member of the threads' Enum"):
        read(load(f"{tmp_path / 'handed.py'}:Applier"), {}, ())
