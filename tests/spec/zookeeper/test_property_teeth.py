"""Every invariant of Zab and of the election can fail: a variant breaks it, or it is false of a state made by hand.

A property that nothing breaks might hold of anything. Next to each state of which it is false stands one of which it
is true, and they differ in one fact.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from quorate.spec.lang import domains
from quorate.spec.lang.domains import Plain
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.election import Election
from quorate.spec.zookeeper.zab import Zab

TABLE = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["variant"]
CONSTANTS = {
    "zab": {"servers": 2, "timeouts": 0, "transactions": 2, "epochs": 2, "restarts": 0},
    "election": {"servers": 2, "clocks": 0, "epochs": 0, "transactions": 0, "versions": 0, "queue": 1},
}
MEANINGS = {name: Meaning(read(found, CONSTANTS[name], ())) for name, found in (("zab", Zab), ("election", Election))}
LOOKING, FOLLOWING, LEADING = range(3)
BROADCAST = 3
NOTHING, OLD, NEW = (0, 0), (1, 1), (2, 1)  # zxids
BOTH = 0b11  # servers


def history(*zxids: tuple[int, int]) -> Plain:
    """Transactions whose value is their epoch, and which nobody has acknowledged."""
    return tuple((zxid, zxid[0], 0) for zxid in zxids)


def delivered(*zxids: tuple[int, int]) -> dict[str, Plain]:
    """Both servers have logged these, and the second has delivered them."""
    return {
        "history": (history(*zxids), history(*zxids)),
        "last_committed": ((0, NOTHING), (len(zxids), zxids[-1])),
    }


def broadcast(zxid: tuple[int, int]) -> int:
    """The set of one transaction, broadcast by the primary of its epoch."""
    variables = MEANINGS["zab"].specification.variables
    kind: Any = next(variable.type for variable in variables if variable.name == "broadcasts")
    return 1 << domains.position(kind.item, (zxid[0], zxid, zxid[0]))


FOLLOWED = {  # the first server broadcasts in epoch 2, and the second follows it
    "role": (LEADING, FOLLOWING),
    "phase": (BROADCAST, BROADCAST),
    "learners": (BOTH, 0),
    "leader": (None, 0),
    "current_epoch": (2, 2),
}
FIRST, SECOND = ((0, NOTHING, server) for server in range(2))  # votes for them
LED = {"role": (LEADING, LOOKING), "leading_vote_set": (BOTH, 0)}
BY_HAND: list[tuple[str, str, dict[str, Plain], dict[str, Plain]]] = [  # the property, what is common, what is wrong
    ("zab", "global_primary_order", delivered(OLD, NEW), delivered(NEW, OLD)),
    (
        "zab",
        "primary_integrity",
        FOLLOWED | delivered(OLD) | {"last_committed": ((1, OLD), (1, OLD))},
        {"last_committed": ((0, NOTHING), (1, OLD))},
    ),
    ("zab", "integrity", FOLLOWED | delivered(OLD) | {"broadcasts": broadcast(OLD)}, {"broadcasts": broadcast(NEW)}),
    (
        "election",
        "leaders_vote_for_themselves",
        LED | {"current_vote": (FIRST, FIRST)},
        {"current_vote": (SECOND, FIRST)},
    ),
]


def state(name: str, changed: dict[str, Plain]) -> tuple[Plain, ...]:
    """The initial state but for what is changed."""
    _, first = MEANINGS[name].initial()[0]
    variables = MEANINGS[name].specification.variables
    assert changed.keys() <= {variable.name for variable in variables}
    return tuple(changed.get(v.name, value) for v, value in zip(variables, first, strict=True))


@pytest.mark.parametrize(("name", "violated", "fine", "wrong"), BY_HAND, ids=[row[1] for row in BY_HAND])
def test_a_property_tells_a_bad_state_from_a_good_one(
    name: str, violated: str, fine: dict[str, Plain], wrong: dict[str, Plain]
) -> None:
    assert MEANINGS[name].holds(violated, state(name, fine))
    assert not MEANINGS[name].holds(violated, state(name, fine | wrong))


@pytest.mark.parametrize("name", list(MEANINGS))
def test_every_property_can_fail(name: str) -> None:
    broken = {found for row in TABLE if row["specification"] == name for found in row["breaks"]}
    by_hand = {violated for specification, violated, _, _ in BY_HAND if specification == name}
    claimed = {p.name for p in MEANINGS[name].specification.properties if p.kind == "invariant"}
    assert broken | by_hand == claimed
