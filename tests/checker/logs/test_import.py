"""Logs of servers as traces of `znodes`: the longest part that is a behaviour, and what is said where they part."""

import json
import random
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from quorate.checker.commands import root
from quorate.checker.commands.arguments import find_class, read_specification
from quorate.checker.logs.fitting import fit
from quorate.checker.logs.reading import LONGEST, one_line, read
from quorate.impl.wire import records as r
from quorate.traces.replay import NotABehaviour, replay
from quorate.traces.store import read as read_trace
from quorate.traces.store import restore
from quorate.traces.text import render_trace
from quorate.traces.trace import show_label

from .conftest import FIRST, SECOND, Server

UNDER = "/locks/a"


@cache
def znodes():
    return read_specification(find_class("znodes"), ["zxids=50", "sessions=2"], ())


def fitted(path, under=UNDER):
    return replay(fit(znodes(), "log.1", read(path), under))


def labels(trace):
    return [show_label(trace.specification, step.label) for step in trace.steps[1:]]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs `quorate trace …` in an empty folder: the code, and what was printed."""
    monkeypatch.chdir(tmp_path)

    def command(*words):
        code = root.run(["trace", *map(str, words)])
        captured = capsys.readouterr()
        return SimpleNamespace(exit_code=code, output=captured.out + captured.err)

    return command


def test_a_whole_log_is_a_behaviour(written):
    trace = fitted(written())
    assert labels(trace) == [
        "create(Path.A, None)",
        "create_sequential(session1)",
        "create_sequential(session2)",
        "set_data(Path.A)",
        "create(Path.ROOT, None)",
        "close_session(session1)",
        "create(Path.A_B, None)",
        "set_data(Path.A)",
    ]
    assert trace.log.parting is None and trace.log.left_out == 4
    assert trace.log.lines[2].endswith("create /locks/a/n-0000000000,,[31,s{'world,'anyone}\\x0a],true,1")
    assert "does not say what was asked for" in trace.log.lines[5]


# What is wrong with a log, the line at which it is seen, and the words.
PLANTED = {
    "a write of data is lost": (lambda s: s.without(7), "set_data(Path.A)", "version of /a: the log has 2, the s"),
    "the znode is lost": (lambda s: s.without(4), "create_sequential(session1)", "ends with OK, in the specification"),
    "a child is lost": (lambda s: s.without(5), "create_sequential(session1)", "cversion of /a: the log has 2"),
    "the ephemeral stays": (
        lambda s: s.with_body(10, r.CloseSessionTxn(())),
        "close_session(session1)",
        "with the session go no znodes in the log, /a/0000000000 in the specification",
    ),
    "a version is skipped": (
        lambda s: s.with_body(12, r.SetDataTxn("/locks/a", b"", 4)),
        "set_data(Path.A)",
        "version of /a: the log has 4, the specification 2",
    ),
    "a counter is repeated": (
        lambda s: s.with_body(11, r.CreateTxn("/locks/a/b", b"", r.OPEN_ACL, False, 2)),
        "create(Path.A_B, None)",
        "cversion of /a: the log has 2, the specification 3",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_seen(written, server, planted):
    change, label, words = PLANTED[planted]
    whole, trace = fitted(written()), fitted(written(change(server), "log.2"))
    parting = trace.log.parting
    assert show_label(trace.specification, parting.label) == label
    assert any(words in difference for difference in parting.differences), parting
    lines = [line for line in trace.log.lines if line]
    assert lines == [line for line in whole.log.lines if line in lines], "in the order of the log"
    assert len(lines) < 8 and parting.line not in lines


def test_a_closed_session_creates_nothing_and_the_guard_says_so(written, server):
    server.create("/locks/a/n-0000000003", 4, FIRST)
    trace = fitted(written(server, "log.3"))
    assert trace.log.parting.differences == ()
    text = render_trace(trace)
    assert "the log parts from the specification in the next line, which is create_sequential(session1)" in text
    assert "false  owner in self.live" in text and "since step 7, close_session(session1)" in text


@pytest.mark.parametrize(
    ("path", "counter", "words"),
    [
        ("/locks/a/c", 4, "is a second child with a plain name"),
        ("/locks/a/b/c", 1, "two levels below"),
        ("/locks/a/n-0000000007", 4, "has the number 7"),
    ],
)
def test_what_the_specification_cannot_say_is_no_divergence(written, server, path, counter, words):
    server.create(path, counter)
    trace = fitted(written(server, "log.3"))
    assert len(trace.steps) == 9 and trace.log.parting.label is None
    assert words in trace.log.parting.differences[0]
    assert "what the specification has no word for" in render_trace(trace)


def test_multis_and_children_beside_are_understood(written):
    server = Server()
    parts = [
        r.SubTxn(r.Op.CREATE, r.CreateTxn("/a", b"", r.OPEN_ACL, False, 1)),
        r.SubTxn(r.Op.CREATE, r.CreateTxn("/a/b", b"", r.OPEN_ACL, False, 1)),
    ]
    server.write(r.Op.MULTI, r.MultiTxn(tuple(parts)))
    server.create("/beside", 2)
    parts = [
        r.SubTxn(r.Op.SET_DATA, r.SetDataTxn("/a", b"", 1)),
        r.SubTxn(r.Op.CHECK, r.CheckVersionTxn("/a", 1)),
        r.SubTxn(r.Op.DELETE, r.DeleteTxn("/a/b")),
    ]
    server.write(r.Op.MULTI, r.MultiTxn(tuple(parts)))
    server.write(r.Op.MULTI, r.MultiTxn((r.SubTxn(r.Op.ERROR, r.ErrorTxn(-101)),)))
    server.delete("/a")
    server.create("/a", 3)
    trace = fitted(written(server), "/a")
    assert labels(trace) == [
        "multi_create_create(Path.A, Path.A_B)",
        "multi_set_delete(Path.A_B)",
        "delete(Path.A_B)",
        "delete(Path.A)",
        "create(Path.A, None)",
    ]
    assert trace.log.parting is None


def test_a_trace_keeps_its_log_and_a_false_parting_is_refused(run, written, server):
    path = written(server.without(7), "log.2")
    result = run("import", path, "--under", UNDER, "--output", "trace.json")
    assert result.exit_code == 1 and "version of /a: the log has 2, the specification 1" in result.output
    shown = run("show", "trace.json").output
    assert "zxid 0xc setData /locks/a,x,2" in shown and "parts from the specification" in shown
    tree = read_specification(find_class("znodes"), ["zxids=8", "sessions=2"], ())
    stored = read_trace(Path("trace.json"))
    assert stored.log is not None and stored.log.parting is not None
    stored.log.parting.differences = []
    with pytest.raises(NotABehaviour, match=r"set_data\(Path.A\), is said to be one that cannot happen, and it can"):
        replay(restore(stored, tree))


def test_two_logs_are_compared_in_words_and_as_a_page(run, written, server):
    whole, lost = written(), written(server.without(7), "log.2")
    result = run("import", whole, lost, "--under", UNDER)
    assert result.exit_code == 1
    left, right = [
        line.rpartition("/")[2].removesuffix(".json") for line in result.output.splitlines() if "in: " in line
    ]
    diff = run("diff", left, right)
    assert "9 and 7 states, the first 4 the same" in diff.output and "parts from the specification" in diff.output
    assert run("diff", left, right, "--format", "html").output.startswith("<!doctype html>")
    assert json.loads(run("export", left, "--format", "json").output)["trace"]["log"]["parting"] is None


def test_mistakes_are_answered(run, tmp_path):
    for under in ("a", "/", "/a/"):
        assert "names a znode below the root" in run("import", tmp_path, "--under", under).output
    assert "holds no transactions" in run("import", tmp_path).output
    (tmp_path / "log.1").write_bytes(b"nonsense, and more than a header of it")
    result = run("import", "log.1")
    assert result.exit_code == 2 and "log.1: offset 0" in result.output and "not the header" in result.output
    assert "--output is for one trace" in run("import", "log.1", "log.1", "--output", "x").output


def test_lines_reach_a_terminal_without_control_characters():
    assert one_line("a\x1b[31m\nb\u2028") == "a\\x1b[31m\\x0ab\\x2028"
    assert len(one_line("x" * 10_000)) == LONGEST


def test_any_part_of_a_log_may_be_lost_without_a_crash_of_ours(written, server):
    """Whatever is missing or out of order: a trace comes out, it replays, and it is a part of the log."""
    rng = random.Random(5)
    for number in range(60):
        txns = [txn for txn in server.txns if rng.random() < 0.8]
        if rng.random() < 0.3:
            rng.shuffle(txns)
        if not txns:
            continue
        trace = fitted(written(Server(txns), f"log.{number}"))
        assert len(trace.steps) - 1 + trace.log.left_out <= len(txns)


def test_sessions_are_told_apart(written):
    server = Server()
    server.create("/a", 1)
    server.create("/a/b", 1, SECOND)
    server.close(FIRST)
    server.close(SECOND, "/a/b")
    assert labels(fitted(written(server), "/a"))[1:] == ["create(Path.A_B, session1)", "close_session(session1)"]
