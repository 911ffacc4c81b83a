"""Which C compiler there is, and shared libraries compiled once: kept in a cache under the digest of what made them.

The system's `cc` comes first, else the compiler in the `ziglang` wheel; without either the caller falls back to the
reference engine. A cache that cannot be written is replaced by a folder for this process, and `cache_problem` says so.
Knows files and processes; nothing of specifications or searches.
"""

import atexit
import contextlib
import hashlib
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .beside import beside

RUNTIME = Path(__file__).parent / "runtime"
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra")
QUICKLY = ("-Og",)  # a model for a first answer: two thirds of the time of -O1, for seven eighths of the speed
FULLY = ("-O3",)  # a model for a long search: half as much time again as with -O2, for a tenth more speed
RUNTIMES = ("-O1", "-pthread")  # for the runtime: three fifths of the time of -O2, for the same speed
SECONDS = 300  # after which a compiler is taken to hang

_Sources = Callable[[Path], list[Path]]  # the C files to compile; some are written into the folder first


class NoCompiler(Exception):
    """There is no C compiler; the text says what was looked for and how to get one."""


class CompilerFailed(Exception):
    """The compiler refused a text of ours: a bug of ours, or a broken compiler. The text is its message."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler: the command that runs it, and the line in which it names its version."""

    command: tuple[str, ...]
    version: str

    def __str__(self) -> str:
        return f"{' '.join(self.command)} ({self.version})"


@cache
def find_compiler() -> Compiler:
    """The C compiler to use; raises NoCompiler. QUORATE_CC names one by hand."""
    wanted = os.environ.get("QUORATE_CC")
    for command in (wanted.split(),) if wanted else (["cc"], ["gcc"], ["clang"], *_ziglang()):
        version = _version(command)
        if version:
            return Compiler(tuple(command), version)
    if wanted:
        raise NoCompiler(f"QUORATE_CC is {wanted!r}, which does not run")
    raise NoCompiler(
        "no C compiler: neither `cc` nor the ziglang wheel is installed; `pip install ziglang` is enough for full speed"
    )


def _ziglang() -> list[list[str]]:
    return [[sys.executable, "-m", "ziglang", "cc"]] if importlib.util.find_spec("ziglang") else []


def _version(command: list[str]) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    try:
        run = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.splitlines()[0].strip() if run.returncode == 0 and run.stdout else None


# ------------------------------------------------------------------------------------------------------- cache


def cache_folder() -> Path:
    """Where compiled libraries are kept: QUORATE_CACHE, or `quorate` in the user's cache folder."""
    return _cache()[0]


def cache_problem() -> str | None:
    """Why compiled libraries are kept for this process only; None where they are kept for good."""
    return _cache()[1]


@cache
def _cache() -> tuple[Path, str | None]:
    given = os.environ.get("QUORATE_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(given) if given else base / "quorate"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder, None
    except OSError as problem:
        return _passing_folder(), (
            f"{folder} cannot be written ({problem.strerror}), so what is compiled is not kept; "
            "QUORATE_CACHE names another folder"
        )


@cache
def _passing_folder() -> Path:
    """A folder for this process."""
    passing = Path(tempfile.mkdtemp(prefix="quorate-"))
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    atexit.register(_end_all)  # before it is removed
    return passing


def library(stem: str, text: str, compiler: Compiler, flags: tuple[str, ...] = ()) -> Path:
    """The shared library of one C text that may include the runtime's headers; compiled if it is not cached."""
    target = library_path(stem, text, compiler, flags)
    if target.exists():
        return target
    return _compile(target, compiler, flags, lambda folder: [_written(folder / f"{stem}.c", text)])


def library_path(stem: str, text: str, compiler: Compiler, flags: tuple[str, ...] = ()) -> Path:
    """Where the shared library of a C text is, or will be."""
    headers = [path for path in _runtime_files() if path.suffix == ".h"]
    return _place(stem, compiler, flags, [text, *(path.read_text() for path in headers)])


def assembled(stem: str, units: tuple[str, str], compiler: Compiler, flags: tuple[str, ...] = ()) -> Path:
    """The shared library of two C texts, the first of which may have been begun before; the second may be empty."""
    target = library_path(stem, "".join(units), compiler, flags)
    if target.exists():
        return target
    first, second = begin_unit(stem, units[0], compiler, flags).result(), units[1]
    return _compile(
        target, compiler, flags, lambda folder: [first, *([_written(folder / f"{stem}.c", second)] if second else [])]
    )


def begin_unit(stem: str, text: str, compiler: Compiler, flags: tuple[str, ...] = ()) -> "Future[Path]":
    """The object file of a C text, which is compiled meanwhile if it has to be."""
    target = library_path(stem, text, compiler, ("-c", *flags)).with_suffix(".o")
    return _begin(
        target,
        lambda: _compile(target, compiler, ("-c", *flags), lambda folder: [_written(folder / f"{stem}.c", text)]),
    )


def begin_runtime() -> "Future[Path]":
    """The shared library of the runtime, which is compiled meanwhile if it has to be."""
    compiler = find_compiler()
    return _begin(runtime_path(compiler), lambda: runtime_library(compiler))


def _begin(target: Path, make: Callable[[], Path]) -> "Future[Path]":
    """What is there, or what is being made: once, whoever asks, as long as it can be used."""
    begun = _begun.get(target)
    if begun is None or (begun.done() and (begun.exception() is not None or not begun.result().exists())):
        begun = _begun[target] = beside(lambda: target if target.exists() else make())
    return begun


_begun: "dict[Path, Future[Path]]" = {}


def runtime_library(compiler: Compiler, flags: tuple[str, ...] = ()) -> Path:
    """The shared library of the runtime: all its files as one text, which takes two thirds of the time of many."""
    target = runtime_path(compiler, flags)
    if target.exists():
        return target
    text = "".join(f'#include "{path.name}"\n' for path in _runtime_files() if path.suffix == ".c")
    return _compile(target, compiler, (*RUNTIMES, *flags), lambda folder: [_written(folder / "runtime.c", text)])


def runtime_path(compiler: Compiler, flags: tuple[str, ...] = ()) -> Path:
    """Where the shared library of the runtime is, or will be."""
    return _place("runtime", compiler, (*RUNTIMES, *flags), [path.read_text() for path in _runtime_files()])


def _runtime_files() -> list[Path]:
    return sorted(RUNTIME.glob("*.[ch]"))


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _place(stem: str, compiler: Compiler, flags: tuple[str, ...], texts: list[str]) -> Path:
    digest = hashlib.sha256()
    for part in [platform.machine(), *compiler.command, compiler.version, *FLAGS, *flags, *texts]:
        digest.update(part.encode() + b"\0")
    return cache_folder() / f"{stem}-{digest.hexdigest()[:24]}.so"


def _compile(target: Path, compiler: Compiler, flags: tuple[str, ...], sources: _Sources) -> Path:
    """Compiles and keeps the library: at its place, or for this process if the cache has been lost or is full."""
    folder = Path(tempfile.mkdtemp(dir=_passing_folder()))
    try:
        made = folder / target.name
        paths = [str(path) for path in sources(folder)]
        _run(compiler, [*FLAGS, *flags, f"-I{RUNTIME}", *paths, "-o", str(made)])
        with contextlib.suppress(OSError):
            return _kept(made, target)
        try:
            return _kept(made, _passing_folder() / target.name)
        except OSError as problem:
            raise CompilerFailed(f"{target} cannot be written: {problem.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(compiler: Compiler, words: list[str]) -> None:
    """Runs the compiler, which ends with this process."""
    command = [*compiler.command, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        _running.add(process)
        try:
            _, said = process.communicate(timeout=SECONDS)
        except BaseException:
            _end(process)
            raise
        finally:
            _running.discard(process)
    if process.returncode != 0:
        raise CompilerFailed(f"{compiler} refused our C text:\n{said[:4000]}")


_running: set[subprocess.Popen[str]] = set()


def _end_all() -> None:
    """Nobody needs what is still being compiled: the search has ended before."""
    for process in list(_running):
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a compiler with the programs that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _kept(made: Path, target: Path) -> Path:
    """Renamed from a file of its own, so that two processes never see half a library."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    passing = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        shutil.copyfile(made, passing)
        return passing.replace(target)
    finally:
        passing.unlink(missing_ok=True)
