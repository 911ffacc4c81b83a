"""`--profile`: both engines count alike, and say what takes the time and what grows; times are not tested."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.commands.root import run
from quorate.checker.model import Limits, Options
from quorate.checker.native.profiling import REGISTERS, estimate
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read

OPTIONS = Options(symmetry=False, profile=True)


def test_both_engines_count_alike() -> None:
    tree = read(TwoPhaseCommit, {"managers": 5}, [])
    one, other = native.check(tree, OPTIONS).profile, reference.check(tree, OPTIONS).profile
    assert one is not None and other is not None
    for profile in (one, other):
        assert [a.tried for a in profile.actions if a.name == "prepare"] == [5 * 8_832]
        assert sum(a.taken for a in profile.actions) == 58_145 and sum(a.new for a in profile.actions) == 8_831
        assert {p.name: p.calls for p in profile.properties}["consistent"] == 8_832
        assert profile.states == 8_832
        assert (
            0
            < profile.rest + sum(a.seconds for a in (*profile.actions, *profile.properties))
            <= 1.001 * profile.seconds
        )
    assert [(a.tried, a.taken, a.new) for a in one.actions] == [(a.tried, a.taken, a.new) for a in other.actions]
    for estimated, exact in zip(one.growth, other.growth, strict=True):
        assert estimated.variable == exact.variable and len(estimated.values) == len(exact.values)
        assert all(abs(a - b) <= 2 + b // 16 for a, b in zip(estimated.values, exact.values, strict=True))
    assert {g.variable: g.values[-1] for g in other.growth if g.variable != "phase"} == {
        "heard": 2**5,
        "sent": 2**5,
        "decision": 3,
    }
    assert one.grows() is not None and one.load is not None and 0 < one.load <= 7 / 8


def test_a_limit_names_what_grows(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "two-phase-commit", "managers=8", "--no-symmetry", "--max-states", "20000", "--profile"]
    assert run([*words, "--engine", "native"]) == 4
    out = capsys.readouterr().out
    assert "what grows most: phase (about " in out
    assert "bytes per state: table " in out and "% full" in out
    assert "what dominates: " in out


def test_a_profile_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "two-phase-commit", "--profile", "--engine", "reference", "--output-format", "json"]) == 0
    profile: dict[str, Any] = json.loads(capsys.readouterr().out)["profile"]
    assert {"seconds", "actions", "properties", "memory", "bytes_per_state", "values", "grows"} <= profile.keys()
    assert run(["check", "two-phase-commit", "--engine", "reference", "--output-format", "json"]) == 0
    assert "profile" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("check", [native.check, reference.check])
def test_a_profile_changes_no_count(check: Callable[..., Any]) -> None:
    tree = read(TwoPhaseCommit, {"managers": 4}, [])
    for limits in (Limits(), Limits(states=500)):
        plain, profiled = (check(tree, Options(profile=profile, limits=limits)) for profile in (False, True))
        assert (plain.distinct, plain.generated, plain.depth, plain.actions, plain.reason) == (
            profiled.distinct,
            profiled.generated,
            profiled.depth,
            profiled.actions,
            profiled.reason,
        )


def test_how_many_values_there_were_is_estimated() -> None:
    assert estimate(bytes(REGISTERS)) == 0
    assert estimate(bytes([1]) + bytes(REGISTERS - 1)) == 1
