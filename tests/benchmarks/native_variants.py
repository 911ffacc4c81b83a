"""How long until every bundled variant's shortest counterexample is on the screen, with nothing compiled before.

Each is a process of its own with an empty cache: `quorate check`, the interpreter's start and the compiler included.
Our own modules are compiled by Python before, as an installer does; one run that is not counted sees to that.
The cases are the tables that the tests run: models.toml, zookeeper.toml, and the bugs of ZooKeeper's releases.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from quorate.spec.zookeeper.versions.table import BUGS

TESTS = Path(__file__).parents[1]
GOAL = 2.0  # seconds


def measure(names: list[str]) -> None:
    """One line for every variant, or those that are named or whose specification is; then the late ones again."""
    late: dict[str, float] = {}
    timed(["two-phase-commit", "--variant", "commit-early"])
    wanted = [one for one in cases() if not names or not set(names).isdisjoint(one)]
    for command in wanted:
        wall, cpu = timed(command)
        print(f"{wall:6.2f} s wall {cpu:6.2f} CPU s  {' '.join(command)}", flush=True)
        if wall > GOAL:
            late[" ".join(command)] = wall
    print(f"{len(wanted)} counterexamples, {len(late)} of them after more than {GOAL:.0f} s")
    for name, wall in sorted(late.items(), key=lambda one: one[1]):
        print(f"{wall:6.2f} s wall  {name}")


def cases() -> Iterator[list[str]]:
    """What follows `quorate check` for each."""
    for row in tomllib.loads((TESTS / "models.toml").read_text())["model"]:
        if "variant" in row:
            wanted = [word for name in row.get("properties", ()) for word in ("--property", name)]
            yield [row["name"], *constants(row), "--variant", row["variant"], *wanted]
    for row in tomllib.loads((TESTS / "zookeeper.toml").read_text())["variant"]:
        wanted = ["--property", row["violated"]] if row.get("alone") else []
        yield [row["specification"], *constants(row), "--variant", row["name"], *wanted]
    for bug in BUGS:
        run = bug.run
        words = [f"{name}={value}" for name, value in run.constants.items()]
        words += [word for name in sorted(bug.variants[0]) for word in ("--variant", name)]
        yield ["zookeeper", *words, *(w for name in run.splits for w in ("--split", name)), "--property", run.property]


def constants(row: dict[str, dict[str, int]]) -> list[str]:
    return [f"{name}={value}" for name, value in row.get("constants", {}).items()]


def timed(command: list[str]) -> tuple[float, float]:
    """Wall time and CPU seconds of one check, which must end in a counterexample."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            sys.executable,
            "-m",
            "quorate.checker.cli",
            "check",
            *command,
            "-q",
            "--trace",
            f"{folder}/trace.json",
        ]
        settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        run = subprocess.run(words, env={**settings, "QUORATE_CACHE": folder}, capture_output=True, text=True)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 1:
        sys.exit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
