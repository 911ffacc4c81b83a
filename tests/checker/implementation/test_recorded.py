"""A simulated run that goes wrong is a trace: replayed, explained, with partitions, on both sides."""

from dataclasses import replace
from pathlib import Path

import pytest
from quorate.checker.commands.root import run
from quorate.checker.implementation.picture.recorded import name_of, trace_of
from quorate.checker.refinement.cluster import __main__ as command
from quorate.checker.refinement.cluster.runs import Checker
from quorate.impl.ensemble.simulation import simulate
from quorate.impl.ensemble.state import Ensemble
from quorate.traces.replay import replay
from quorate.traces.store import write
from quorate.traces.trace import Trace


def first_wrong(bug: str, servers: int = 3) -> Trace:
    """Of the first seed that goes wrong."""
    ensemble = Ensemble(servers, retained=2, max_counter=5, bugs=frozenset({bug}))
    checker = Checker(ensemble)
    found = next(one for seed in range(100) if (one := checker.run(seed, 600)).wrong is not None)
    print(f"{bug}: seed {found.seed}, event {found.events}: {found.wrong}")
    again = simulate(ensemble, found.seed, found.events)
    return replay(trace_of(ensemble, again, name_of(str(found.wrong))))


def test_a_mismatch_while_simulating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = first_wrong("no-comparison")
    assert (trace.property, trace.engine) == ("refinement", "simulation") and trace.seed is not None
    monkeypatch.chdir(tmp_path)
    write(trace)
    assert run(["trace", "why", "last"]) == 0
    out = capsys.readouterr().out
    assert f"why refinement is violated in state {len(trace.steps)}: Every step is one of the specifications" in out
    assert "         election: current_vote of server " in out and "(spec/zookeeper/election" in out
    assert {"election_current_vote", "zab_history"} <= {one.name for one in trace.specification.variables}


def test_a_violation_while_simulating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sound = Ensemble
    bugs = frozenset({"commit-alone"})
    monkeypatch.setattr(command, "Ensemble", lambda *given, **more: sound(*given, bugs=bugs, **more))
    monkeypatch.setattr("sys.argv", ["cluster", "--runs", "1", "--events", "600", "--processes", "1"])
    assert command.main() == 1
    out = capsys.readouterr().out
    assert "seed 0, event 61: durability\n  trace in: .quorate/traces/" in out
    assert run(["trace", "show", "last"]) == 0
    assert capsys.readouterr().out.startswith("counterexample to durability, 62 states\n")


def test_partitions_are_part_of_it() -> None:
    ensemble = Ensemble(3, retained=2, max_counter=5)
    recorded = trace_of(ensemble, simulate(ensemble, 3, 250), "one_leader")
    trace = replay(replace(recorded, verdict="undecided"))
    assert {"block", "heal", "crash"} <= {step.label[0] for step in trace.steps}
    assert len(trace.steps) == 251
