"""How long the proofs take: `python tests/benchmarks/proofs.py` proves every theory on five seeds of the solver.

With `--mypyvy FOLDER` (a checkout of mypyvy with its dependencies installed) also mypyvy's `verify` on some of its
own examples, in the same run. Wall seconds on two processes, and in brackets seconds of solving.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

from quorate.checker.relational.prove import Options, prove
from quorate.checker.relational.solver.discharge import Settings
from quorate.spec.relational.zookeeper import THEORIES

SEEDS = range(5)
EXAMPLES = ["lockserv", "sharded_kv", "toy_consensus_epr", "paxos_epr", "multi_paxos_epr", "raft_epr"]
BARS = {"zab": (60, 10)}  # seconds without and with stored cores; the others 5


def proofs() -> None:
    for name in THEORIES:
        for use_cores, bar in zip((False, True), BARS.get(name, (5, 5)), strict=True):
            results = [prove(name, Settings(seed=seed), Options(use_cores=use_cores)) for seed in SEEDS]
            figures = ", ".join(f"{r.seconds:.1f} ({r.processor_seconds:.1f})" for r in results)
            verdicts = {result.verdict.value for result in results}
            manner = "with stored cores" if use_cores else "without cores"
            print(f"{name} {manner}: {len(results[0].outcomes)} obligations, {verdicts}: {figures} s; bar: {bar} s")


def mypyvy(folder: Path) -> None:
    for example in EXAMPLES:
        command = [sys.executable, "src/mypyvy.py", "verify", f"examples/{example}.pyv"]
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        verdict = "all ok" if "all ok" in ran.stdout else f"exit {ran.returncode}"
        print(f"mypyvy {example}: {verdict}: {time.perf_counter() - began:.1f} s ({spent:.1f} s of processor)")


if __name__ == "__main__":
    proofs()
    if sys.argv[1:2] == ["--mypyvy"]:
        mypyvy(Path(sys.argv[2]))
