"""The cores of a proof: which hypotheses each obligation needs, as a file beside the theory.

A core is a guess for the solver and the edges of the proof graph; it is checked again in every run, so an old or
hostile file can make a proof slow and cannot make it wrong. Knows files; knows no solver.
"""

from pathlib import Path
from sys import modules

import msgspec

from ...spec.relational.theory import Theory

MOST_BYTES = 1_000_000


class CoreError(Exception):
    """The file of cores cannot be read."""


class Core(msgspec.Struct, frozen=True):
    """Hypotheses that sufficed, and the digest of the obligation they sufficed for."""

    obligation: str
    digest: str
    hypotheses: tuple[str, ...]


class CoreFile(msgspec.Struct, frozen=True):
    """All cores of one theory."""

    theory: str
    cores: tuple[Core, ...]
    version: int = 1


def beside(theory: type[Theory]) -> Path:
    """Where the cores of a theory live: those of `zab.py` in `zab.cores.json`."""
    source = modules[theory.__module__].__file__
    assert source is not None
    return Path(source).with_suffix(".cores.json")


def load(path: Path) -> dict[str, Core]:
    """The cores by obligation; empty where there is no file. Raises CoreError for a file that is not one."""
    if not path.exists():
        return {}
    if path.stat().st_size > MOST_BYTES:
        raise CoreError(f"{path}: larger than {MOST_BYTES} bytes; delete it and prove with --store to write it anew")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=CoreFile)
    except msgspec.DecodeError as error:
        raise CoreError(f"{path}: {error}; delete it and prove with --store to write it anew") from error
    return {core.obligation: core for core in file.cores}


def store(path: Path, theory: str, cores: tuple[Core, ...]) -> None:
    """Write the cores, one per line, so that a change of a proof is a small difference."""
    lines = ",\n".join(msgspec.json.encode(core).decode() for core in cores)
    head = msgspec.json.encode(CoreFile(theory, ())).decode()
    path.write_text(head.replace('"cores":[]', f'"cores":[\n{lines}\n]') + "\n")
