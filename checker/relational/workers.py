"""Obligations on several processes, each with its own Z3 and its own memory limit.

A process that dies or is out of time leaves its obligation undecided; the others go on. Results come in the
order of the obligations, whatever the order they were found in. Knows processes; what an obligation is, it asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from operator import attrgetter
from time import monotonic
from typing import Any

from ...spec.relational.theory import Theory
from .cores import Core
from .obligations import Obligation, obligations
from .solver.discharge import Outcome, Settings, Status, discharge

_SPAWN = get_context("spawn")


@dataclass(frozen=True)
class Problem:
    """What to prove, as names that another process can look up."""

    module: str
    theory: str
    deviations: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    def instance(self) -> Theory:
        """The theory, with its deviations."""
        theory = attrgetter(self.theory)(import_module(self.module))
        instance = theory(*self.deviations)
        assert isinstance(instance, Theory)
        return instance

    def obligations(self) -> tuple[Obligation, ...]:
        """Its obligations."""
        return obligations(self.instance(), self.without)


@dataclass
class Work:
    """A run: the obligations to do by number, how, and until when (monotonic seconds)."""

    problem: Problem
    settings: Settings
    cores: dict[str, Core]
    numbers: list[int]
    deadline: float | None = None
    outcomes: dict[int, Outcome] = field(default_factory=dict)


def run(work: Work, jobs: int, progress: Callable[[Outcome], None]) -> dict[int, Outcome]:
    """Discharge the obligations on `jobs` processes. One means this one, unless the time is limited: what runs here
    cannot be stopped in the middle."""
    names = {number: o.name for number, o in enumerate(work.problem.obligations())}
    if jobs == 1 and work.deadline is None:
        _run_here(work, progress)
    else:
        _run_apart(work, min(jobs, max(1, len(work.numbers))), progress, names)
    for number in work.numbers:
        late = Outcome(names[number], Status.UNDECIDED, "the time limit was reached")
        work.outcomes.setdefault(number, late)
    return work.outcomes


def _run_here(work: Work, progress: Callable[[Outcome], None]) -> None:
    theory, todo = work.problem.instance(), work.problem.obligations()
    for number in work.numbers:
        _done(work, number, _discharged(theory, todo[number], work.settings, work.cores), progress)


def _discharged(theory: Theory, obligation: Obligation, settings: Settings, cores: dict[str, Core]) -> Outcome:
    core = cores.get(obligation.name)
    return discharge(theory, obligation, settings, core.hypotheses if core is not None else None)


def _done(work: Work, number: int, outcome: Outcome, progress: Callable[[Outcome], None]) -> None:
    work.outcomes[number] = outcome
    progress(outcome)


@dataclass
class _Worker:
    process: BaseProcess
    connection: "Connection[Any, Any]"
    number: int | None = None


def _run_apart(work: Work, jobs: int, progress: Callable[[Outcome], None], names: dict[int, str]) -> None:
    waiting = list(reversed(work.numbers))
    workers = [_started(work) for _ in range(jobs)]
    try:
        while waiting or any(worker.number is not None for worker in workers):
            _hand_out(workers, waiting)
            left = None if work.deadline is None else work.deadline - monotonic()
            if left is not None and left <= 0:
                return
            wait([w.connection for w in workers if w.number is not None], left)
            workers = [_collected(work, worker, progress, names) for worker in workers]
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()


def _hand_out(workers: list[_Worker], waiting: list[int]) -> None:
    for worker in workers:
        if worker.number is None and waiting:
            worker.number = waiting.pop()
            worker.connection.send(worker.number)


def _collected(work: Work, worker: _Worker, progress: Callable[[Outcome], None], names: dict[int, str]) -> _Worker:
    """Take a worker's answer, if there is one; replace the worker if it died."""
    if worker.number is None or not worker.connection.poll():
        return worker
    try:
        outcome: Outcome = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join()
        died = f"the solver's process died (memory limit {work.settings.memory_megabytes} MB)"
        _done(work, worker.number, Outcome(names[worker.number], Status.UNDECIDED, died), progress)
        worker.connection.close()
        return _started(work)
    _done(work, worker.number, outcome, progress)
    worker.number = None
    return worker


def _started(work: Work) -> _Worker:
    here, there = _SPAWN.Pipe()
    arguments = (there, work.problem, work.settings, work.cores)
    process = _SPAWN.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    there.close()
    return _Worker(process, here)


def _serve(connection: "Connection[Any, Any]", problem: Problem, settings: Settings, cores: dict[str, Core]) -> None:
    """A worker's life: obligation numbers in, outcomes out."""
    _limit_memory(settings.memory_megabytes)
    theory, todo = problem.instance(), problem.obligations()
    while True:
        try:
            number = connection.recv()
        except EOFError:
            return
        connection.send(_discharged(theory, todo[number], settings, cores))


def _limit_memory(megabytes: int) -> None:
    """A net below the bound on Z3's memory: twice as much for the whole process, and a gigabyte for Python and its
    libraries. Where it is reached the process ends, and its obligation stays undecided."""
    import resource

    soft = (2 * megabytes + 1024) * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
