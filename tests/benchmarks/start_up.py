"""How long the whole process takes: `python tests/benchmarks/start_up.py` prints the median of many runs."""

import statistics
import subprocess
import sys
import time

DOOR = "from quorate.checker.cli import main; main()"
RUNS = 15
COMMANDS = [
    (["--version"], "bar: 0.100 s"),
    (["check", "two-phase-commit", "managers=3", "--no-symmetry", "--quiet"], "288 states, bar: 1 s"),
    (["check", "two-phase-commit", "managers=3", "--no-symmetry", "--quiet", "--engine", "reference"], "bar: 1 s"),
]


def seconds(words: list[str]) -> float:
    """The wall time of one process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", DOOR, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


for words, bar in COMMANDS:
    times = [seconds(words) for _ in range(RUNS)]
    print(f"quorate {' '.join(words)}: median {statistics.median(times):.3f} s, best {min(times):.3f} s ({bar})")
