"""Every historical bug is a shortest counterexample of its cause, and with every repair in place nothing is found."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import quorate
from quorate.checker import native, reference
from quorate.checker.model import Limits, Options
from quorate.checker.result import Result
from quorate.spec.history import Bug, UnknownRelease
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared
from quorate.spec.zookeeper.versions.server import ServerSpec
from quorate.spec.zookeeper.versions.table import BUGS, HISTORY, RELEASES

TABLE = tomllib.loads((Path(__file__).parents[2] / "server_bugs.toml").read_text())
ROWS: list[dict[str, Any]] = TABLE["bug"]
MOST = 1_000_000  # states up to renaming, where a space is larger
FAR = 16  # states on the trace from which on the native engine searches: it costs a second of compiling


def search(row: dict[str, Any], property: str, constants: dict[str, int], length: int) -> Result:
    bug = HISTORY.bug(row["issue"])
    tree = read(ServerSpec, constants, sorted(bug.variants[0]), splits=bug.run.splits)
    engine = native if length >= FAR else reference
    return engine.check(tree, Options(properties=(property,)))


def each(key: str, quick: set[str] | None = None) -> list[Any]:
    """The rows that have the key; what is far and not in `quick` is slow."""
    return [
        pytest.param(
            row,
            id=f"{row['issue']}-{key}",
            marks=pytest.mark.slow if quick is not None and row["length"] >= FAR and row["issue"] not in quick else (),
        )
        for row in ROWS
        if key in row
    ]


def in_order(wanted: list[str], names: list[str]) -> bool:
    rest = iter(names)
    return all(name in rest for name in wanted)


@pytest.mark.parametrize("row", each("steps", {"4394", "3104"}))
def test_the_cause_is_a_shortest_trace(row: dict[str, Any]) -> None:
    run = HISTORY.bug(row["issue"]).run
    result = search(row, run.property, dict(run.constants), row["length"])
    assert (result.verdict, result.property) == ("violated", run.property)
    assert result.steps is not None
    names = [name for (name, _), _ in result.steps]
    assert len(names) == row["length"]
    assert in_order(row["steps"], names), names


@pytest.mark.slow
@pytest.mark.parametrize("row", each("symptom"))
def test_the_symptom_is_a_shortest_trace(row: dict[str, Any]) -> None:
    symptom = row["symptom"]
    result = search(row, symptom["property"], symptom["constants"], symptom["length"])
    assert (result.verdict, result.property) == ("violated", symptom["property"])
    assert result.steps is not None and len(result.steps) == symptom["length"]


@pytest.mark.slow
@pytest.mark.parametrize("row", each("steps"))
def test_without_the_variant_there_is_no_such_trace(row: dict[str, Any]) -> None:
    run = HISTORY.bug(row["issue"]).run
    tree = read(ServerSpec, dict(run.constants), (), splits=["all"])
    result = native.check(tree, Options(limits=Limits(states=MOST)))
    assert result.verdict == "holds" or (result.verdict, result.reason) == ("undecided", "states")


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=pytest.mark.slow if row["slow"] else ()) for row in TABLE["good"]]
)
def test_all_repairs_together_hold(row: dict[str, Any]) -> None:
    result = native.check(read(ServerSpec, row["constants"], (), splits=["all"]), Options())
    assert (result.verdict, result.complete) == ("holds", True)
    assert [result.distinct, result.generated, result.depth] == row["counts"]


# The faults that the history of each issue names, at most: crashes, lost connections, failed writes.
FAULTS = {
    "2355": (0, 1, 0),
    "2845": (1, 1, 0),
    "3911": (3, 0, 0),
    "4643": (3, 0, 0),
    "4646": (3, 0, 0),
    "4685": (1, 0, 0),
    "4394": (1, 0, 0),
    "3023": (1, 0, 0),
    "4712": (0, 2, 0),
    "4712w": (0, 2, 0),
    "3642": (1, 1, 0),
    "5094": (1, 1, 0),
    "2872": (1, 0, 0),
    "3104": (1, 0, 0),
    "2418": (0, 1, 0),  # two elections: something has to end the first leader
    "2846": (0, 1, 0),
    "4925": (0, 1, 0),
    "4925t": (0, 1, 0),
    "4837": (0, 1, 0),
    "4882": (1, 0, 1),
    "2354": (1, 0, 0),
    "3526": (0, 0, 0),
    "predicted": (1, 1, 0),
}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.issue)
def test_no_more_faults_than_are_told(bug: Bug) -> None:
    constants, _ = declared(ServerSpec)
    for name, most in zip(("crashes", "disconnects", "io_errors"), FAULTS[bug.issue], strict=True):
        assert bug.run.constants.get(name, constants[name].default) <= most


@pytest.mark.slow
def test_one_election_fewer_is_too_few() -> None:
    """4925t takes two after the two rivals; so does 4925 after the first leader."""
    for issue, epochs in (("4925t", 3), ("4925", 2)):
        bug = HISTORY.bug(issue)
        tree = read(ServerSpec, {**bug.run.constants, "epochs": epochs}, sorted(bug.variants[0]))
        result = native.check(tree, Options(properties=(bug.run.property,)))
        assert (result.verdict, result.complete) == ("holds", True)


def test_no_variant_is_forgotten() -> None:
    _, variants = declared(ServerSpec)
    harmful = {name for bug in BUGS for needed in bug.variants for name in needed}
    # What opens no bug: the receiver does not object; before 3.4.10, a snapshot each time and memory read from disk.
    assert harmful | {"gap-accepted", "diff-snapshotted", "memory-reloaded"} == set(variants)
    released = {name for releases in RELEASES for name in releases.variants}
    put_in_by_a_fix = {name for bug in BUGS for name in bug.adds}
    assert released | put_in_by_a_fix | {"acks-outlive-truncation"} == set(variants)


def test_what_java_calls_otherwise_is_found_here_under_the_names_that_are_told() -> None:
    text = (Path(quorate.__file__).parent / "docs/specifications/server.md").read_text()
    told = re.findall(r"`(\w+)`", text.partition("| Java | here |")[2].partition("\n\n")[0])
    assert len(told) > 30 and [name for name in told if not hasattr(ServerSpec, name)] == []


def test_every_variant_names_the_place_in_java() -> None:
    _, variants = declared(ServerSpec)
    place = re.compile(r"\b[A-Z]\w+\.[a-z]\w+")
    assert [name for name, found in variants.items() if not place.search(found.help)] == []  # type: ignore[attr-defined]


def test_every_bug_of_the_table_has_a_run() -> None:
    assert [bug.issue for bug in BUGS if bug.issue not in {row["issue"] for row in ROWS}] == []
    assert len({bug.issue for bug in BUGS}) == len(BUGS) == len(ROWS)


# What the history of the issues says of each release, of the bugs that are modelled.
@pytest.mark.parametrize(
    ("version", "bugs"),
    [
        ("3.4.6", "2872 4837 3104"),
        ("3.4.9", "2355 2872 4837 3104"),
        ("3.5.0", "2872 4837 3104 2418 2846 2354"),
        ("3.5.2", "2355 2872 4837 3104 2418 2846 2354"),
        ("3.4.10", "2355 2845 3911 4643 3642 5094 2872 3023 4837 4882 3104"),
        ("3.4.11", "2845 3911 4643 3642 5094 2872 3023 4837 4882 3104"),
        ("3.4.12", "3911 4643 4712w 3642 5094 2872 3023 4837 4882 3104"),
        ("3.4.14", "3911 4643 4712w 3642 5094 2872 3023 4837 4882 3104"),
        ("3.5.3", "2355 2845 3911 4643 3642 5094 2872 3023 2354 4837 4882 3104 2418 2846"),
        ("3.5.5", "3911 4643 4712w 3642 5094 2872 3023 2354 4837 4882 2418 2846"),
        ("3.5.9", "3911 4643 4712w 3642 5094 2872 3023 2354 4837 4882 2418 2846"),
        ("3.5.10", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882 2418 2846"),
        ("3.6.2", "3911 4643 4712w 3642 5094 3023 2354 4837 4882 2846"),
        ("3.6.3", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882 2846"),
        ("3.7.2", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882 2846"),
        ("3.8.4", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882 2846"),
        ("3.9.1", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882 2846"),
        ("3.8.6", "4712 5094 3023 4394 2354 4837 4882 2846"),
        ("3.9.2", "4712 5094 3023 4394 2354 4837 4882 2846"),
        ("3.9.3", "5094 2354 4925 4837 4882 2846"),
        ("3.9.5", "5094 2354 4837 4882 2846"),
    ],
)
def test_a_release_has_the_bugs_that_its_history_tells(version: str, bugs: str) -> None:
    untold = {"3526", "4925t"}  # the history of the issues has no releases for these
    if "memory-kept-in-sync" in HISTORY.variants_of(version):
        untold |= {"3642", "5094"}  # told from 3.4.10 on; the memory that gives them is kept here already
    found = {bug.issue for bug in HISTORY.bugs_of(HISTORY.variants_of(version))}
    assert found - untold == set(bugs.split())


def test_a_release_is_in_one_row_and_an_unknown_one_in_none() -> None:
    lines = [line for releases in RELEASES for line in releases.lines]
    assert len(lines) == len(set(lines)) and len(HISTORY.versions()) == len(set(HISTORY.versions())) == 41
    with pytest.raises(UnknownRelease):
        HISTORY.variants_of("3.4.5")
