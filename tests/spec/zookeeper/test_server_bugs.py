"""Every historical bug is a shortest counterexample of its cause, and with every repair in place nothing is found."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Options
from quorate.checker.result import Result
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared
from quorate.spec.zookeeper.versions.server import ServerSpec
from quorate.spec.zookeeper.versions.table import BUGS, RELEASES, bugs_of, variants_of

TABLE = tomllib.loads((Path(__file__).parents[2] / "server_bugs.toml").read_text())
ROWS: list[dict[str, Any]] = TABLE["bug"]
FAR = 16  # states on the trace from which on the native engine searches: it costs a second of compiling


def search(row: dict[str, Any], run: dict[str, Any], variants: list[str]) -> Result:
    tree = read(ServerSpec, run["constants"], variants, splits=row["splits"])
    engine = native if run["length"] >= FAR else reference
    return engine.check(tree, Options(properties=(run["property"],)))


def each(key: str) -> list[Any]:
    return [pytest.param(row, id=f"{row['issue']}-{key}") for row in ROWS if key in row]


def in_order(wanted: list[str], names: list[str]) -> bool:
    rest = iter(names)
    return all(name in rest for name in wanted)


@pytest.mark.parametrize("row", each("cause"))
def test_the_cause_is_a_shortest_trace(row: dict[str, Any]) -> None:
    result = search(row, row["cause"], row["variants"])
    assert (result.verdict, result.property) == ("violated", row["cause"]["property"])
    assert result.steps is not None
    names = [name for (name, _), _ in result.steps]
    assert len(names) == row["cause"]["length"]
    assert in_order(row["steps"], names), names


@pytest.mark.slow
@pytest.mark.parametrize("row", each("symptom"))
def test_the_symptom_is_a_shortest_trace(row: dict[str, Any]) -> None:
    result = search(row, row["symptom"], row["variants"])
    assert (result.verdict, result.property) == ("violated", row["symptom"]["property"])
    assert result.steps is not None and len(result.steps) == row["symptom"]["length"]


@pytest.mark.slow
@pytest.mark.parametrize("row", each("cause"))
def test_without_the_variant_there_is_no_such_trace(row: dict[str, Any]) -> None:
    result = native.check(read(ServerSpec, row["cause"]["constants"], (), splits=["all"]), Options())
    assert (result.verdict, result.complete) == ("holds", True)


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=pytest.mark.slow if row["slow"] else ()) for row in TABLE["good"]]
)
def test_all_repairs_together_hold(row: dict[str, Any]) -> None:
    result = native.check(read(ServerSpec, row["constants"], (), splits=["all"]), Options())
    assert (result.verdict, result.complete) == ("holds", True)
    assert [result.distinct, result.generated, result.depth] == row["counts"]


def test_no_variant_is_forgotten() -> None:
    _, variants = declared(ServerSpec)
    assert {name for row in ROWS for name in row["variants"]} | {"initial-not-stopped"} == set(variants)
    assert {name for releases in RELEASES for name in releases.variants} | {"acks-outlive-truncation"} == set(variants)


def test_every_bug_of_the_table_has_a_run() -> None:
    runs = {row["issue"]: frozenset(row["variants"]) for row in ROWS if row["issue"] != "none"}
    assert {bug.issue for bug in BUGS} == set(runs)
    assert all(runs[bug.issue] in bug.variants for bug in BUGS)


# What the history of the issues says of each release, of the bugs that are modelled.
@pytest.mark.parametrize(
    ("version", "bugs"),
    [
        ("3.4.10", "2355 2845 3911 4643 3642 5094 2872 3023 4837 4882"),
        ("3.4.11", "2845 3911 4643 3642 5094 2872 3023 4837 4882"),
        ("3.4.12", "3911 4643 4712w 3642 5094 2872 3023 4837 4882"),
        ("3.4.14", "3911 4643 4712w 3642 5094 2872 3023 4837 4882"),
        ("3.5.3", "2355 2845 3911 4643 3642 5094 2872 3023 2354 4837 4882"),
        ("3.5.5", "3911 4643 4712w 3642 5094 2872 3023 2354 4837 4882"),
        ("3.5.9", "3911 4643 4712w 3642 5094 2872 3023 2354 4837 4882"),
        ("3.5.10", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882"),
        ("3.6.2", "3911 4643 4712w 3642 5094 3023 2354 4837 4882"),
        ("3.6.3", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882"),
        ("3.7.2", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882"),
        ("3.8.4", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882"),
        ("3.9.1", "4643 4646 4712 5094 3023 4394 4685 2354 4837 4882"),
        ("3.8.6", "4712 5094 3023 4394 2354 4837 4882"),
        ("3.9.2", "4712 5094 3023 4394 2354 4837 4882"),
        ("3.9.3", "5094 2354 4925 4837 4882"),
        ("3.9.5", "5094 2354 4837 4882"),
    ],
)
def test_a_release_has_the_bugs_that_its_history_tells(version: str, bugs: str) -> None:
    assert set(bugs_of(version)) == set(bugs.split())


def test_a_release_is_in_one_row_and_an_unknown_one_in_none() -> None:
    lines = [line for releases in RELEASES for line in releases.lines]
    assert len(lines) == len(set(lines))
    with pytest.raises(KeyError):
        variants_of("3.4.9")
