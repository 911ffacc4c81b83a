"""The peers of the native engine: SPIN, rumur and plain Python, and the models that they are given.

A peer's time is that of its verifier alone, without compiling. Knows files and processes; nothing of our engines.
"""

import re
import resource
import subprocess
import tempfile
import time
from pathlib import Path

Measured = tuple[int, float]  # distinct states, CPU seconds


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


def causal_promela(n: int) -> str:
    """Channel ab is q[36 * ab ..], four messages of nine numbers; known[9 * a ..] is the matrix of a."""
    steps = []
    for a, b in PAIRS:
        ab, base = 3 * a + b, 36 * (3 * a + b)
        put = "; ".join(f"q[{base} + 9 * size[{ab}] + {k}] = known[{9 * a + k}]" for k in range(9))
        count = f"known[{9 * a + ab}] = known[{9 * a + ab}] + 1"
        steps.append(f"left > 0 && size[{ab}] < 4 -> left = left - 1; {put}; size[{ab}] = size[{ab}] + 1; {count}")
        ready = " && ".join(f"delivered[{3 * b + c}] >= q[{base + 3 * c + b}]" for c in range(3))
        learn = "; ".join(_most(9 * b + k, base + k, k == ab) for k in range(9))
        shift = "; ".join(f"q[{base + k}] = " + (f"q[{base + k + 9}]" if k < 27 else "0") for k in range(36))
        had = f"delivered[{3 * b + a}]"
        safe = f"assert({had} <= known[{9 * a + ab}])"
        steps.append(
            f"size[{ab}] > 0 && {ready} -> {had} = {had} + 1; {learn}; {shift}; size[{ab}] = size[{ab}] - 1; {safe}"
        )
    return _promela(f"byte known[27]; byte delivered[9]; byte q[324]; byte size[9]; byte left = {n};", steps)


def _most(mine: int, told: int, itself: bool) -> str:
    value = f"q[{told}] + 1" if itself else f"q[{told}]"
    return f"known[{mine}] = (known[{mine}] > {value} -> known[{mine}] : {value})"


PAIRS = [(a, b) for a in range(3) for b in range(3) if a != b]


def causal_murphi(n: int) -> str:
    """The same in Murphi."""
    return f"""
const M: {n};
type N: 0..2; C: 0..M; S: 0..3; Matrix: array[N] of array[N] of C;
var known: array[N] of Matrix; delivered: array[N] of array[N] of C;
    q: array[N] of array[N] of array[S] of Matrix; len: array[N] of array[N] of 0..4; left: C;
startstate begin
  left := M;
  for a: N do for b: N do
    delivered[a][b] := 0; len[a][b] := 0;
    for c: N do known[a][b][c] := 0; end;
    for s: S do for c: N do for d: N do q[a][b][s][c][d] := 0; end; end; end;
  end; end;
end;
ruleset a: N; b: N do
  rule a != b & left > 0 & len[a][b] < 4 ==> begin
    left := left - 1;
    for c: N do for d: N do q[a][b][len[a][b]][c][d] := known[a][c][d]; end; end;
    len[a][b] := len[a][b] + 1;
    known[a][a][b] := known[a][a][b] + 1;
  end;
  rule len[a][b] > 0 & forall c: N do delivered[b][c] >= q[a][b][0][c][b] end ==> begin
    delivered[b][a] := delivered[b][a] + 1;
    for c: N do for d: N do
      if known[b][c][d] < q[a][b][0][c][d] then known[b][c][d] := q[a][b][0][c][d]; end;
    end; end;
    if known[b][a][b] < q[a][b][0][a][b] + 1 then known[b][a][b] := q[a][b][0][a][b] + 1; end;
    for c: N do for d: N do
      for s: 0..2 do q[a][b][s][c][d] := q[a][b][s + 1][c][d]; end;
      q[a][b][3][c][d] := 0;
    end; end;
    len[a][b] := len[a][b] - 1;
  end;
end;
invariant forall a: N do forall b: N do delivered[b][a] <= known[a][a][b] end end;
"""


PROMELA = {"two-phase-commit": two_phase_promela, "peterson": peterson_promela, "causal-order": causal_promela}
MURPHI = {"two-phase-commit": two_phase_murphi, "peterson": peterson_murphi, "causal-order": causal_murphi}
