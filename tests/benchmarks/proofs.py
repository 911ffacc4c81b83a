"""How long the proofs take: `python tests/benchmarks/proofs.py` proves every theory on five seeds of the solver.

With `--mypyvy FOLDER` (a clone of github.com/wilcoxjay/mypyvy) also mypyvy's `verify` on some of its own examples, in
the same run. With `--rewrite` what was printed takes the place of the figures in docs/proofs.md. Wall seconds on two
processes, and in brackets seconds of processor. The exit code is 1 where a bar is missed.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from quorate.checker.relational.prove import Options, Verdict, prove
from quorate.checker.relational.solver.discharge import Settings
from quorate.spec.relational.zookeeper import THEORIES

SEEDS = range(5)
EXAMPLES = ["lockserv", "sharded_kv", "toy_consensus_epr", "paxos_epr", "multi_paxos_epr", "raft_epr"]
BARS = {"zab": (60, 10)}  # wall seconds without and with stored cores; the others 5
PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"
MARKS = "<!-- measured: proofs -->", "<!-- end -->"


def proofs() -> Iterator[tuple[str, bool]]:
    """A line per theory and manner, and whether every seed holds within the bar."""
    for name in THEORIES:
        for use_cores, bar in zip((False, True), BARS.get(name, (5, 5)), strict=True):
            results = [prove(name, Settings(seed=seed), Options(use_cores=use_cores)) for seed in SEEDS]
            figures = ", ".join(f"{r.seconds:.1f} ({r.processor_seconds:.1f})" for r in results)
            verdicts = "/".join(sorted({result.verdict.value for result in results}))
            manner = "with stored cores" if use_cores else "without cores"
            within = all(r.verdict is Verdict.HOLDS and r.seconds < bar for r in results)
            judged = "met" if within else "MISSED"
            obligations = len(results[0].outcomes)
            yield f"{name} {manner}: {obligations} obligations, {verdicts}: {figures} s; bar {bar} s: {judged}", within


def mypyvy(folder: Path) -> Iterator[str]:
    """A line per example of mypyvy's."""
    for example in EXAMPLES:
        command = [sys.executable, "src/mypyvy.py", "verify", f"examples/{example}.pyv"]
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        verdict = "all ok" if "all ok" in ran.stdout else f"exit {ran.returncode}"
        yield f"mypyvy {example}: {verdict}: {time.perf_counter() - began:.1f} ({spent:.1f}) s"


def rewrite(lines: list[str]) -> None:
    """Puts the figures into the page, between its marks."""
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    PAGE.write_text(f"{before}{MARKS[0]}\n\n```text\n" + "\n".join(lines) + f"\n```\n\n{MARKS[1]}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mypyvy", type=Path, metavar="FOLDER")
    parser.add_argument("--rewrite", action="store_true", help="put the figures into docs/proofs.md")
    chosen = parser.parse_args()
    lines, met = [], True
    for line, within in proofs():
        print(line, flush=True)
        lines.append(line)
        met = met and within
    for line in mypyvy(chosen.mypyvy) if chosen.mypyvy else ():
        print(line, flush=True)
        lines.append(line)
    lines.append(f"load average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(lines[-1])
    if chosen.rewrite:
        rewrite(lines)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
