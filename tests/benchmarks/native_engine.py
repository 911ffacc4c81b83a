"""The native engine beside SPIN, rumur and plain Python: the same model, in one run, medians of CPU seconds.

    python tests/benchmarks/native_engine.py two-phase-commit 8
    python tests/benchmarks/native_engine.py peterson 5
    python tests/benchmarks/native_engine.py zab servers=3 timeouts=2 transactions=1 epochs=2 restarts=0
    python tests/benchmarks/native_engine.py threads 9

SPIN and rumur are Debian packages; a peer that is not installed is left out, and the table says so. Every peer must
find the same number of distinct states (SPIN has one more, before its process starts), else the run fails.
"""

import importlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from quorate.checker import native, reference
from quorate.checker.model import Limits, Options
from quorate.checker.native.engine import Native, prepare
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read

REPEATS = 3
Measured = tuple[int, float]  # distinct states, CPU seconds
TLC = {"two-phase-commit": 45_000, "zab": 10_000}  # distinct states per CPU second, on another machine, from our notes


def main(given: list[str]) -> None:
    """Runs one comparison."""
    match given:
        case ["two-phase-commit", managers]:
            compare(
                "two-phase-commit", tree("two_phase_commit:TwoPhaseCommit", {"managers": int(managers)}), int(managers)
            )
        case ["peterson", processes]:
            compare("peterson", tree("peterson:Peterson", {"processes": int(processes)}), int(processes))
        case ["zab", *bounds]:
            constants = {name: int(value) for name, value in (bound.split("=") for bound in bounds)}
            compare("zab", tree("zab:Zab", constants, "zookeeper"), 0)
        case ["threads", managers]:
            threads(tree("two_phase_commit:TwoPhaseCommit", {"managers": int(managers)}))
        case _:
            sys.exit(__doc__)


def tree(place: str, constants: dict[str, int], package: str = "classics") -> ir.Specification:
    """A bundled specification with its constants bound."""
    module, _, own = place.partition(":")
    return read(getattr(importlib.import_module(f"quorate.spec.{package}.{module}"), own), constants, [])


def compare(name: str, specification: ir.Specification, size: int) -> None:
    """One table: every engine's median."""
    peers: dict[str, Callable[[], Measured]] = {"native": lambda: ours(specification)}
    if size and shutil.which("spin"):
        peers["SPIN, exact"] = lambda: spin(PROMELA[name](size))
    if size and shutil.which("rumur"):
        peers["rumur"] = lambda: rumur(MURPHI[name](size))
    if name == "two-phase-commit":
        peers["Python, by hand"] = lambda: python_by_hand(size)
    peers["reference engine"] = lambda: generated_python(specification)
    rows = {peer: median(run) for peer, run in peers.items()}
    speed = {peer: states / seconds for peer, (states, seconds) in rows.items()}
    print(f"{name}: {rows['native'][0]:,} distinct states")
    for peer, (states, seconds) in rows.items():
        ratio = speed["native"] / speed[peer]
        print(f"{peer:18} {states:>12,} states {seconds:9.2f} CPU s {speed[peer]:>12,.0f} states/CPU s {ratio:8.1f} x")
    if name in TLC:
        ratio = speed["native"] / TLC[name]
        print(f"{'TLC, from notes':18} {'':>30} {TLC[name]:>19,} states/CPU s {ratio:8.1f} x")
    for peer in ("SPIN, exact", "rumur"):
        if peer in rows and abs(rows[peer][0] - rows["native"][0]) > 1:
            sys.exit(f"{peer} has explored another model: {rows[peer][0]:,} states")


def median(run: Callable[[], Measured]) -> Measured:
    """The run with the median CPU time of a few."""
    found = sorted((run() for _ in range(REPEATS)), key=lambda measured: measured[1])
    return found[len(found) // 2]


def ours(specification: ir.Specification, workers: int = 1) -> Measured:
    """The native engine, without compiling."""
    options = Options(symmetry=False, workers=workers)
    prepared = prepare(specification, options)
    began = time.process_time()
    result = Native(specification, options, prepared).run()
    assert result.complete, result.reason
    return result.distinct, time.process_time() - began


def generated_python(specification: ir.Specification) -> Measured:
    """The reference engine, on the first states."""
    began = time.process_time()
    result = reference.check(specification, Options(symmetry=False, limits=Limits(states=200_000)))
    return result.distinct, time.process_time() - began


def threads(specification: ir.Specification) -> None:
    """Wall time with one and two threads; says something on an idle machine only."""
    walls: dict[int, float] = {}
    for workers in (1, 2):
        runs = []
        for _ in range(REPEATS):
            began = time.monotonic()
            ours(specification, workers)
            runs.append(time.monotonic() - began)
        walls[workers] = statistics.median(runs)
        print(f"{workers} threads: {walls[workers]:.2f} s")
    print(f"two threads are {walls[1] / walls[2]:.2f} times as fast")
    assert native.check is not None


def child_seconds(command: list[str], folder: Path) -> tuple[str, float]:
    """What a program prints, and the CPU seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return run.stdout, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def spin(text: str) -> Measured:
    """SPIN: depth-first, exact, no partial-order reduction; the verifier alone is timed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.pml").write_text(text)
        subprocess.run(["spin", "-a", "model.pml"], cwd=folder, check=True, capture_output=True)
        flags = ["-O2", "-DNOREDUCE", "-DSAFETY", "-DMEMLIM=8000", "-DNOFAIR"]
        subprocess.run(["gcc", *flags, "-w", "-o", "pan", "pan.c"], cwd=folder, check=True)
        printed, seconds = child_seconds(["./pan", "-m10000000", "-w24"], folder)
    found = re.search(r"([\d.e+]+) states, stored", printed)
    assert found and "errors: 0" in printed, printed[:2000]
    return int(float(found[1])), seconds


def rumur(text: str) -> Measured:
    """rumur: one thread, no symmetry; the verifier alone is timed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.m").write_text(text)
        subprocess.run(
            ["rumur", "--threads", "1", "--deadlock-detection", "off", "--output", "model.c", "model.m"],
            cwd=folder,
            check=True,
        )
        build = ["gcc", "-std=c11", "-O3", "-w", "-march=native", "-mcx16", "-o", "model", "model.c", "-lpthread"]
        subprocess.run(build, cwd=folder, check=True)
        printed, seconds = child_seconds(["./model"], folder)
    found = re.findall(r"(\d+) states", printed)  # lines of progress come first
    assert found and "No error found" in printed, printed[:2000]
    return int(found[-1]), seconds


def python_by_hand(size: int) -> Measured:
    """Two-phase commit in plain Python, written for speed: tuples of small numbers, a set, a list."""
    began, everyone = time.process_time(), (1 << size) - 1
    start = ((0,) * size, 0, 0, 0)
    seen, frontier = {start}, [start]
    while frontier:
        found = []
        for phase, heard, sent, decision in frontier:
            steps = []
            for r in range(size):
                before, after, bit = phase[:r], phase[r + 1 :], 1 << r
                if phase[r] == 0:
                    steps.append(((*before, 1, *after), heard, sent | bit, decision))
                    steps.append(((*before, 3, *after), heard, sent, decision))
                if decision == 0 and sent & bit:
                    steps.append((phase, heard | bit, sent, decision))
                if decision:
                    steps.append(((*before, decision + 1, *after), heard, sent, decision))
            if decision == 0:
                if heard == everyone:
                    steps.append((phase, heard, sent, 1))
                steps.append((phase, heard, sent, 2))
            for step in steps:
                if step not in seen:
                    seen.add(step)
                    found.append(step)
                    assert not (2 in step[0] and 3 in step[0])
        frontier = found
    return len(seen), time.process_time() - began


# ------------------------------------------------------------------------------------------ the models for peers


def _promela(declarations: str, steps: list[str]) -> str:
    body = "\n".join(f"  :: d_step {{ {step} }}" for step in steps)
    return f"{declarations}\nactive proctype M() {{\nend: do\n{body}\n  od\n}}\n"


def two_phase_promela(n: int) -> str:
    """0 working, 1 prepared, 2 committed, 3 aborted; decision 1 commit, 2 abort."""
    none = " && ".join(f"phase[{k}] != 3" for k in range(n))
    clean = " && ".join(f"phase[{k}] != 2" for k in range(n))
    steps = ["decision == 0 && " + " && ".join(f"heard[{r}]" for r in range(n)) + " -> decision = 1"]
    steps.append("decision == 0 -> decision = 2")
    for r in range(n):
        steps.append(f"phase[{r}] == 0 -> phase[{r}] = 1; sent[{r}] = 1")
        steps.append(f"phase[{r}] == 0 -> phase[{r}] = 3; assert({clean})")
        steps.append(f"decision == 0 && sent[{r}] -> heard[{r}] = 1")
        steps.append(f"decision == 1 -> phase[{r}] = 2; assert({none})")
        steps.append(f"decision == 2 -> phase[{r}] = 3; assert({clean})")
    return _promela(f"byte phase[{n}]; bit heard[{n}]; bit sent[{n}]; byte decision;", steps)


def peterson_promela(n: int) -> str:
    """line 0 start, 1 victim, 2 wait, 3 critical."""
    steps = []
    for p in range(n):
        others = [k for k in range(n) if k != p]
        alone = " && ".join(f"level[{k}] < level[{p}]" for k in others)
        nobody = " && ".join(f"line[{k}] != 3" for k in others)
        may = f"line[{p}] == 2 && (victim[level[{p}]] != {p} || ({alone}))"
        steps.append(f"line[{p}] == 0 -> level[{p}] = 1; line[{p}] = 1")
        steps.append(f"line[{p}] == 1 -> victim[level[{p}]] = {p}; line[{p}] = 2")
        steps.append(f"{may} && level[{p}] < {n - 1} -> level[{p}] = level[{p}] + 1; line[{p}] = 1")
        steps.append(f"{may} && level[{p}] == {n - 1} -> line[{p}] = 3; assert({nobody})")
        steps.append(f"line[{p}] == 3 -> level[{p}] = 0; line[{p}] = 0")
    return _promela(f"byte line[{n}]; byte level[{n}]; byte victim[{n}];", steps)


def two_phase_murphi(n: int) -> str:
    """The same in Murphi."""
    return f"""
const N: {n};
type R: 0..N-1; P: 0..3;
var phase: array[R] of P; heard: array[R] of boolean; sent: array[R] of boolean; decision: 0..2;
startstate begin
  for r: R do phase[r] := 0; heard[r] := false; sent[r] := false; end; decision := 0;
end;
ruleset r: R do
  rule phase[r] = 0 ==> begin phase[r] := 1; sent[r] := true; end;
  rule phase[r] = 0 ==> begin phase[r] := 3; end;
  rule decision = 0 & sent[r] ==> begin heard[r] := true; end;
  rule decision = 1 ==> begin phase[r] := 2; end;
  rule decision = 2 ==> begin phase[r] := 3; end;
end;
rule decision = 0 & forall r: R do heard[r] end ==> begin decision := 1; end;
rule decision = 0 ==> begin decision := 2; end;
invariant !exists a: R do exists b: R do phase[a] = 2 & phase[b] = 3 end end;
"""


def peterson_murphi(n: int) -> str:
    """The same in Murphi."""
    return f"""
const N: {n};
type R: 0..N-1; L: 0..3;
var line: array[R] of L; level: array[R] of R; victim: array[R] of R;
startstate begin
  for r: R do line[r] := 0; level[r] := 0; victim[r] := 0; end;
end;
ruleset p: R do
  rule line[p] = 0 ==> begin level[p] := 1; line[p] := 1; end;
  rule line[p] = 1 ==> begin victim[level[p]] := p; line[p] := 2; end;
  rule line[p] = 2 & (victim[level[p]] != p | forall k: R do k = p | level[k] < level[p] end) ==> begin
    if level[p] < N - 1 then level[p] := level[p] + 1; line[p] := 1; else line[p] := 3; end;
  end;
  rule line[p] = 3 ==> begin level[p] := 0; line[p] := 0; end;
end;
invariant forall a: R do forall b: R do a = b | line[a] != 3 | line[b] != 3 end end;
"""


PROMELA = {"two-phase-commit": two_phase_promela, "peterson": peterson_promela}
MURPHI = {"two-phase-commit": two_phase_murphi, "peterson": peterson_murphi}

if __name__ == "__main__":
    main(sys.argv[1:])
