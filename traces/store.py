"""Traces as files: versioned JSON under a name made from its content, written at once or not at all.

A file read back is hostile until proven otherwise: its size, shape, digest and every value are checked, nothing in
it is evaluated, and `Unreadable` says what is wrong. A file names the specification it belongs to; finding and
reading that is the caller's part, as this module does not load specifications.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..spec.lang import ir
from .encoding import Foreign, decode, encode
from .trace import Failure, Label, Log, Parting, State, Step, Trace, action_of

VERSION = 1
MAX_BYTES = 64 * 2**20
MAX_STEPS = 100_000
FOLDER = Path(".quorate") / "traces"


class Unreadable(Exception):
    """A file that is not a trace of ours, or not of this specification; the text says why."""


class StoredSpecification(msgspec.Struct, forbid_unknown_fields=True):
    """Which specification a trace belongs to; `digest` names the sources it was read from."""

    name: str
    source: str
    digest: str


class StoredStep(msgspec.Struct, forbid_unknown_fields=True):
    """A label, and the variables whose values differ from the state before (all of them in the first step)."""

    action: str
    arguments: list[Any]
    changed: dict[str, Any]


class StoredFailure(msgspec.Struct, forbid_unknown_fields=True):
    """A failing run-time check in or after the last state."""

    during: str
    place: str
    message: str


class StoredParting(msgspec.Struct, forbid_unknown_fields=True):
    """The line at which a log leaves the specification, and the step that it stands for."""

    line: str
    action: str | None
    arguments: list[Any]
    differences: list[str]


class StoredLog(msgspec.Struct, forbid_unknown_fields=True):
    """Where a trace was read from."""

    name: str
    lines: list[str]
    left_out: int
    parting: StoredParting | None


class Stored(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The content of a trace file."""

    specification: StoredSpecification
    constants: dict[str, int]
    variants: list[str]
    splits: list[str]
    engine: str
    seed: int | None
    verdict: Literal["violated", "reached", "undecided"]
    property: str | None
    failure: StoredFailure | None
    steps: list[StoredStep]
    log: StoredLog | None = None


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    quorate_trace: int
    digest: str
    trace: Stored


def to_stored(trace: Trace) -> Stored:
    """The trace in the form that is written."""
    own = trace.specification
    failure = (
        None
        if trace.failure is None
        else StoredFailure(trace.failure.during, trace.failure.place, trace.failure.message)
    )
    return Stored(
        StoredSpecification(own.name, trace.source, own.digest),
        dict(own.constants),
        list(own.variants),
        list(own.splits),
        trace.engine,
        trace.seed,
        trace.verdict,
        trace.property,
        failure,
        list(_stored_steps(trace)),
        None if trace.log is None else _stored_log(trace.specification, trace.log),
    )


def _stored_log(specification: ir.Specification, log: Log) -> StoredLog:
    found = None
    if log.parting is not None:
        name, arguments = log.parting.label or (None, ())
        encoded = [] if name is None else _encoded(specification, name, arguments)
        found = StoredParting(log.parting.line, name, encoded, list(log.parting.differences))
    return StoredLog(log.name, list(log.lines), log.left_out, found)


def _encoded(specification: ir.Specification, name: str, arguments: tuple[Any, ...]) -> list[Any]:
    action = action_of(specification, name)
    kinds = [param.type for param in action.params] if action else []
    return [encode(kind, argument) for kind, argument in zip(kinds, arguments, strict=True)]


def _stored_steps(trace: Trace) -> Iterator[StoredStep]:
    before: State | None = None
    for step in trace.steps:
        name, arguments = step.label
        changed = {
            variable.name: encode(variable.type, value)
            for i, (variable, value) in enumerate(zip(trace.specification.variables, step.state, strict=True))
            if before is None or before[i] != value
        }
        yield StoredStep(name, _encoded(trace.specification, name, arguments), changed)
        before = step.state


def digest(stored: Stored) -> str:
    """The fingerprint of a trace's whole content, whatever the layout of the file."""
    return hashlib.sha256(msgspec.json.encode(stored)).hexdigest()


def identity(stored: Stored) -> str:
    """The name of a trace's file: the same behaviour has the same name, whichever engine found it."""
    return digest(msgspec.structs.replace(stored, engine="", seed=None))[:16]


def to_text(trace: Trace) -> str:
    """The content of the trace's file."""
    stored = to_stored(trace)
    envelope = _Envelope(VERSION, digest(stored), stored)
    return msgspec.json.format(msgspec.json.encode(envelope), indent=1).decode() + "\n"


def write(trace: Trace, path: Path | None = None) -> Path:
    """Writes the trace, by default to .quorate/traces/<identity>.json below the current folder; gives the path."""
    path = path or FOLDER / f"{identity(to_stored(trace))}.json"
    replace_file(path, to_text(trace).encode())
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Puts the content under the path as a whole: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Path) -> Stored:
    """The content of a trace file; raises Unreadable, or OSError where there is no file to read."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(f"the file is larger than {MAX_BYTES // 2**20} MiB; no trace of ours is")
    try:
        version = msgspec.json.decode(content, type=dict[str, msgspec.Raw]).get("quorate_trace")
        if version is None or bytes(version) != str(VERSION).encode():
            raise Unreadable(_other_version(version))
        envelope = msgspec.json.decode(content, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"the file is not a trace: {error or 'it is nested too deeply'}") from None
    if digest(envelope.trace) != envelope.digest:
        raise Unreadable("its content does not match its digest: the file was damaged or edited")
    if not 1 <= len(envelope.trace.steps) <= MAX_STEPS:
        raise Unreadable(f"it has {len(envelope.trace.steps)} steps; a trace has 1 to {MAX_STEPS}")
    return envelope.trace


def _other_version(version: msgspec.Raw | None) -> str:
    if version is None:
        return "the file is JSON, but not a trace: it has no field 'quorate_trace'"
    return f"it has trace format {bytes(version)[:20].decode(errors='replace')}; this program reads format {VERSION}"


def restore(stored: Stored, specification: ir.Specification) -> Trace:
    """The stored trace over its specification; raises Unreadable where the two do not fit."""
    steps: list[Step] = []
    for number, step in enumerate(stored.steps, start=1):
        try:
            steps.append(_restored(step, specification, steps[-1].state if steps else None))
        except Foreign as foreign:
            raise Unreadable(f"step {number} ({step.action}) is not one of {specification.name}: {foreign}") from None
    names = {one.name for one in specification.properties} | {"deadlock", None}
    if stored.property not in names:
        raise Unreadable(f"{specification.name} has no property {stored.property!r}")
    failure = (
        None if stored.failure is None else Failure(stored.failure.during, stored.failure.place, stored.failure.message)
    )
    source = stored.specification.source
    end = (stored.verdict, stored.property, failure)
    log = None if stored.log is None else _restored_log(stored.log, specification, len(steps))
    return Trace(specification, source, tuple(steps), *end, stored.engine, stored.seed, log)


def _restored_log(log: StoredLog, specification: ir.Specification, steps: int) -> Log:
    if len(log.lines) != steps:
        raise Unreadable(f"it has {steps} steps, and {len(log.lines)} lines of a log")
    found = log.parting
    if found is None:
        return Log(log.name, tuple(log.lines), log.left_out)
    try:
        label = None if found.action is None else _restored_label(found.action, found.arguments, specification)
    except Foreign as foreign:
        raise Unreadable(f"what the log has next is no step of {specification.name}: {foreign}") from None
    return Log(log.name, tuple(log.lines), log.left_out, Parting(found.line, label, tuple(found.differences)))


def _restored(step: StoredStep, specification: ir.Specification, before: State | None) -> Step:
    label = _restored_label(step.action, step.arguments, specification)
    names = [variable.name for variable in specification.variables]
    unknown = sorted(step.changed.keys() - set(names))
    if unknown:
        raise Foreign(f"there is no variable {unknown[0]!r}")
    state = []
    for position, variable in enumerate(specification.variables):
        if variable.name in step.changed:
            state.append(decode(variable.type, step.changed[variable.name]))
        elif before is not None:
            state.append(before[position])
        else:
            raise Foreign(f"the initial state gives no value for {variable.name!r}")
    return Step(label, tuple(state))


def _restored_label(name: str, arguments: list[Any], specification: ir.Specification) -> Label:
    action = action_of(specification, name)
    if action is None and name != "init":
        raise Foreign(f"there is no action {name!r}")
    params = action.params if action else ()
    if len(params) != len(arguments):
        raise Foreign(f"the action takes {len(params)} arguments, not {len(arguments)}")
    return name, tuple(decode(p.type, data) for p, data in zip(params, arguments, strict=True))
