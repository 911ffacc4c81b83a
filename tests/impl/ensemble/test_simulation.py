"""Simulated runs with faults: no violation in sound ensembles, planted bugs found soon, one seed one run."""

import random
from dataclasses import replace

import pytest
from quorate.impl.ensemble.simulation import FAULTS, Run, hosts, simulate
from quorate.impl.ensemble.state import BUGS, Ensemble

SOUND = Ensemble(3, retained=2, max_counter=5)
# These are found by 200 runs; those that need a rarer history are found by enumeration (tests/checker/implementation).
PLANTED = {
    "ack-before-sync": 3,
    "append-with-gap": 3,
    "commit-alone": 3,
    "deliver-out-of-order": 3,
    "epoch-before-history": 3,
    "half-quorums": 4,
    "ignore-zxid": 3,
    "no-comparison": 3,
    "no-quorum-needed": 4,
    "no-round": 3,
    "no-truncation": 3,
    "promise-twice": 3,
}


def runs(ensemble: Ensemble, seeds: range, events: int = 1000) -> list[Run]:
    found = [simulate(ensemble, seed, events) for seed in seeds]
    wrong = [(run.seed, run.violated, len(run.labels)) for run in found if run.violated]
    assert not wrong, f"seed, property, events: {wrong}"
    return found


def test_nothing_is_violated_under_faults() -> None:
    found = runs(SOUND, range(16))
    print(f"seeds 0 to 15: {sum(len(run.world.committed) for run in found)} transactions committed")
    assert all(len(run.labels) == 1000 for run in found)
    assert sum(len(run.world.committed) for run in found) > 100
    assert sum(len(run.world.leaders) for run in found) > 100
    happened = {name for run in found for name, _ in run.labels}
    assert happened >= {*FAULTS, "leader_receives", "follower_receives", "notified", "synced", "finalize", "request"}


def test_five_servers() -> None:
    assert sum(len(run.world.committed) for run in runs(Ensemble(5, retained=2), range(3), 600)) > 0


def test_observers_change_no_quorum() -> None:
    ensemble = Ensemble(5, retained=2, max_counter=5, observers=frozenset({1, 4}))
    assert sum(len(run.world.committed) for run in runs(ensemble, range(6))) > 0


def test_a_seed_is_a_run() -> None:
    first, again, other = (simulate(SOUND, seed, 300) for seed in (7, 7, 8))
    assert first == again
    assert first.labels != other.labels


@pytest.mark.parametrize(("bug", "servers"), PLANTED.items())
def test_a_planted_bug_is_found_within_200_runs(bug: str, servers: int) -> None:
    broken = Ensemble(servers, retained=2, max_counter=5, bugs=frozenset({bug}))
    found = next(run for seed in range(200) if (run := simulate(broken, seed, 1000)).violated)
    print(f"{bug}: seed {found.seed}, {found.violated} after {len(found.labels)} events")
    assert bug in BUGS
    assert simulate(broken, found.seed, 1000) == found
    assert simulate(replace(broken, bugs=frozenset()), found.seed, len(found.labels)).violated is None


@pytest.mark.slow
def test_many_runs() -> None:
    print(f"seeds 100 to 499: {sum(len(run.world.committed) for run in runs(SOUND, range(100, 500)))} committed")


@pytest.mark.slow
def test_many_runs_of_five_servers() -> None:
    print(f"seeds 0 to 99: {sum(len(run.world.committed) for run in runs(Ensemble(5), range(100)))} committed")


def test_in_half_of_all_runs_servers_and_clocks_differ() -> None:
    drawn = [hosts(SOUND, random.Random(seed)) for seed in range(200)]
    unlike = [one for one in drawn if len({*one.speeds, *one.clocks}) > 1]
    assert 60 < len(unlike) < 140
    assert (
        {one.weight(("finalize", (0,))) for one in unlike}
        == {one.weight(("synced", (0,))) for one in unlike}
        == {1, 4, 16}
    )
    assert any(one.weight(("finalize", (0,))) != one.weight(("synced", (0,))) for one in unlike), "a clock of its own"
