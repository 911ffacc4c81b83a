"""`quorate check impl:cluster`: the verdict in words, JSON, exit codes, mistakes."""

import json

import pytest
from quorate.checker.commands.root import run
from quorate.checker.implementation import Budget, check
from quorate.checker.implementation.command import _text, replayed


def test_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "impl:cluster", "servers=3", "transactions=1", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("impl:cluster servers=3 transactions=1 crashes=0 ")
    assert out.endswith(": holds for everything that can happen within this budget\n")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "impl:cluster", "transactions=0", "reduction=0", "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = check(Budget(transactions=0)).result
    assert (document["distinct"], document["generated"]) == (expected.distinct, expected.generated)
    assert document["actions"] == expected.actions
    assert document["bounds"]["transactions"] == 0


def test_a_limit_is_exit_code_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "impl:cluster", "--max-depth", "8", "--quiet"]) == 4
    assert "no violation found, incomplete: stopped by depth" in capsys.readouterr().out


def test_a_counterexample_is_told() -> None:
    bugs = ["commit-alone"]
    text = _text(replayed(check(Budget(), bugs), Budget().begin(bugs)), quiet=False)
    assert ": violated: durability\n" in text
    assert "10. request(0)\n     0: LEADING BROADCAST, epochs 1/1, log [1.1], 1 synced, 1 committed\n" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crash=1"], "no bound 'crash'; did you mean 'crashes'?"),
        (["servers=0"], "servers is a whole number from 1 to 7"),
        (["servers=x"], "servers is a whole number from 1 to 7"),
        (["reduction=2"], "reduction is given once, and is 0 or 1"),
        (["crashes=1", "crashes=2"], "crashes is given twice"),
        (["--variant", "commit-alone"], "--variant is for specifications, not for impl:cluster"),
        (["--engine", "native"], "leave --engine out"),
        (["--output-format", "markdown"], "text or json"),
    ],
)
def test_mistakes(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "impl:cluster", *words]) == 2
    assert said in capsys.readouterr().err
