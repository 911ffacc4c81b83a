"""The native engine beside SPIN, rumur and plain Python, and what it needs: each a command, medians of CPU seconds.

    python tests/benchmarks/native_engine.py two-phase-commit 7      the same model in one run
    python tests/benchmarks/native_engine.py peterson 6
    python tests/benchmarks/native_engine.py causal-order 7          FIFO channels, 168 bytes a state
    python tests/benchmarks/native_engine.py zab servers=3 timeouts=1 transactions=2 epochs=2 restarts=1
    python tests/benchmarks/native_engine.py speed two-phase-commit 9         this engine alone
    python tests/benchmarks/native_engine.py threads 9               one thread and two
    python tests/benchmarks/native_engine.py memory two-phase-commit 10       bytes for each distinct state
    python tests/benchmarks/native_engine.py memory zab servers=3 timeouts=2 transactions=1 epochs=3 restarts=1
    python tests/benchmarks/native_engine.py walks two-phase-commit 9         random walks, steps each second
    python tests/benchmarks/native_engine.py variants                seconds to every bundled counterexample

SPIN and rumur are Debian packages; a peer that is not installed is left out, and the table says so. Every peer must
find the same number of distinct states (SPIN has one more, before its process starts), else the run fails.
"""

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import native_variants
import zab_invariants_by_hand
from causal_order import CausalOrder
from native_peers import MURPHI, PROMELA, Measured, python_by_hand, rumur, spin
from quorate.checker import reference
from quorate.checker.model import Limits, Options, identity_for
from quorate.checker.native.binding import Report, Running
from quorate.checker.native.engine import Native, prepare
from quorate.checker.native.simulate import simulate
from quorate.checker.result import Result
from quorate.spec.classics.peterson import Peterson
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab
from zab_by_hand import explore, prefix_ordered_commits

REPEATS = 3
MANY = 2_000_000  # states after which plain Python stops
SMALL_ZAB = ["servers=3", "timeouts=1", "transactions=1", "epochs=2", "restarts=0"]
TLC = {"two-phase-commit": 45_000, "zab": 10_000}  # distinct states per CPU second, on another machine, from our notes
SIZED = {
    "two-phase-commit": (TwoPhaseCommit, "managers"),
    "peterson": (Peterson, "processes"),
    "causal-order": (CausalOrder, "messages"),
}


def main(given: list[str]) -> None:
    """Runs one comparison or measurement."""
    match given:
        case ["speed", name, *sizes]:
            report(name, {"native": lambda: ours(tree(name, sizes))})
        case ["threads", managers]:
            threads(tree("two-phase-commit", [managers]))
        case ["memory", name, *sizes]:
            memory(name, tree(name, sizes))
        case ["walks", name, *sizes]:
            walks(name, tree(name, sizes))
        case ["variants", *names]:
            native_variants.measure(names)
        case ["zab", *sizes]:
            zab(sizes)
        case [name, *sizes] if name in SIZED:
            report(name, competitors(name, sizes))
        case _:
            sys.exit(__doc__)


def tree(name: str, sizes: list[str]) -> ir.Specification:
    """A specification with its constants bound."""
    if name == "zab":
        return read(Zab, bounds(sizes), [])
    spec, constant = SIZED[name]
    return read(spec, {constant: int(sizes[0])}, [])


def bounds(sizes: list[str]) -> dict[str, int]:
    """What `name=value` says."""
    return {name: int(value) for name, value in (size.split("=") for size in sizes)}


def competitors(name: str, sizes: list[str]) -> dict[str, Callable[[], Measured]]:
    """Every engine that is here."""
    specification = tree(name, sizes)
    found: dict[str, Callable[[], Measured]] = {"native": lambda: ours(specification)}
    if name in PROMELA and shutil.which("spin"):
        found["SPIN, exact"] = lambda: spin(PROMELA[name](int(sizes[0])))
    if name in MURPHI and shutil.which("rumur"):
        found["rumur"] = lambda: rumur(MURPHI[name](int(sizes[0])))
    if name == "two-phase-commit":
        found["Python, by hand"] = lambda: python_by_hand(int(sizes[0]))
    found["reference engine"] = lambda: generated_python(specification)
    return found


def report(name: str, engines: dict[str, Callable[[], Measured]]) -> None:
    """One table: every engine's median; each line is printed as soon as it is known."""
    rows: dict[str, Measured] = {}
    for engine, run in engines.items():
        rows[engine] = states, seconds = median(run)
        ratio = rows["native"][0] / rows["native"][1] * seconds / states
        rate = states / seconds
        print(f"{engine:18} {states:>12,} states {seconds:9.2f} CPU s {rate:>12,.0f} states/CPU s {ratio:8.1f} x")
    if name in TLC:
        ratio = rows["native"][0] / rows["native"][1] / TLC[name]
        print(f"{'TLC, from notes':18} {'':>30} {TLC[name]:>19,} states/CPU s {ratio:8.1f} x")
    for peer in ("SPIN, exact", "rumur"):
        if peer in rows and abs(rows[peer][0] - rows["native"][0]) > 1:
            sys.exit(f"{peer} has explored another model: {rows[peer][0]:,} states")
    by_hand = rows.get("Python, by hand", rows["native"])[0]
    if by_hand < MANY and by_hand != rows["native"][0]:
        sys.exit(f"plain Python has explored another model: {by_hand:,} states")


def zab(sizes: list[str]) -> None:
    """Beside plain Python, like against like in two forms; that the forms are the same spaces is found out first."""
    forms = {
        "all invariants, ghosts": (None, zab_invariants_by_hand.check, True),
        "one invariant, no ghosts": ((prefix_ordered_commits.__name__,), prefix_ordered_commits, False),
    }
    for form, (properties, check, full) in forms.items():
        small = tree("zab", SMALL_ZAB)
        counts = ours(small, properties=properties)[0], explore(bounds(SMALL_ZAB), sys.maxsize, check, full)[0]
        if counts[0] != counts[1]:
            sys.exit(f"plain Python has explored another model: {counts[1]:,} states, not {counts[0]:,}")
        print(f"{form}: both find {counts[0]:,} states at {' '.join(SMALL_ZAB)}")
    for form, (properties, check, full) in forms.items():
        print(f"{form}:")
        specification = tree("zab", sizes)
        engines = {
            "native": partial(ours, specification, properties=properties),
            "Python, by hand": partial(explore, bounds(sizes), MANY, check, full),
        }
        if properties is None:
            engines["reference engine"] = partial(generated_python, specification)
        report("zab" if properties is None else "", engines)


def median(run: Callable[[], Measured]) -> Measured:
    """The run with the median CPU time of a few; of a long one, the first."""
    found = [run()]
    while len(found) < REPEATS and found[0][1] < 20:
        found.append(run())
    return sorted(found, key=lambda measured: measured[1])[len(found) // 2]


def ours(specification: ir.Specification, workers: int = 1, properties: tuple[str, ...] | None = None) -> Measured:
    """The native engine, without compiling."""
    identity = identity_for(specification, properties)
    options = Options(symmetry=False, workers=workers, deadlock=False, properties=properties, identity=identity)
    prepared = prepare(specification, options)
    began = time.process_time()
    result = Native(specification, options, prepared).run()
    assert result.complete, result.reason
    return result.distinct, time.process_time() - began


def generated_python(specification: ir.Specification) -> Measured:
    """The reference engine, on the first states."""
    began = time.process_time()
    result = reference.check(specification, Options(symmetry=False, limits=Limits(states=100_000)))
    return result.distinct, time.process_time() - began


def threads(specification: ir.Specification) -> None:
    """CPU seconds and wall time with one and two threads; wall time says something on an idle machine only."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    spent: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(REPEATS + 2):
        for workers in (1, 2):
            began = time.monotonic()
            spent[workers].append(ours(specification, workers)[1])
            walls[workers].append(time.monotonic() - began)
    for workers in (1, 2):
        wall, cpu = statistics.median(walls[workers]), statistics.median(spent[workers])
        print(f"{workers} threads: {wall:.2f} s wall, {cpu:.2f} CPU s; best {min(walls[workers]):.2f} s wall")
    faster = statistics.median(walls[1]) / statistics.median(walls[2])
    dearer = statistics.median(spent[2]) / statistics.median(spent[1])
    print(f"two threads are {faster:.2f} times as fast and take {dearer:.2f} times the CPU time")


def walks(name: str, specification: ir.Specification) -> None:
    """Steps of random walks for each CPU second of one thread; of a second thread, wall time says what it adds."""
    simulate(specification, Options(deadlock=False), walks=1)  # so that it is compiled
    for workers in (1, 2):
        rates: list[tuple[float, float]] = []
        for seed in range(REPEATS):
            began, spent = time.monotonic(), time.process_time()
            found = simulate(specification, Options(seed=seed, workers=workers, deadlock=False), walks=50_000)
            assert found.result.reason == "walks", found.result.reason
            rates.append((found.steps / (time.process_time() - spent), found.steps / (time.monotonic() - began)))
        cpu, wall = (statistics.median(column) for column in zip(*rates, strict=True))
        print(f"{name}, {workers} threads: {cpu:,.0f} steps for each CPU second, {wall:,.0f} each second of wall time")


class _Measured(Native):
    """A search that keeps its figures."""

    figures: Report

    def _result(self, running: Running) -> Result:
        self.figures = running.report()
        return super()._result(running)


def memory(name: str, specification: ir.Specification) -> None:
    """What is held for each distinct state, by part, and in all at the most."""
    options = Options(symmetry=False, deadlock=False, workers=2)
    search = _Measured(specification, options)
    found = search.run()
    held = search.figures
    print(f"{name}: {found.distinct:,} distinct states, {found.verdict}, in {found.seconds:.1f} s")
    parts = {"visited set": held.table_bytes, "traces": held.journal_bytes, "frontier": held.frontier_bytes}
    both = held.table_bytes + held.journal_bytes
    for part, size in {**parts, "visited set and traces": both, "all": sum(parts.values())}.items():
        print(f"{part:24} {size / 2**20:10,.0f} MiB {size / found.distinct:8.1f} bytes for each distinct state")
    print(f"{'most of the process':24} {found.peak_memory / 2**20:10,.0f} MiB")


if __name__ == "__main__":
    main(sys.argv[1:])
