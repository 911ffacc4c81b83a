"""The historical bugs beside TLC on the published models: trace, states until the violation, CPU seconds.

    python tests/benchmarks/historical_bugs.py

Prints the first table of docs/bugs/tlc.md. TLC's figures are notes of runs of the published MSPEC_2 (3.9.1) and
mixed_v1 (3.4.10), and of MSPEC_2 with the switches of this model added; TLC does not run here. Ours are CPU seconds:
`search` is the median with the compiled model at hand; `first` is one run of the whole command, `quorate check` as it
chooses its engine, with nothing compiled before: the process, and every compiler that it starts.
"""

import ctypes
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quorate.checker import native
from quorate.checker.model import Options
from quorate.checker.native.engine import Native, prepare
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.versions.server import ServerSpec

REPEATS = 5
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
CHAIN = {"transactions": 2, "crashes": 1, "epochs": 3}


@dataclass(frozen=True)
class Row:
    """One bug as TLC finds it, and the run of ours that finds the same."""

    issue: str
    where: str
    trace: int | None  # states
    distinct: int
    seconds: float  # CPU
    variants: tuple[str, ...]
    property: str
    splits: tuple[str, ...]
    constants: dict[str, int]


LOSS = "leader_completeness"
ROWS = (
    Row("4643", "MSPEC_2, leaderLogCompleteness, 3 0 2", 16, 47_452, 16, ("epoch-before-log",), LOSS, ("NL",),
        {"crashes": 2, "epochs": 4}),
    Row("4643", "MSPEC_2 with switches, leaderLogCompleteness, 3 0 2", 14, 21_951, 13, ("epoch-before-log",), LOSS,
        ("NL",), {"crashes": 2, "epochs": 4}),
    Row("4643", "MSPEC_2 with switches, EpochImpliesHistory, 1 0 2", 10, 348, 3, ("epoch-before-log",),
        "epoch_implies_history", ("NL",), {"crashes": 1}),
    Row("3911", "mixed_v1, leaderLogCompleteness, 2 0", 13, 4_471, 6, ("log-after-uptodate",), LOSS, ("NL",),
        {"crashes": 1, "epochs": 3}),
    Row("3911", "MSPEC_2 with switches, leaderLogCompleteness, 3 0 2", 14, 21_894, 15, ("log-after-uptodate",), LOSS,
        ("NL",), {"crashes": 1, "epochs": 3}),
    Row("3911", "MSPEC_2 with switches, AckedIsDurable, 1 0 2", 12, 584, 4, ("log-after-uptodate",),
        "acked_is_durable", ("NL",), {"crashes": 1}),
    Row("4646", "MSPEC_2 with switches, leaderLogCompleteness, 3 0 2", 17, 60_217, 29, ("log-async",), LOSS,
        ("NL", "SY"), {"crashes": 1, "epochs": 3}),
    Row("4646", "MSPEC_2 with switches, AckedIsDurable, 1 0 2", 13, 748, 4, ("log-async",), "acked_is_durable",
        ("NL", "SY"), {"crashes": 1}),
    Row("4685", "MSPEC_2 with switches, ackConsistent, 1 0 2", 13, 729, 5, ("log-async",), "first_ack", ("NL", "SY"),
        {"crashes": 1}),
    Row("4712", "MSPEC_2 with switches, processConsistency, 2 0 2", 22, 30_080, 17, ("sync-thread-leaks",),
        "history_prefix", ("SY", "STOP"), {"crashes": 1, "epochs": 3}),
    Row("4394", "MSPEC_2 with switches, commitConsistent, 1 0 3", 23, 11_088, 11, ("log-all-pending",),
        "pending_commit", ("NL",), {"crashes": 1}),
    Row("2354", "MSPEC_2 with switches, CanRestart, 3 0 3", 18, 255_206, 89, ("epoch-not-marked",), "can_restart",
        ("NL",), {"crashes": 1}),
    Row("2845", "mixed_v1, processConsistency, 4 4", 8, 3_834, 4, ("memory-kept",), "history_prefix", ("SY", "STOP"),
        {"crashes": 1, "epochs": 3}),
    Row("none", "MSPEC_2 with switches, all good, complete, 3 0 2", None, 359_196, 135, (), "", ("all",), CHAIN),
)  # fmt: skip


def main() -> None:
    """Prints the table, the machine and the day."""
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {_processor()}, Python {platform.python_version()}; medians of {REPEATS}.",
        "",
        "| bug | TLC: model, invariant, crashes partitions transactions | states on the trace | distinct | CPU s "
        "| ours: property | states on the trace | distinct | search, CPU s | first, CPU s "
        "| TLC / search | TLC / first |",
        "|---|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in ROWS:
        length, distinct, search, first = measure(row.variants, row.property, row.splits, tuple(row.constants.items()))
        lines.append(
            f"| {row.issue} | {row.where} | {row.trace or ''} | {row.distinct:,} | {row.seconds:g} "
            f"| {row.property or 'all'} "
            f"| {length or ''} | {distinct:,} | {search:.3f} | {first:.2f} | {row.seconds / search:,.0f} "
            f"| {row.seconds / first:,.0f} |"
        )
    print("\n".join(lines))


@cache
def measure(
    variants: tuple[str, ...], property: str, splits: tuple[str, ...], constants: tuple[tuple[str, int], ...]
) -> tuple[int, int, float, float]:
    """Length of the trace, distinct states up to renaming, CPU seconds of the search, and of the whole command."""
    options = Options(properties=(property,) if property else None)
    tree = read(ServerSpec, dict(constants), variants, splits=splits)
    result = native.check(tree, options)
    assert result.verdict == ("violated" if property else "holds")
    prepared, searches = prepare(tree, options), []
    for _ in range(REPEATS):
        began = _cpu(resource.RUSAGE_SELF)
        Native(tree, options, prepared).run()
        searches.append(_cpu(resource.RUSAGE_SELF) - began)
    words = [f"{name}={value}" for name, value in constants]
    words += [word for name in variants for word in ("--variant", name)]
    words += [word for name in splits for word in ("--split", name)]
    words += ["--property", property] if property else []
    return len(result.steps or ()), result.distinct, statistics.median(searches), _first(words)


def _first(words: list[str]) -> float:
    """CPU seconds of `quorate check zookeeper` where nothing has been compiled, with all that it leaves behind."""
    began = _cpu(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "quorate.checker.cli", "check", "zookeeper", *words, "--quiet"]
        subprocess.run(command, env={**os.environ, "QUORATE_CACHE": folder}, stdout=subprocess.DEVNULL)
        while True:  # a compiler may outlive the process that called it; it is this one's child then
            try:
                os.wait()
            except ChildProcessError:
                break
    return _cpu(resource.RUSAGE_CHILDREN) - began


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["QUORATE_CACHE"] = folder
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        main()
