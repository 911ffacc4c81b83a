"""The command: what its words mean, what it says when they mean nothing, and a clean end."""

import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from quorate.checker.browse import command
from quorate.checker.commands.root import run
from quorate.traces.store import write


@pytest.fixture
def served(monkeypatch):
    """What would be served, instead of serving it."""
    found = []
    monkeypatch.setattr(command, "serve", lambda *given: found.append(given))
    return found


def test_a_specification_with_constants(served):
    assert (
        run(["browse", "two-phase-commit", "managers=4", "--variant", "commit-early", "--no-open", "--port", "7"]) == 0
    )
    (((answers,), front, port, opening),) = served
    assert (front, port, opening) == (None, 7, False)
    shown = answers.shown(answers.front())
    assert shown["configuration"] == "managers=4 --variant commit-early"


def test_a_trace_and_without_a_word_the_newest(served, session, walk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(session.trace(walk("give_up(rm1)", "commit")))
    for words in ([], ["last"]):
        assert run(["browse", *words, "--no-open"]) == 0
        answers = served[-1][0][0]
        assert len(answers.shown(answers.front())["labels"]) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["zabb"], "neither a trace nor a specification 'zabb'; did you mean 'zab'?"),
        (["0123abc"], "there is no file '0123abc', and no trace"),
        (["two-phase-comit"], "did you mean 'two-phase-commit'?"),
        (["two-phase-commit", "managers=none"], "not a whole number"),
        (["two-phase-commit", "managers=2", "--variant", "nonsense"], "no variant 'nonsense'"),
        (["last", "managers=2"], "a trace brings its configuration along"),
        (["zab", "paxos"], "zab is a specification; side by side stand traces only"),
        ([], "there is no trace in"),
        (["missing.json"], "cannot be read"),
        (["a"] * 7, "7 traces do not fit side by side"),
    ],
)
def test_mistakes_are_answered(served, words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["browse", *words, "--no-open"]) == 2
    assert message in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("ABORTED", "COMMITTED"), "was damaged or edited"),
        (lambda text: text[: len(text) // 2], "is not a trace"),
        (lambda text: '{"a": 1}', "not a trace"),
    ],
)
def test_a_damaged_trace_is_refused(served, session, walk, tmp_path, monkeypatch, capsys, damage, message):
    monkeypatch.chdir(tmp_path)
    path = write(session.trace(walk("give_up(rm1)", "commit")))
    path.write_text(damage(path.read_text()))
    assert run(["browse", str(path), "--no-open"]) == 2
    assert message in capsys.readouterr().err


def test_it_serves_until_it_is_interrupted(tmp_path):
    words = [sys.executable, "-m", "quorate.checker.cli", "browse", "two-phase-commit", "--no-open"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address is not None
        with urllib.request.urlopen(address[0], timeout=30) as answer:
            assert answer.status == 200 and b"Quorate" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == "\nquorate: the page is no longer served\n"
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_a_port_that_is_taken_is_said(session, capsys, monkeypatch):
    from quorate.checker.browse.server import Server

    with Server([]) as other:
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        assert run(["browse", "two-phase-commit", "--no-open", "--port", str(other.server_port)]) == 2
    assert "choose another with --port" in capsys.readouterr().err
