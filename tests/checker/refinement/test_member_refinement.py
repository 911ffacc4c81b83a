"""Simulated members beside znodes: sound runs are matched to the end, planted bugs and wrong specifications are not."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quorate.checker.refinement.members import __main__ as command
from quorate.checker.refinement.members.runs import Checked, run
from quorate.impl.data import prepare
from quorate.impl.data.node import Node
from quorate.impl.data.sessions import Sessions
from quorate.impl.data.tree import Tree
from quorate.impl.disk import log
from quorate.impl.disk.files import logs
from quorate.impl.disk.opening import OpenedMember, open_member
from quorate.impl.member import simulation
from quorate.impl.member.pending import MemberService
from quorate.impl.wire.records import CreateTxn
from quorate.spec.lang.specification import declared
from quorate.spec.zookeeper.znodes import Znodes
from quorate.traces.replay import replay
from quorate.traces.text import render_log

STEPS = 400
ACTIONS = {
    "create",
    "create_container",
    "create_sequential",
    "delete",
    "set_data",
    "set_acl",
    "close_session",
    "remove_container",
    "multi_create_create",
    "multi_set_delete",
}


def all_matched(seeds: Sequence[int], steps: int) -> None:
    found = [run(seed, steps) for seed in seeds]
    print(f"seeds {seeds[0]} to {seeds[-1]}: {command.summary(found)}")
    assert [one.wrong for one in found if one.wrong] == []
    assert sum(one.thorough for one in found) > len(seeds) // 4, "snapshots, truncations and restarts in one run"
    assert set().union(*(one.actions for one in found)) == ACTIONS
    assert sum(one.applied for one in found) > 3 * sum(one.committed for one in found)


def test_every_write_is_a_step_on_every_member() -> None:
    all_matched((*range(10), 25, 59), STEPS)  # in the last two the leader removes containers


@pytest.mark.slow
def test_many_runs() -> None:
    all_matched(range(1000, 1200), 800)


def test_a_seed_is_a_run() -> None:
    assert run(1, STEPS) == run(1, STEPS) != run(4, STEPS)


# ------------------------------------------------------------------------------------------------------ planted bugs


def snapshots_lose(**lost: int) -> Callable[[pytest.MonkeyPatch], None]:
    """What a snapshot keeps of a node's stat comes back as this."""
    stored = Node.stored
    return lambda plant: plant.setattr(Node, "stored", lambda data, acl, stat: stored(data, acl, replace(stat, **lost)))


def no_child_version(plant: pytest.MonkeyPatch) -> None:
    """A create does not count in its parent."""
    apply = Tree.apply

    def forgetful(tree: Tree, header: Any, body: Any) -> Any:
        return apply(tree, header, replace(body, parent_cversion=0) if isinstance(body, CreateTxn) else body)

    plant.setattr(Tree, "apply", forgetful)


def applied_twice(plant: pytest.MonkeyPatch) -> None:
    """A member that starts takes its snapshot for older than it is, and applies its last transaction again."""

    def behind(directory: Any) -> OpenedMember:
        opened, last = open_member(directory), 0
        known = [entry.txn() for _, name in logs(directory) for entry in log.entries(directory.read(name))]
        older = [txn for txn in known if txn.header.zxid <= opened.tree.last_zxid]
        if older:
            last = older[-2].header.zxid if len(older) > 1 else 0
            opened.tree.last_zxid = last
        return replace(opened, txns=(*older[-1:], *opened.txns))

    plant.setattr(simulation, "open_member", behind)


def left_out(plant: pytest.MonkeyPatch) -> None:
    """A member passes over a transaction now and then."""
    deliver, seen = MemberService.deliver, Counter[int]()

    def forgetful(service: MemberService, txn: Any, now: Any) -> Any:
        seen[txn.header.zxid] += 1
        return None if txn.header.zxid % 7 == 0 and seen[txn.header.zxid] == 2 else deliver(service, txn, now)

    plant.setattr(MemberService, "deliver", forgetful)


def dead_sessions_write(plant: pytest.MonkeyPatch) -> None:
    """The leader asks nobody whether a session is still there."""
    plant.setattr(Sessions, "check", lambda *_: None)


def containers_unasked(plant: pytest.MonkeyPatch) -> None:
    """The leader removes what has taken a container's place."""
    plant.setattr(prepare.Outlook, "may_outlive", True)


def found(seeds: range, steps: int, *variants: str) -> Checked:
    """The first run that goes wrong."""
    one = next((one for seed in seeds if (one := run(seed, steps, variants)).wrong), None)
    assert one is not None, "not found"
    print(f"seed {one.seed}, after {one.committed} transactions: {one.wrong}")
    return one


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (no_child_version, "cversion of /"),
        (snapshots_lose(cversion=0), "cversion of / is 0"),
        (snapshots_lose(ephemeral_owner=0), "owner of /"),
        (applied_twice, "after 0x"),
        (left_out, "has applied 0x"),
        (dead_sessions_write, "owner in self.live) (spec/zookeeper/znodes.py:"),
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    one = found(range(30), STEPS)
    assert told in str(one.wrong)
    assert one.trace is not None
    replay(one.trace)
    assert "the log parts from the specification" in render_log(one.trace)


@pytest.mark.slow
def test_what_took_the_place_of_a_container_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refinement found this one in our own leader."""
    containers_unasked(monkeypatch)
    assert "remove_container" in str(found(range(300), 800).wrong)


# A leader that waits longer than the specification has to is right.
ALLOWING = {"container-too-early"}


@pytest.mark.parametrize("variant", [one for one in declared(Znodes)[1] if one not in ALLOWING])
def test_a_wrong_specification_is_noticed(variant: str) -> None:
    assert found(range(30), STEPS, variant).trace is not None


def test_the_command_stores_what_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["members", "--runs", "2", "--steps", str(STEPS)])
    assert command.main() == 0
    assert "0 runs went wrong" in capsys.readouterr().out
    no_child_version(monkeypatch)
    assert command.main() == 1
    said = capsys.readouterr().out
    assert "seed 0: member" in said and "trace in: .quorate/traces/" in said
    assert list(tmp_path.glob(".quorate/traces/*.json"))
