"""The decision table of synchronisation, row by row; and that every learner ends with the leader's history."""

from hypothesis import given
from hypothesis import strategies as st
from quorate.impl.ensemble.messages import Diff, Log, Snap, Trunc, Txn, last_zxid, zxid
from quorate.impl.ensemble.synchronisation import choose

HISTORY: Log = tuple(Txn(zxid(e, c), f"{e}.{c}") for e, c in [(1, 1), (1, 2), (1, 3), (3, 1), (3, 2)])
LAST = zxid(3, 2)


def test_the_table() -> None:
    assert choose(HISTORY, 500, LAST) == (Diff(LAST), ())
    assert choose(HISTORY, 500, zxid(3, 7)) == (Trunc(LAST), ())
    assert choose(HISTORY, 500, zxid(4, 0)) == (Diff(LAST), ())
    assert choose(HISTORY, 2, zxid(1, 2)) == (Snap(HISTORY), ())
    assert choose(HISTORY, 2, zxid(3, 1)) == (Diff(LAST), HISTORY[4:])
    assert choose(HISTORY, 500, zxid(1, 2)) == (Diff(LAST), HISTORY[2:])
    assert choose(HISTORY, 500, 0) == (Diff(LAST), HISTORY)
    assert choose(HISTORY, 500, zxid(2, 0)) == (Diff(LAST), HISTORY[3:])
    assert choose(HISTORY, 500, zxid(1, 7)) == (Snap(HISTORY), ())
    assert choose((), 500, zxid(1, 1)) == (Trunc(0), ())
    assert choose((HISTORY[0], HISTORY[2]), 500, zxid(1, 2)) == (Trunc(zxid(1, 1)), (HISTORY[2],))


def test_what_only_a_snapshot_holds() -> None:
    known, floor = HISTORY[3:], HISTORY[2].zxid
    assert choose(known, 500, floor, floor) == (Diff(LAST), known)
    assert choose(known, 500, zxid(1, 2), floor) == (Snap(known, floor), ())
    assert choose(known, 500, 0, floor) == (Snap(known, floor), ())
    assert choose(known[:0], 500, zxid(1, 7), floor) == (Trunc(floor), ())
    assert choose(known[:0], 500, zxid(1, 7), floor, peer_floor=zxid(1, 5)) == (Snap((), floor), ())
    assert choose(HISTORY, 500, zxid(3, 7), peer_floor=LAST) == (Trunc(LAST), ())
    assert choose(HISTORY, 500, zxid(3, 7), peer_floor=zxid(3, 3)) == (Snap(HISTORY), ())


@given(st.integers(0, 5), st.integers(0, 3), st.integers(1, 6))
def test_a_learner_ends_with_the_history(known: int, more: int, retained: int) -> None:
    """For a learner that has a prefix, or all of an epoch and what that epoch's leader proposed to it alone."""
    shared = HISTORY[:known]
    whole_epoch = known in (3, 5)
    lost = tuple(Txn(shared[-1].zxid + 1 + i, "lost") for i in range(more)) if whole_epoch else ()
    learner = shared + lost
    opening, missing = choose(HISTORY, retained, last_zxid(learner))
    match opening:
        case Diff():
            assert learner == shared
        case Trunc(last):
            learner = tuple(txn for txn in learner if txn.zxid <= last)
        case Snap(history):
            learner = history
    assert learner + missing == HISTORY
