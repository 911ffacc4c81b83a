"""Scenarios as text, in the manner of etcd-io/raft: a command, then ----, then what happened. See docs/ensemble.md.

`pytest --rewrite` writes what happened into the files: look at every change before you keep it.
"""

from pathlib import Path

import pytest
from quorate.impl.ensemble.cluster import Label, World, begin, enabled, perform, requests
from quorate.impl.ensemble.messages import Log, Notification, Txn, counter_of, epoch_of
from quorate.impl.ensemble.properties import violated
from quorate.impl.ensemble.state import Ensemble

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.txt"))


def zxid(number: int) -> str:
    return f"{epoch_of(number)}.{counter_of(number)}"


def packet(item: object) -> str:
    """A packet or notification in one word and its values."""
    if isinstance(item, str):
        return item
    if isinstance(item, Notification):
        vote = item.vote
        return f"{item.state} round={item.round} vote=({vote.epoch}, {zxid(vote.zxid)}, {vote.leader})"
    names = [name for name in type(item).__slots__ if name != "floor"]  # type: ignore[attr-defined]
    return f"{type(item).__name__}({', '.join(value(name, getattr(item, name)) for name in names)})"


def value(name: str, it: object) -> str:
    if isinstance(it, Txn):
        return f"{zxid(it.zxid)} {it.payload}"
    if name == "zxid" and isinstance(it, int):
        return zxid(it)
    return log(it) if isinstance(it, tuple) else str(it)


def log(txns: Log) -> str:
    return " ".join(zxid(txn.zxid) for txn in txns) or "empty"


def line(world: World, label: Label) -> str:
    """What a label means in this world."""
    n = world.ensemble.servers
    match label:
        case "leader_receives", (leader, learner):
            return f"{leader} receives {packet(world.connection(learner, leader).up[0])} from {learner}"
        case "follower_receives", (learner, leader):
            return f"{learner} receives {packet(world.connection(learner, leader).down[0])} from {leader}"
        case "notified", (server, peer):
            return f"{server} hears {packet(world.notifications[peer * n + server][0])} from {peer}"
        case name, arguments:
            return " ".join([name, *map(str, arguments)])
    raise AssertionError(label)


def show(world: World) -> list[str]:
    lines = []
    for server, (node, disk) in enumerate(zip(world.nodes, world.disks, strict=True)):
        state = "down" if node is None else node.state
        phase = f" {node.role.phase}" if node and node.role else ""
        committed = node.committed if node else 0
        epochs = f"accepted={disk.accepted} current={disk.current}"
        lines.append(
            f"{server} {state}{phase} {epochs} log: {log(disk.log)} synced={disk.synced} committed={committed}"
        )
    return lines


def ensemble(servers: int, settings: dict[str, str]) -> Ensemble:
    """`observers=N` makes the last N servers observers."""
    observers = frozenset(range(servers - int(settings.get("observers", "0")), servers))
    return Ensemble(servers, int(settings.get("retained", "500")), observers=observers)


class Scenario:
    """The state of a scenario: a world, and the lines printed since the last command."""

    def __init__(self) -> None:
        self.world = begin(Ensemble(3))
        self.lines: list[str] = []

    def run(self, command: str) -> list[str]:
        self.lines = []
        words = command.split()
        quiet = words[0] == "quietly"
        self._command(words[1:] if quiet else words)
        return [] if quiet else self.lines

    def _command(self, words: list[str]) -> None:
        match words:
            case ["start", servers, *settings]:
                self.world = begin(ensemble(int(servers), dict(setting.split("=") for setting in settings)))
            case ["show"]:
                self.lines += show(self.world)
            case ["stabilize", *every]:
                self._stabilize(bool(every))
            case ["request", *times]:
                for _ in range(int(times[0]) if times else 1):
                    self._do(requests(self.world)[0])
            case ["crash", server]:
                self._do(("crash", (int(server), len(self.world.disks[int(server)].log))))
            case [name, *arguments]:
                self._do((name, tuple(map(int, arguments))))

    def _do(self, label: Label, say: bool = True) -> None:
        if say:
            self.lines.append(line(self.world, label))
        self.world = perform(self.world, label)
        assert violated(self.world) is None, f"{violated(self.world)} after {label}"

    def _stabilize(self, every: bool) -> None:
        """Does whatever can happen, in a fixed order, until only repetitions are left."""
        quiet: set[World] = set()
        while self.world not in quiet:
            quiet.add(self.world)
            for label in [label for label in enabled(self.world) if label[0] == "resend"]:
                self._do(label, every)
            while labels := [label for label in enabled(self.world) if label[0] != "resend"]:
                self._do(labels[0], every or labels[0][0] not in ("notified", "finalize"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_scenario(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text()
    found = played(text)
    if request.config.getoption("--rewrite"):
        path.write_text(found)
    assert found == path.read_text()


def played(text: str) -> str:
    """The scenario with what happened now."""
    scenario, paragraphs = Scenario(), []
    for paragraph in text.strip().split("\n\n"):
        head, bar, _ = paragraph.partition("\n----")
        if not bar:
            paragraphs.append(paragraph)
            continue
        paragraphs.append("\n".join([head, "----", *scenario.run(head)]))
    return "\n\n".join(paragraphs) + "\n"


def test_the_scenarios_are_found() -> None:
    assert {"election", "failover", "diff", "snap", "truncate", "minority"} <= {path.stem for path in SCENARIOS}


def test_a_different_log_is_seen() -> None:
    text = next(path for path in SCENARIOS if path.stem == "diff").read_text()
    assert played(text.replace("Diff(", "Snap(")) == text
    assert played(text.replace("quietly request 2", "quietly request 1")) != text
