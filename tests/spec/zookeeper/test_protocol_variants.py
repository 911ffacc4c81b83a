"""Every variant of ZooKeeper's specifications is found by a shortest trace, of exactly the length in zookeeper.toml."""

import re
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from quorate.checker import native, reference
from quorate.checker.commands.check import check
from quorate.checker.model import Options
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Spec, declared
from quorate.spec.zookeeper import SPECIFICATIONS
from quorate.traces.export.drawing import to_timeline
from quorate.traces.trace import Step, Trace

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["variant"]
FAR = {"ignore-zxid", "ignore-epoch", "epoch-before-history"}  # hundreds of thousands of states, or millions
SMALL = {"promise-twice", "no-round"}


def find(name: str) -> type[Spec]:
    module, _, class_name = SPECIFICATIONS[name].partition(":")
    found: type[Spec] = getattr(import_module(f"quorate.spec.zookeeper.{module}"), class_name)
    return found


def options(row: dict[str, Any], **others: bool) -> Options:
    """All properties are checked, or that alone which a row names: others may be violated before."""
    return Options(properties=(row["violated"],) if row.get("alone") else None, **others)


def tree(row: dict[str, Any], constants: str) -> ir.Specification:
    return read(find(row["specification"]), row[constants], (row["name"],))


def _rows(slow: set[str]) -> list[Any]:
    return [pytest.param(row, id=row["name"], marks=pytest.mark.slow if row["name"] in slow else ()) for row in ROWS]


@pytest.mark.parametrize("row", _rows(FAR))
def test_a_variant_is_found_by_a_shortest_trace(row: dict[str, Any], golden: Callable[[str], None]) -> None:
    check = native.check if row["name"] in FAR | {"ack-before-log"} else reference.check
    specification = tree(row, "constants")
    result = check(specification, options(row, symmetry=False))
    assert (result.verdict, result.property) == ("violated", row["violated"])
    assert result.steps is not None and len(result.steps) == row["length"]
    steps = tuple(Step(label, state) for label, state in result.steps)
    golden(to_timeline(Trace(specification, row["specification"], steps, "violated", result.property)))


@pytest.mark.slow
@pytest.mark.parametrize("row", _rows(set()))
def test_symmetry_hides_no_variant(row: dict[str, Any]) -> None:
    check = native.check if row["name"] in FAR else reference.check
    result = check(tree(row, "constants"), options(row))
    assert (result.verdict, result.property) == ("violated", row["violated"])
    assert result.steps is not None and len(result.steps) == row["length"]


@pytest.mark.parametrize("row", _rows({row["name"] for row in ROWS} - {"any-password", "lead-at-once"}))
def test_the_documented_command_finds_it(row: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # it stores the trace
    words = [row["specification"], *(f"{name}={value}" for name, value in row["constants"].items())]
    words += ["--variant", row["name"], *(["--property", row["violated"]] if "alone" in row else [])]
    words += ["--identity", row["identity"]] if "identity" in row else []
    words += ["--engine", "native" if row["name"] in FAR | {"ack-before-log"} else "reference", "--quiet"]
    ran = CliRunner().invoke(check, words, standalone_mode=False)
    assert ran.return_value == 1, ran.output
    assert f"violated: {row['violated']}" in ran.output


@pytest.mark.parametrize("row", _rows({row["name"] for row in ROWS} - SMALL))
def test_what_a_variant_breaks(row: dict[str, Any]) -> None:
    check = reference.check if row["name"] in SMALL else native.check
    result = check(tree(row, "all"), Options(check_all=True, symmetry=False))
    assert (result.verdict, result.complete) == ("violated", True)
    assert {violation.property: len(violation.steps) for violation in result.violations} == row["breaks"]


@pytest.mark.parametrize("name", ["zab", "election", "znodes", "sessions", "watches", "cluster"])
def test_no_variant_is_forgotten(name: str) -> None:
    _, variants = declared(find(name))
    assert {row["name"] for row in ROWS if row["specification"] == name} == set(variants)


@pytest.mark.parametrize("name", ["zab", "election", "znodes", "sessions", "watches", "cluster"])
def test_every_action_says_where_it_is_in_the_paper_or_in_java(name: str) -> None:
    cited = re.compile(r"\([^)]*\b(step|phase|Java|measured|OpCode|[A-Z]\w+|pRequest2Txn\w*)\b[^)]*\)")
    for action in read(find(name), {}, ()).actions:
        assert cited.search(action.doc), f"{action.name}: {action.doc} Which step of the paper, or Java method, is it?"
