"""Zab has exactly the published model's states: TLC's figures in tests/zookeeper.toml, for each identity of states.

`label` is the published model as it is, `ghosts` leaves the label of the last step out, `state` the ghosts too.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Identity, Options
from quorate.checker.result import Result
from quorate.spec.lang import ir
from quorate.spec.lang.domains import Plain, Union
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["zab"]
QUICK = {"reference": 1_000, "native": 0}  # distinct states up to which a row is checked by default
FEASIBLE = {"reference": 200_000, "native": 10_000_000}  # … and at all
ALSO_QUICK = {"t1x1e2r0-3-label-native"}
SLOW = pytest.mark.slow
ENGINES = {"reference": reference.check, "native": native.check}


def tree(constants: Mapping[str, int]) -> ir.Specification:
    return read(Zab, constants, ())


def name(row: dict[str, Any]) -> str:
    c = row["constants"]
    limits = f"t{c['timeouts']}x{c['transactions']}e{c['epochs']}r{c['restarts']}"
    return f"{limits}-{c['servers']}"


def _cases() -> list[Any]:
    cases = []
    for row in ROWS:
        for identity in get_args(Identity):
            for engine in ENGINES:
                if identity not in row or row[identity][0] > FEASIBLE[engine]:
                    continue
                case = f"{name(row)}-{identity}-{engine}"
                quick = row[identity][0] <= QUICK[engine] or case in ALSO_QUICK
                cases.append(pytest.param(row, identity, engine, id=case, marks=() if quick else pytest.mark.slow))
    return cases


@pytest.mark.parametrize(("row", "identity", "engine"), _cases())
def test_counts(row: dict[str, Any], identity: Identity, engine: str) -> None:
    result = ENGINES[engine](tree(row["constants"]), Options(identity=identity, symmetry=False))
    assert (result.verdict, result.reason, result.error) == ("holds", "complete", None)
    surplus = row.get("surplus", {}).get(identity, 0)
    assert [result.distinct, result.generated + surplus, result.depth] == row[identity]


def _symmetric() -> list[Any]:
    return [
        pytest.param(row, engine, id=f"{name(row)}-{engine}", marks=() if engine == "reference" and quick else SLOW)
        for row in ROWS
        if "symmetric" in row
        for quick in [row["label"][0] < 3_000]
        for engine in ENGINES
    ]


@pytest.mark.parametrize(("row", "engine"), _symmetric())
def test_symmetry_leaves_the_orbits_that_tlc_counts(row: dict[str, Any], engine: str) -> None:
    result = ENGINES[engine](tree(row["constants"]), Options(identity="label"))
    assert (result.distinct, result.unreduced) == (row["symmetric"], row["label"][0])


# ------------------------------------------------------------------------------- level by level, action by action

LEVELS = {
    "Z2_t1x1e2r0": [
        *(1, 2, 4, 2, 4, 10, 18, 24, 26, 34, 38, 34, 40, 44, 52, 64, 66, 64, 56, 46, 32, 22, 18, 8),
    ],
    "Z2_t2x2e2r0": [
        *(1, 2, 4, 2, 4, 10, 18, 24, 30, 52, 82, 112, 164, 210, 264, 338, 422, 534, 648, 816, 1028, 1222),
        *(1424, 1536, 1538, 1392, 1168, 946, 680, 412, 204, 94, 24),
    ],
    "Z3_t0x1e2r0": [
        *(1, 3, 12, 27, 30, 42, 48, 54, 60, 72, 114, 144, 132, 126, 132, 150, 159, 177, 207, 219, 210, 216),
        *(168, 108, 42),
    ],
    "Z3_t1x0e2r0": [
        *(1, 3, 12, 27, 36, 81, 165, 306, 486, 723, 1020, 1248, 1452, 1662, 1764, 1734, 1554, 1278, 912, 540),
        *(294, 168, 96, 36, 12),
    ],
}
# Of LeaderProcessACK as TLC counts it, with the surplus.
STEPS = {
    "UpdateLeader": (68, 3_184, 117, 2_691),
    "FollowLeader": (110, 5_678, 114, 2_964),
    "Timeout": (32, 1_824, 0, 834),
    "Restart": (0, 0, 0, 0),
    "ConnectAndFollowerSendCEPOCH": (64, 2_720, 210, 4_056),
    "LeaderProcessCEPOCH": (44, 346, 210, 2_298),
    "FollowerProcessNEWEPOCH": (44, 346, 216, 2_664),
    "LeaderProcessACKEPOCH": (44, 346, 216, 2_736),
    "FollowerProcessNEWLEADER": (44, 346, 288, 2_658),
    "LeaderProcessACKLD": (44, 346, 456, 2_658),
    "FollowerProcessCOMMITLD": (90, 834, 882, 2_580),
    "LeaderProcessRequest": (48, 846, 216, 0),
    "LeaderBroadcastPROPOSE": (72, 1_298, 342, 0),
    "FollowerProcessPROPOSE": (48, 904, 732, 0),
    "LeaderProcessACK": (24, 716, 648, 0),
    "FollowerProcessCOMMIT": (24, 650, 522, 0),
    "FilterNonexistentMessage": (0, 0, 0, 0),
}


def constants_of(configuration: str) -> dict[str, int]:
    digits = [int(c) for c in configuration if c.isdigit()]
    return dict(zip(("servers", "timeouts", "transactions", "epochs", "restarts"), digits, strict=True))


@cache
def walk(configuration: str) -> tuple[ir.Specification, tuple[set[Any], ...], tuple[Any, ...]]:
    """The specification, its labelled states level by level, and every step as (state before, label)."""
    specification = tree(constants_of(configuration))
    meaning = Meaning(specification)
    levels, steps, seen = [set(meaning.initial())], [], set()
    while levels[-1]:
        seen |= levels[-1]
        following = set()
        for _, state in levels[-1]:
            for label, successor in meaning.successors(state):
                steps.append((state, label))
                following.add((label, successor))
        levels.append(following - seen)
    return specification, tuple(levels[:-1]), tuple(steps)


def _walked() -> list[Any]:
    return [pytest.param(c, marks=() if c in ("Z2_t1x1e2r0", "Z3_t0x1e2r0") else pytest.mark.slow) for c in LEVELS]


@pytest.mark.parametrize("configuration", _walked())
def test_every_level_has_tlcs_states(configuration: str) -> None:
    _, levels, _ = walk(configuration)
    assert [len(level) for level in levels] == LEVELS[configuration]


@pytest.mark.parametrize("configuration", _walked())
def test_every_action_has_tlcs_steps(configuration: str) -> None:
    specification, _, steps = walk(configuration)
    found = Counter(label[0] for _, label in steps)
    found["leader_process_ack"] += sum(ways(specification, *step) - 1 for step in steps)
    column = list(LEVELS).index(configuration)
    assert {action.name for action in specification.actions} == {snake(published) for published in STEPS}
    assert {published: found[snake(published)] for published in STEPS} == {
        published: counts[column] for published, counts in STEPS.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("row", [pytest.param(r, id=name(r)) for r in ROWS if "surplus" in r and r["label"][0] < 10**5])
def test_the_surplus_is_that_of_acknowledgements_that_commit_nothing(row: dict[str, Any]) -> None:
    specification, _, steps = walk("".join(map(str, row["constants"].values())))
    assert sum(ways(specification, *step) - 1 for step in steps) == row["surplus"]["label"]


def snake(published: str) -> str:
    """`LeaderProcessCEPOCH` is called `leader_process_cepoch` here."""
    starts = [n for n, c in enumerate(published) if c.isupper() and (n == 0 or published[n - 1].islower())]
    words = [published[a:b].lower() for a, b in zip(starts, [*starts[1:], None], strict=True)]
    return "_".join(words)


def ways(specification: ir.Specification, state: tuple[Plain, ...], label: tuple[str, tuple[Plain, ...]]) -> int:
    """In how many ways the published LeaderProcessACK is true of a step: TLC generates the step as often."""
    if label[0] != "leader_process_ack":
        return 1
    i, j = label[1]
    value = dict(zip((variable.name for variable in specification.variables), state, strict=True))
    history, (index, committed) = value["history"][i], value["last_committed"][i]
    tag, (zxid,) = value["channel"][j][i][0]
    assert message(specification, tag) == "Ack"
    acked = max((n for n, (_, _, acks) in enumerate(history, 1) if acks >> j & 1), default=0)
    k = next((n for n, txn in enumerate(history, 1) if txn[0] == zxid), None)
    if k is None or acked not in (0, k - 1):
        return (k is None) + (k is None or acked not in (0, k - 1))
    nothing_to_commit = (index >= len(history)) + (zxid <= committed)
    quorum = 2 * (history[k - 1][2] | 1 << j).bit_count() > len(value["history"])
    return nothing_to_commit or (index < k - 1) + (not quorum) or 1


def message(specification: ir.Specification, tag: int) -> str:
    """The name of a record of the union of messages."""
    channel: Any = next(v.type for v in specification.variables if v.name == "channel")
    union = channel.value.value.item
    assert isinstance(union, Union)
    return union.records[tag].name


def reached(result: Result) -> set[str]:
    return {witness for witness, steps in result.witnesses.items() if steps is not None}


def test_what_should_be_reachable_is_reached() -> None:
    result = reference.check(tree(constants_of("Z3_t0x1e2r0")), Options(symmetry=False))
    assert reached(result) == {"leader_is_established", "transaction_commits", "late_follower_catches_up"}
    result = reference.check(tree(constants_of("Z2_t1x1e2r0")), Options(symmetry=False))
    assert reached(result) == {"leader_is_established", "transaction_commits", "second_epoch_commits"}
