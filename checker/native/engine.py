"""The native engine: generates C for a specification, compiles and runs it, and answers with a Result.

The search runs in a thread of its own while this one waits, reports progress and heeds limits and Ctrl-C. Knows all
parts of this folder; nothing of the command line.
"""

import contextlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...spec.lang import domains, ir
from ..model import Options, Progress, dead_values_of, properties_of
from ..result import DEADLOCK, Reason, Result, Steps, Verdict, Violation
from . import checkpoint, compiler
from .beside import await_end, beside, ended
from .binding import NOBODY, PROPERTY, REASONS, Finding, Model, Report, Running, Settings, load_model
from .generate.unit import Program, masked, outline
from .labelled import labelled
from .profiling import Profiling
from .replay import Replay

ENGINE = "native"
PAUSE = 0.5  # seconds between two reports of progress
PATIENCE = 1.5  # seconds after which a search deserves a faster model
_STOPPED = ("seconds", "memory", "disk", "interrupted")  # where a checkpoint lets the search go on another time
_CHECKED: tuple[ir.Kind, ...] = ("invariant", "step_invariant", "witness")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A specification, compiled and loaded."""

    program: Program
    model: Model
    quickly: bool = False  # compiled in less time, for less speed


def prepare(specification: ir.Specification, options: Options) -> Prepared:
    """Generates, compiles (or finds in the cache) and loads a specification's model, for full speed."""
    return build(write(specification, options))


def build(program: Program, quickly: bool = False) -> Prepared:
    """Compiles (or finds in the cache) and loads a model; `quickly` takes what is there before it compiles anything.

    Where the runtime has to be compiled too, that happens at the same time.
    """
    found = compiler.find_compiler()
    runtime = compiler.begin_runtime()
    quickly = quickly and not compiler.library_path("model", program.text, found, compiler.FULLY).exists()
    if quickly:
        library = compiler.assembled("model", program.units, found, compiler.QUICKLY)
    else:
        library = compiler.library("model", program.text, found, compiler.FULLY)
    return Prepared(program, load_model(runtime.result(), library, program.state.words), quickly)


def write(specification: ir.Specification, options: Options, quickly: bool = False) -> Program:
    """The C text of a specification's model; `quickly` has it compiled while what is dead is found out."""
    assert specification.performer is None, "what an implementation performs is no text to compile"
    tree = labelled(specification) if options.identity == "label" else specification
    ghosts = options.identity != "state"
    sorts = symmetric_sorts(tree, ghosts) if options.symmetry else ()
    program = outline(tree, ghosts, sorts, options.dead_values, options.profile)
    if quickly:
        begin_first(program)
    dead = dead_values_of(specification, options).dead
    if options.dead_values and not dead:
        plain = outline(tree, ghosts, sorts, False, options.profile)
        return replace(plain, begun=program.units[0]) if quickly else plain
    return masked(program, dead)


def begin_first(program: Program) -> "Future[Path]":
    """The object file of the first unit of a model, compiled quickly and meanwhile if it has to be."""
    return compiler.begin_unit("model", program.units[0], compiler.find_compiler(), compiler.QUICKLY)


def is_cached(program: Program) -> bool:
    """Whether everything that the search needs has been compiled before."""
    found = compiler.find_compiler()
    fully = compiler.library_path("model", program.text, found, compiler.FULLY)
    quickly = compiler.library_path("model", "".join(program.units), found, compiler.QUICKLY)
    return compiler.runtime_path(found).exists() and (fully.exists() or quickly.exists())


def _prepare_quickly(specification: ir.Specification, options: Options) -> Prepared:
    """For a search that may be short; one that is measured starts with the fastest."""
    quickly = not options.profile
    return build(write(specification, options, quickly), quickly)


def symmetric_sorts(specification: ir.Specification, ghosts: bool) -> tuple[domains.Sort, ...]:
    """The sorts whose elements may be renamed: unordered ones that occur in the identity of states, by name."""
    kinds = [variable.type for variable in specification.variables if ghosts or not variable.ghost]
    found = frozenset[domains.Sort]().union(*(domains.sorts_within(kind) for kind in kinds))
    return tuple(sorted((sort for sort in found if sort.size > 1), key=lambda sort: sort.name))


class Native:
    """One search; `run` may be called once."""

    def __init__(self, specification: ir.Specification, options: Options, prepared: Prepared | None = None) -> None:
        self._began = time.monotonic()
        self._saved = ""  # where the last checkpoint is, or why there is none
        self._spec, self._options = specification, options
        self._prepared = prepared or _prepare_quickly(specification, options)
        self._faster: Future[Prepared] | None = None  # the same model, while it is compiled for full speed
        self._asked = {kind: properties_of(specification, kind, options) for kind in _CHECKED}
        self._all = {kind: [p for p in specification.properties if p.kind == kind] for kind in _CHECKED}

    def run(self) -> Result:
        """The whole search."""
        prepared = self._prepared
        properties = len(self._all["invariant"]) + len(self._all["step_invariant"]) + 1
        actions = len(prepared.program.actions)
        running = Running(prepared.model, self._settings(), properties, len(self._all["witness"]), actions)
        profiling = Profiling(self._spec, prepared.model) if self._options.profile else None
        with contextlib.closing(running):
            header = checkpoint.describe(self._spec, prepared.program, self._options)
            path = self._options.checkpoint
            if self._options.resume and path is not None:
                checkpoint.load(running, path, header)
            due = self._next_checkpoint()
            self._wait(running, due)
            while running.reason() == "paused":
                if self._faster_is_ready():
                    self._change_models(running)
                elif path is not None:
                    self._saved = checkpoint.save(running, path, header)
                    due = self._next_checkpoint()
                self._wait(running, due)
            if path is not None and running.reason() in _STOPPED:
                self._saved = checkpoint.save(running, path, header)
            profile = None if profiling is None else profiling.read(running.report(), running.totals())
            return replace(self._result(running), profile=profile)

    def _settings(self) -> Settings:
        options, limits = self._options, self._options.limits
        return Settings(
            workers=options.workers,
            check_all=options.check_all,
            deadlock=options.deadlock,
            symmetric=bool(self._prepared.program.symmetric),
            exact=options.exact,
            invariants=self._wanted("invariant"),
            steps=self._wanted("step_invariant"),
            witnesses=self._wanted("witness"),
            states=limits.states or 0,
            depth=limits.depth or 0,
            memory=limits.memory or 0,
            folder=os.fsencode(self._spill_folder()),
        )

    def _spill_folder(self) -> str:
        """Where the frontier goes when memory is short: beside the checkpoint, or to the folder for passing files."""
        path = self._options.checkpoint
        return str(path.resolve().parent) if path is not None else tempfile.gettempdir()

    def _wanted(self, kind: ir.Kind) -> int:
        """The properties of a kind that were asked for, as bits."""
        return sum(1 << bit for bit, one in enumerate(self._all[kind]) if one in self._asked[kind])

    # ------------------------------------------------------------------------------------------- waiting

    def _next_checkpoint(self) -> float:
        return time.monotonic() + self._options.checkpoint_seconds

    def _wait(self, running: Running, due: float) -> None:
        """Until the search has ended; Ctrl-C and the time limit end it."""
        search = beside(running.run)
        try:
            for pause in _pauses():
                if ended(search, pause):
                    return
                self._look_around(running, due)
        except KeyboardInterrupt:
            running.stop("interrupted")
            await_end(search)
        except BaseException:
            running.stop("interrupted")
            await_end(search)
            raise

    def _look_around(self, running: Running, due: float) -> None:
        limits, spent = self._options.limits, time.monotonic() - self._began
        if self._options.checkpoint is not None and time.monotonic() > due:
            running.stop("paused")
        if self._prepared.quickly and self._faster is None and spent > PATIENCE:
            self._faster = beside(lambda: build(self._prepared.program))
        if self._faster_is_ready():
            running.stop("paused")
        if limits.seconds is not None and spent > limits.seconds:
            running.stop("seconds")
        if self._options.progress is not None:
            now = running.report()
            done = Progress(now.live_distinct, now.live_generated, now.depth, now.frontier, spent, peak_memory())
            self._options.progress(done)

    def _faster_is_ready(self) -> bool:
        """Whether the model has been compiled for full speed since; where that fails, it goes on as it is."""
        return self._faster is not None and self._faster.done() and self._faster.exception() is None

    def _change_models(self, running: Running) -> None:
        """Goes on with the faster one, which is the same text."""
        assert self._faster is not None
        self._prepared, self._faster = self._faster.result(), None
        running.use(self._prepared.model)

    # -------------------------------------------------------------------------------------------- answers

    def _result(self, running: Running) -> Result:
        report = running.report()
        reason = REASONS[report.reason]
        replay = Replay(self._spec, self._prepared.program, self._prepared.model)
        trace = _Traces(running, replay, report.depth)
        stopped, found, witnesses = running.findings()
        more: dict[str, Any] = {"reason": reason, "verdict": "undecided"}
        if reason in ("invariant", "step_invariant", "deadlock"):
            more |= {"verdict": "violated", "property": self._name(stopped), "steps": trace.to(stopped)}
        elif reason == "error":
            more["steps"] = trace.to(stopped)
            more["error"], more["failed"] = replay.error(more["steps"], stopped.failed, PROPERTY)
        elif reason == "complete":
            more |= {"verdict": "holds", "complete": True}
        if self._options.check_all:
            more |= self._collected(more, found, trace)
        names = (one.name for one in self._all["witness"])
        shown = {n: trace.to(w) if w.kind else None for n, w in zip(names, witnesses, strict=True)}
        more["witnesses"] = {one.name: shown[one.name] for one in self._asked["witness"]}
        return self._answer(running, report, **more)

    def _collected(self, more: dict[str, Any], found: list[Finding], trace: "_Traces") -> dict[str, Any]:
        """With check_all: every violated property with its first trace, as found."""
        violations = tuple(
            Violation(self._name(one), _kind(one), one.count, trace.to(one))
            for one in sorted((one for one in found if one.kind), key=lambda one: one.order)
        )
        if not violations or more["reason"] == "error":
            return {"violations": violations}
        first = violations[0]
        return {
            "violations": violations,
            "verdict": "violated",
            "reason": first.kind,
            "property": first.property,
            "steps": first.steps,
        }

    def _name(self, finding: Finding) -> str:
        kind = _kind(finding)
        return DEADLOCK if kind == "deadlock" else self._all[kind][finding.which].name

    def _answer(self, running: Running, report: Report, *, verdict: Verdict, reason: Reason, **more: Any) -> Result:
        spec, options = self._spec, self._options
        sorts = tuple(sort.name for sort in self._prepared.program.symmetric)
        totals = running.totals()
        actions = [action.name for action in spec.actions]
        names = [one.name for kind in _CHECKED for one in self._asked[kind]]
        ghosts = [v.name for v in spec.variables if v.ghost]
        return Result(
            verdict,
            reason,
            distinct=report.distinct,
            generated=report.generated,
            depth=report.depth,
            outside=report.outside,
            unreduced=report.unreduced if sorts else None,
            symmetric_sorts=sorts,
            actions={name: generated for name, (generated, _) in zip(actions, totals, strict=False)},
            distinct_actions={name: new for name, (_, new) in zip(actions, totals, strict=False)},
            bounds={
                **bounds(spec, options),
                "missed_by_collision": 0.0 if options.exact else float(f"{report.distinct**2 / 2**65:.1e}"),
                **({"checkpoint": self._saved} if self._saved else {}),
            },
            properties=(*names, *((DEADLOCK,) if options.deadlock else ())),
            engine=ENGINE,
            seconds=time.monotonic() - self._began,
            peak_memory=peak_memory(),
            ghosts_left_out=tuple(ghosts) if options.identity == "state" else (),
            dead_values=dead_values_of(spec, options).sentences(),
            **more,
        )


class _Traces:
    """Traces to what a search found, replayed."""

    def __init__(self, running: Running, replay: Replay, depth: int) -> None:
        self._running, self._replay, self._depth = running, replay, depth

    def to(self, finding: Finding) -> Steps:
        ordinals = self._running.path(finding.parent, self._depth) if finding.parent else []
        last = [] if finding.ordinal == NOBODY else [finding.ordinal]
        return self._replay.steps([*ordinals, *last])


def _kind(finding: Finding) -> Any:
    return REASONS[finding.kind]


def _pauses() -> Iterator[float]:
    """Short waits first, so that a short search ends at once."""
    yield from (0.001, 0.004, 0.02, 0.1)
    while True:
        yield PAUSE


def bounds(spec: ir.Specification, options: Options) -> dict[str, int | float | str | bool]:
    """The bounds in force: constants under their names, what was left out, limits."""
    limits = options.limits
    given = {
        "max_states": limits.states,
        "max_depth": limits.depth,
        "max_seconds": limits.seconds,
        "max_memory": limits.memory,
    }
    boundaries = ", ".join(p.name for p in spec.properties if p.kind == "boundary")
    return {
        **dict(spec.constants),
        **({"variants": ", ".join(spec.variants)} if spec.variants else {}),
        "identity": options.identity,
        "symmetry": options.symmetry,
        **({"boundaries": boundaries} if boundaries else {}),
        **{name: value for name, value in given.items() if value is not None},
    }


def peak_memory() -> int:
    """The most memory that this process has used, in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
