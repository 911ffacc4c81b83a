"""What one run of `quorate check` was asked for, and what that means for limits, outputs and the exit code."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...spec.lang import ir
from ...traces.trace import DEADLOCK
from ..model import Limits, Options, identity_for
from ..output.report import coverage
from ..result import Result
from .arguments import nearest
from .mistakes import (
    EXIT_HOLDS,
    EXIT_INCOMPLETE,
    EXIT_INTERRUPTED,
    EXIT_MISTAKE,
    EXIT_NOTHING_CHECKED,
    EXIT_VACUOUS,
    EXIT_VIOLATED,
    Mistake,
)

MOST_THREADS = (
    4  # that the native engine has unless --workers says otherwise; what it finds is the same with any number
)
CONDITIONS = ("violation", "incomplete", "vacuous", "coverage<N")


@dataclass(frozen=True, slots=True)
class Request:
    """The options of one run, as they stand on the command line; the defaults are those of `quorate check`."""

    specification: str
    constants: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    property_: tuple[str, ...] = ()
    symmetry: bool = True
    identity: Any = None
    dead_values: bool | None = None
    deadlock: bool = True
    check_all: bool = False
    engine: Any = "auto"
    workers: int | None = None  # None: as many as usual
    max_states: int | None = None
    max_depth: int | None = None
    timeout: float | None = None
    memory: int | None = None
    checkpoint: Path | None = None
    resume: bool = False
    seed: int = 0
    fail_on: str = "violation,incomplete"
    expect: str = "holds"
    exit_zero: bool = False
    output_format: tuple[str, ...] = ()
    output: tuple[Path, ...] = ()
    trace: Path | None = None
    html: Path | None = None
    exact: bool = False
    profile: bool = False
    quiet: bool = False
    verbose: bool = False

    def validate(self) -> None:
        """Raises Mistake where options contradict each other, before any work is done."""
        self.conditions()
        if self.resume and (self.checkpoint is None or not self.checkpoint.is_file()):
            raise Mistake("there is no checkpoint to resume from: name it with --checkpoint FILE")
        if self.exact and self.checkpoint is not None:
            raise Mistake("with --exact there are no checkpoints: they hold fingerprints")
        check_outputs(self.output_format, self.output)
        for path in (self.trace, self.html):
            if path is not None:
                _check_writable(path)

    def outputs(self) -> Iterator[tuple[str, Path | None]]:
        """Each format with its file; None is stdout."""
        yield from outputs(self.output_format, self.output)

    def conditions(self) -> tuple[set[str], float]:
        """What --fail-on names, and the least coverage in percent; raises Mistake."""
        found, least = {"violation"}, 0.0  # asking for more never lets a violation pass; --exit-zero does
        for word in filter(None, self.fail_on.split(",")):
            number = re.fullmatch(r"coverage<([0-9]+(?:\.[0-9]+)?)", word)
            if number:
                least = float(number[1])
            elif word in CONDITIONS:
                found.add(word)
            else:
                raise Mistake(f"--fail-on does not know {word!r}{nearest(word, CONDITIONS)} ({', '.join(CONDITIONS)})")
        return found, least

    def options(self, specification: ir.Specification, progress: Any) -> Options:
        """What the engine is asked; raises Mistake where a property is unknown."""
        known = [one.name for one in specification.properties if one.kind not in ("boundary", "terminal")]
        for name in self.property_:
            if name not in (*known, DEADLOCK):
                listed = ", ".join([*known, DEADLOCK])
                near = nearest(name, [*known, DEADLOCK])
                raise Mistake(f"{specification.name} has no property {name!r}{near} (it has: {listed})")
        chosen = tuple(name for name in dict.fromkeys(self.property_) if name != DEADLOCK)
        return Options(
            identity=self.identity or identity_for(specification, chosen if self.property_ else None),
            dead_values=self.leaves_out_dead_values(),
            symmetry=self.symmetry,
            check_all=self.check_all,
            deadlock=self.deadlock and (not self.property_ or DEADLOCK in self.property_),
            properties=chosen if self.property_ else None,
            limits=Limits(self.max_states, self.max_depth, self.timeout, self.memory),
            workers=self.workers or (1 if self.profile else min(MOST_THREADS, os.cpu_count() or 1)),
            exact=self.exact,
            profile=self.profile,
            seed=self.seed,
            progress=progress,
            checkpoint=self.checkpoint,
            resume=self.resume,
        )

    def leaves_out_dead_values(self) -> bool:
        """Whether dead values are left out of the identity of states: unless whoever asks wants to count."""
        return self.identity is None if self.dead_values is None else self.dead_values

    def command(self, source: str) -> str:
        """The command line that repeats this run."""
        words = ["quorate", "check", source, *self.constants]
        words += [word for name in self.variant for word in ("--variant", name)]
        words += [word for name in self.split for word in ("--split", name)]
        words += [word for name in self.property_ for word in ("--property", name)]
        words += [] if self.symmetry else ["--no-symmetry"]
        words += [] if self.deadlock else ["--no-deadlock"]
        words += [] if self.dead_values is None else ["--dead-values" if self.dead_values else "--no-dead-values"]
        words += ["--check-all"] if self.check_all else []
        words += ["--exact"] if self.exact else []
        given = [
            ("--identity", self.identity, None),
            ("--engine", self.engine, "auto"),
            ("--max-states", self.max_states, None),
            ("--max-depth", self.max_depth, None),
            ("--seed", self.seed, 0),
        ]
        words += [word for name, value, usual in given if value != usual for word in (name, str(value))]
        return shlex.join(words)

    def exit_code(self, result: Result) -> int:
        """What the result is worth to a script; see `quorate --help`."""
        if result.reason in ("error", "asymmetry"):
            return EXIT_MISTAKE
        if result.reason == "interrupted":
            return EXIT_INTERRUPTED
        return EXIT_HOLDS if self.exit_zero else self._verdict_code(result)

    def _verdict_code(self, result: Result) -> int:
        conditions, least = self.conditions()
        if not result.properties and not result.witnesses:
            return EXIT_NOTHING_CHECKED
        if result.verdict == "violated":
            return EXIT_VIOLATED if self.expect == "holds" and "violation" in conditions else EXIT_HOLDS
        if result.verdict == "undecided":
            return EXIT_INCOMPLETE if "incomplete" in conditions else EXIT_HOLDS
        if self.expect == "violated":
            return EXIT_VIOLATED
        if ("vacuous" in conditions and result.unreached()) or coverage(result) < least:
            return EXIT_VACUOUS
        return EXIT_HOLDS


def outputs(formats: Sequence[str], files: Sequence[Path]) -> Iterator[tuple[str, Path | None]]:
    """Each format of a command line with its file; None is stdout. Without a format it is text."""
    for position, name in enumerate(formats or ("text",)):
        yield name, files[position] if position < len(files) else None


def check_outputs(formats: Sequence[str], files: Sequence[Path]) -> None:
    """Raises Mistake where formats and files do not go together, or a file cannot be written."""
    count = len(formats) or 1
    if len(files) > count:
        raise Mistake(f"there are {len(files)} --output but {count} --output-format")
    if count - len(files) > 1:
        raise Mistake("only one format can go to stdout; give the others an --output FILE each, and put them first")
    for path in files:
        _check_writable(path)


def _check_writable(path: Path) -> None:
    """Raises Mistake now rather than after a long search."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        raise Mistake(f"{path} cannot be written: {shown} is no folder")
    if not os.access(folder, os.W_OK):
        raise Mistake(f"{path} cannot be written: no permission in {folder}")
