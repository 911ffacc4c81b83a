"""`--split`: an action that others may interrupt, from the check to the stored trace."""

import json
from pathlib import Path

COUNTER = '''
from enum import Enum

from quorate.spec.lang import *

servers = Constant(2, "number of servers", low=1)


class Server(Sort, size=servers):
    """A server."""


class Count(Range, low=0, high=servers):
    """A number."""


class Thread(Enum):
    WORK = "work"


class Counter(Spec):
    """Servers add to a shared counter: read, then write."""

    shared: Count = state(Count(0))
    added: Set[Server] = state()

    @action
    @runs_on(Thread.WORK)
    def add(self, s: Server) -> None:
        require(s not in self.added)
        seen = self.shared
        step("RW.write")
        self.shared = seen + 1
        self.added.add(s)

    @invariant
    def counted(self) -> bool:
        """The counter counts the servers that have added."""
        return self.shared == len(self.added)

    @terminal
    def done(self) -> bool:
        """Everybody has added."""
        return len(self.added) == servers
'''


def test_a_split_is_part_of_the_configuration(quorate, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(COUNTER)
    assert quorate("check", "counter.py").code == 0
    outcome = quorate("check", "counter.py", "--split", "RW", "--trace", "t.json")
    assert outcome.code == 1
    assert outcome.out.startswith("counter.py servers=2 split at RW.write: violated: counted")
    assert "repeat with: quorate check counter.py --split RW" in outcome.out
    assert json.loads((tmp_path / "t.json").read_text())["trace"]["splits"] == ["RW.write"]
    assert quorate("trace", "show", "t.json").code == 0
    assert "counted is violated" in quorate("trace", "why", "t.json").out


def test_an_unknown_point_is_a_mistake(quorate, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(COUNTER)
    outcome = quorate("check", "counter.py", "--split", "WR")
    assert outcome.code == 2
    assert "Counter has no split point 'WR'; it has RW, RW.write" in outcome.err


def test_points_are_listed(quorate, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(COUNTER)
    assert "  split points\n    RW.write\n" in quorate("list", "counter.py").out


def test_a_half_done_action_is_a_doubled_lane_and_is_said(quorate, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(COUNTER)
    quorate("check", "counter.py", "--split", "RW", "--engine", "reference", "--trace", "t.json")
    rows = quorate("trace", "export", "t.json", "--format", "timeline").out.splitlines()
    assert [row.split()[1:3] for row in rows[2:]] == [["●", "│"], ["║", "●"], ["●", "║"], ["│", "●"]]
    assert rows[4].endswith("(what step 2 began is done)")
    last = ("crashes=0", "--variant", "epoch-before-log", "--split", "NL", "--property", "epoch_implies_history")
    assert quorate("check", "zookeeper", *last, "--engine", "reference", "--trace", "z.json").code == 1
    said = "half done at the end: process_new_leader(server2) of step 5\n"
    assert said in quorate("trace", "why", "z.json").out
    assert said in quorate("trace", "export", "z.json", "--format", "timeline").out
