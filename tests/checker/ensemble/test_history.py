"""The checker of histories: sound ones pass, and each kind of lie is found and named."""

import random
from dataclasses import replace

import pytest
from quorate.checker.ensemble.history import Commit, Operation, Read, Write, violations

COMMITTED = [
    Commit(1, "a", "a0"),
    Commit(2, "b", "b0"),
    Commit(5, "a", "a1"),
    Commit(7, "b", "b1"),
    Commit(9, "a", "a2"),
]
SOUND: list[Operation] = [
    Write(1, 0, 10, "a", "a1", 5),
    Read(2, 1, 11, "a", "a0"),
    Write(2, 12, 20, "b", "b1", 7),
    Write(3, 13, 30, "a", "a2", None),
    Read(1, 21, 22, "b", "b0"),
    Read(1, 23, 24, "b", "b1", synced=True),
    Write(3, 40, 41, "b", "lost", None),
    Read(2, 50, 51, "a", "a2"),
]


def test_a_sound_history() -> None:
    assert violations(SOUND, COMMITTED) == []
    assert violations([], []) == []


LIES: list[tuple[Operation, str]] = [
    (Write(9, 60, 61, "a", "gone", 11), "gone was acknowledged as 0xb and is not committed"),
    (Write(9, 60, 61, "a", "a2", 8), "a2 was acknowledged as 0x8 and is committed as 0x9"),
    (Write(9, 60, 61, "a", "a0", 1), "a1 ended before a0 began, and has the larger zxid 0x5"),
    (Read(2, 60, 61, "a", "a0"), "session 0x2 read a0 from a, overwritten by 0x5, when it had seen 0x9"),
    (Read(4, 60, 61, "a", "nothing"), "nothing was read from a, and was never committed there"),
    (Read(4, 60, 61, "b", "a1"), "a1 was read from b, and was never committed there"),
    (
        Read(4, 60, 61, "b", "b0", synced=True),
        "b0 was read from b behind a sync, overwritten by 0x7, when 0x7 had been acknowledged",
    ),
]


@pytest.mark.parametrize(("lie", "told"), LIES, ids=[told[:30] for _, told in LIES])
def test_a_lie_is_told(lie: Operation, told: str) -> None:
    assert told in violations([*SOUND, lie], COMMITTED)


def test_what_no_log_may_hold() -> None:
    twice = [*COMMITTED, Commit(9, "a", "a0")]
    assert violations([], twice) == ["0x9 is committed after 0x9", "a0 is committed twice, as 0x1 and 0x9"]


def test_a_session_that_writes_into_its_past() -> None:
    committed = [Commit(1, "a", "x"), Commit(2, "a", "y")]
    history = [Write(1, 0, 3, "a", "y", 2), Write(1, 1, 2, "a", "x", 1)]
    assert violations(history, committed) == ["x has 0x1, its session had seen 0x2"]


def simulated(seed: int) -> tuple[list[Operation], list[Commit]]:
    """Sessions at servers that lag, each as far as it likes but never back: sound by construction."""
    rng = random.Random(seed)
    committed = [Commit(index + 1, key, f"{key}0") for index, key in enumerate("abc")]
    position = dict.fromkeys(range(4), len(committed))
    history: list[Operation] = []
    for step in range(60):
        session, key, start = rng.randrange(4), rng.choice("abc"), 10 * step
        if rng.random() < 0.4:
            zxid, value = committed[-1].zxid + rng.choice((1, 1, 3)), f"v{step}"
            committed.append(Commit(zxid, key, value))
            position[session] = len(committed)
            history.append(Write(session, start, start + 5, key, value, zxid if rng.random() < 0.8 else None))
            continue
        synced = rng.random() < 0.3
        low = len(committed) if synced else position[session]
        position[session] = rng.randint(low, len(committed))
        value = next(c.value for c in reversed(committed[: position[session]]) if c.key == key)
        history.append(Read(session, start, start + 5, key, value, synced))
    return history, committed


@pytest.mark.parametrize("seed", range(30))
def test_what_lags_is_no_lie_and_what_goes_back_is(seed: int) -> None:
    history, committed = simulated(seed)
    assert violations(history, committed) == []
    found = [operation for operation in history if isinstance(operation, Write) and operation.zxid]
    victim = random.Random(seed).choice(found)
    without = [commit for commit in committed if commit.value != victim.value]
    assert violations(history, without), "a lost write is found"
    late = replace(victim, start=10_000, end=10_001)
    swapped = [late if operation is victim else operation for operation in history]
    if victim is not found[-1]:
        assert violations(swapped, committed), "a write that comes before an older one is found"
