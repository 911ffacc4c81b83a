"""The one place where bytes reach a disk: the few operations that a store needs of a directory, and POSIX's own.

Knows no formats. A test puts a directory of its own here, which stops at any operation and forgets what was not synced.
What POSIX promises, and no more: `sync` makes a file's contents durable, `sync_names` the names that were created,
renamed and removed; whatever was not synced may be there after a crash, or not, or in part.
"""

import os
from pathlib import Path
from typing import Protocol


class Directory(Protocol):
    """A flat directory. Failures are `OSError`s."""

    def names(self) -> list[str]:
        """The names of all files, sorted."""
        ...

    def read(self, name: str) -> bytes: ...

    def create(self, name: str) -> int:
        """Make an empty file, or empty the one that is there, and open it for writing; the result is its handle."""
        ...

    def write(self, handle: int, offset: int, data: bytes) -> None:
        """Write all of the data; bytes between the file's end and the offset become zeros."""
        ...

    def sync(self, handle: int) -> None: ...

    def close(self, handle: int) -> None: ...

    def cut(self, name: str, size: int) -> None:
        """Make a file end after `size` bytes, durably."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, whose present file it replaces."""
        ...

    def remove(self, name: str) -> None: ...

    def sync_names(self) -> None: ...


class PosixDirectory:
    """A directory of the operating system; made, with its parents, when it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def names(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self.path) if entry.is_file())

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def create(self, name: str) -> int:
        return os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)

    def write(self, handle: int, offset: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(handle, view, offset)
            view, offset = view[written:], offset + written

    def sync(self, handle: int) -> None:
        _sync_data(handle)

    def close(self, handle: int) -> None:
        os.close(handle)

    def cut(self, name: str, size: int) -> None:
        handle = os.open(self.path / name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, size)
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: str, new: str) -> None:
        (self.path / old).replace(self.path / new)

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def sync_names(self) -> None:
        handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sync_data(handle: int) -> None:
    """Java's channel.force(false); macOS has no fdatasync."""
    getattr(os, "fdatasync", os.fsync)(handle)
