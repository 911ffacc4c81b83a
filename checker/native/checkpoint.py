"""Checkpoints: a search in a file, under a header that says exactly what was searched.

A checkpoint is written beside its place and then renamed, so a run that is killed leaves the one before. It is
resumed only by the same specification, constants, variants, options and version; anything else is refused by name.
Knows files and what a search is called in C; nothing of how a search runs.
"""

import contextlib
import json
import os
import struct
from pathlib import Path
from typing import Any

from ...spec.lang import ir
from ..model import Options
from .binding import Running
from .generate.unit import Program

VERSION = 1
_HEAD = struct.Struct("<QQ")
_MAGIC = 0x3174706B63727571
_LONGEST = 1 << 20  # bytes of a header


class CheckpointRefused(Exception):
    """A checkpoint cannot be read, or belongs to another run; the text says which and what to do."""


def describe(specification: ir.Specification, program: Program, options: Options) -> dict[str, Any]:
    """What has to be equal for a search to go on."""
    return {
        "version": VERSION,
        "specification": specification.name,
        "sources": specification.digest,
        "constants": dict(specification.constants),
        "variants": list(specification.variants),
        "identity": options.identity,
        "symmetry": options.symmetry,
        "properties": list(options.properties) if options.properties is not None else None,
        "deadlock": options.deadlock,
        "check_all": options.check_all,
        "seed": options.seed,
        "model": program.digest,
    }


def save(running: Running, path: Path, header: dict[str, Any]) -> str:
    """Writes a search that is not running; says what was written, or why not. A failure is no reason to stop."""
    passing = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    problem = running.save(passing, json.dumps(header).encode())
    if problem == 0:
        try:
            passing.replace(path)
            return str(path)
        except OSError as failed:
            problem = failed.errno or 0
    with contextlib.suppress(OSError):
        passing.unlink()
    kept = "; the one before is kept" if path.is_file() else ""
    return f"not written to {path}: {os.strerror(problem)}{kept}"


def load(running: Running, path: Path, header: dict[str, Any]) -> None:
    """Puts a checkpoint into a new search; refuses one that belongs to another run, or is damaged."""
    found = _header(path)
    differing = [name for name in header if found.get(name) != header[name]]
    if differing:
        parts = "; ".join(f"{name} was {found.get(name)}, now {header[name]}" for name in differing)
        raise CheckpointRefused(f"{path} is a checkpoint of another run: {parts}. Repeat that run, or start without it")
    problem = running.load(path)
    if problem < 0:
        raise CheckpointRefused(f"{path} is damaged: its checksum does not fit. Delete it and start anew")
    if problem:
        raise CheckpointRefused(f"{path} cannot be read: {os.strerror(problem)}")


def _header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            magic, length = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
            if magic != _MAGIC or length > _LONGEST:
                raise CheckpointRefused(f"{path} is not a checkpoint")
            found = json.loads(file.read(length))
    except OSError as problem:
        raise CheckpointRefused(f"{path} cannot be read: {problem.strerror}") from None
    except ValueError:
        raise CheckpointRefused(f"{path} is damaged: its header cannot be read. Delete it and start anew") from None
    if not isinstance(found, dict):
        raise CheckpointRefused(f"{path} is damaged: its header cannot be read. Delete it and start anew")
    return found
