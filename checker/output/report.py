"""A result in words: the verdict with its bounds, the counts, what was never reached, the counterexample, why.

Takes a `Report`, which is a result with its specification and its replayed traces; other formats are in `formats.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...spec.lang import ir
from ...spec.lang.meaning.ghosts import ghost_readers
from ...traces.text import Paint, plain, render_deadlock, render_trace, render_why
from ...traces.trace import DEADLOCK, Trace
from ...traces.why import alternatives, why_violated
from ..result import Result
from .console import show_memory
from .profile import render_profile


@dataclass(frozen=True, slots=True)
class Shown:
    """A trace that was replayed, and the files that it and its page were written to."""

    trace: Trace
    path: Path | None
    page: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a format prints."""

    specification: ir.Specification
    source: str
    command: str  # the command line that repeats this run
    result: Result
    shown: tuple[Shown, ...]  # the counterexample, or with --check-all one of each violated property
    note: str | None = None  # why it was slow
    expect: str = "holds"
    code: int = 0  # what the verdict is worth, given what was expected: an exit code


def verdict_in_words(report: Report) -> str:
    """The verdict, honestly: what was found, and of what."""
    result = report.result
    match result.verdict, result.reason:
        case _, "asymmetry":
            return "the specification is not symmetric, so nothing was decided"
        case _, "error":
            return "the specification has an error, so nothing was decided"
        case "violated", _:
            names = [violation.property for violation in result.violations] or [str(result.property)]
            return f"violated: {', '.join(names)}"
        case "holds", _ if not result.properties:
            return "nothing was checked"
        case "holds", _:
            boundary = " and ".join(_boundaries(report))
            within = f" within the boundary {boundary}" if boundary else ""
            missed = result.unreached()
            vacuous = f", but {' and '.join(missed)} was never reached" if missed else ""
            return f"holds for the whole space of this configuration{within}{vacuous}"
    return f"no violation found, incomplete: {_stopped(result)}"


def _stopped(result: Result) -> str:
    bound = result.bounds.get(f"max_{result.reason}")
    match result.reason:
        case "states":
            return f"the limit of {bound} states was reached"
        case "depth":
            return f"the limit of depth {bound} was reached"
        case "seconds":
            return f"the time of {bound} s was up"
        case "memory":
            return f"the memory of {show_memory(int(bound or 0))} was used up"
        case "interrupted":
            return "it was interrupted"
        case "walks":
            return "these were random walks, which meet some of the states"
        case "disk":
            return "the disk is full or failed while states were kept there"
    return result.reason


def _boundaries(report: Report) -> list[str]:
    return [one.name for one in report.specification.properties if one.kind == "boundary"]


def configuration_line(report: Report) -> str:
    """What was checked, with constants and variants."""
    constants = " ".join(f"{name}={value}" for name, value in report.specification.constants)
    variants, splits = ", ".join(report.specification.variants), ", ".join(report.specification.splits)
    rest = (f"with {variants}" if variants else "", f"split at {splits}" if splits else "")
    return " ".join(part for part in (report.source, constants, *rest) if part)


def states_in_words(result: Result) -> str:
    """`80 distinct states up to renaming of RM (288 without symmetry), 328 generated, depth 11`."""
    distinct = f"{result.distinct:,} distinct states"
    if result.symmetric_sorts:
        distinct += f" up to renaming of {' and '.join(result.symmetric_sorts)}"
        if result.unreduced is not None:
            distinct += f" ({result.unreduced:,} without symmetry)"
    return f"{distinct}, {result.generated:,} generated, depth {result.depth}"


def render_report(report: Report, verbose: bool = False, quiet: bool = False, paint: Paint = plain) -> str:
    """The whole result for a terminal."""
    result = report.result
    role = {"holds": "good", "violated": "bad"}.get(result.verdict, "warning")
    verdict = f"{configuration_line(report)}: {paint(role, verdict_in_words(report))}\n"
    if quiet:
        return verdict
    lines = [f"  {line}" for line in _facts(report)]
    lines += [f"  {paint('warning', line)}" for line in warnings(report)]
    if verbose:
        lines += ["", *_action_table(result)]
    if result.profile is not None:
        lines += [f"  {line}" for line in render_profile(result, result.profile)]
    text = verdict + "\n".join(lines) + "\n"
    if result.error is not None and not report.shown:
        text += f"\n{result.error}\n"
    for shown in report.shown:
        text += "\n" + render_shown(shown, paint)
    if report.shown:
        text += f"\nrepeat with: {report.command}\n"
    for shown in report.shown:
        if shown.path is not None:
            text += f"trace in:    {shown.path}   (see quorate trace --help)\n"
    return text


def _facts(report: Report) -> Iterator[str]:
    result = report.result
    yield states_in_words(result)
    for violation in result.violations:
        what = "steps" if violation.kind == "step_invariant" else "states"
        yield f"{violation.property}: violated in {violation.count:,} {what}, first at depth {len(violation.steps)}"
    if result.outside:
        names = " and ".join(_boundaries(report))
        yield f"{result.outside:,} generated states outside {names} were checked, and not explored further"
    if result.ghosts_left_out:
        yield f"ghosts left out of the identity of states: {', '.join(result.ghosts_left_out)}"
        judged = [name for name in ghost_readers(report.specification) if name in result.properties]
        if judged:
            yield f"reads ghosts, and is checked on one way to each state only: {', '.join(judged)}"
    if result.dead_values:
        yield f"dead values left out of the identity of states, which is exact: {'; '.join(result.dead_values)}"
    if checked(result):
        yield f"checked: {', '.join(checked(result))}"
    reached = [f"{name} (in {len(steps)} states)" for name, steps in result.witnesses.items() if steps is not None]
    if reached:
        yield f"reached: {', '.join(reached)}"
    if report.note is not None:
        yield report.note
    workers = f"{result.engine} engine, " if result.engine else ""
    missed = result.bounds.get("missed_by_collision")
    chance = f", a state is missed with probability {missed:.0e}" if missed else ""
    chance = ", states were compared in full" if missed == 0.0 else chance
    yield f"{workers}{result.seconds:.2f} s, {show_memory(result.peak_memory)}{chance}"


def checked(result: Result) -> list[str]:
    """The properties that hold or do not hold; witnesses are reached or not."""
    return [name for name in result.properties if name not in result.witnesses]


def warnings(report: Report) -> Iterator[str]:
    """What makes a good verdict worth less: witnesses and actions that were never seen."""
    result = report.result
    if result.verdict != "holds" and not result.complete:
        return
    for name in result.unreached():
        yield f"vacuous: the witness {name} was not reached"
    if result.dead_actions():
        yield f"never taken: {', '.join(result.dead_actions())}"


def _action_table(result: Result) -> Iterator[str]:
    width = max((len(name) for name in result.actions), default=6)
    yield f"  {'action':<{width}}  {'generated':>12}  {'new states':>12}"
    for name, generated in result.actions.items():
        yield f"  {name:<{width}}  {generated:>12,}  {result.distinct_actions.get(name, 0):>12,}"


def render_shown(shown: Shown, paint: Paint = plain) -> str:
    """A trace and its explanation."""
    trace = shown.trace
    text = render_trace(trace, paint=paint)
    reason = why_violated(trace)
    if reason is not None:
        return f"{text}\n{render_why(trace, reason, paint)}"
    if trace.property == DEADLOCK:
        return f"{text}\n{render_deadlock(trace, alternatives(trace, len(trace.steps)), paint)}"
    return text


def coverage(result: Result) -> float:
    """The share of actions that were ever taken, in percent."""
    if not result.actions:
        return 100.0
    return 100.0 * (len(result.actions) - len(result.dead_actions())) / len(result.actions)
