"""The transactions of a server's log files, each with its line as ZooKeeper's own tool prints it.

Knows no specification.
"""

from dataclasses import dataclass
from pathlib import Path

from ...impl.disk import log
from ...impl.disk.directory import PosixDirectory
from ...impl.disk.files import logs
from ...impl.disk.printing import txn_line
from ...impl.wire.jute import Malformed
from ...impl.wire.records import Txn

LONGEST = 300  # letters of a line; data may be a megabyte


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction, and its line: printable, and short enough to be read."""

    txn: Txn
    line: str


def read(path: Path) -> list[Entry]:
    """The transactions of a log, or of all logs of a data folder, in order.

    Raises OSError, and Malformed with the name of the file that is damaged.
    """
    return [Entry(entry.txn(), one_line(txn_line(entry.txn()))) for name in _files(path) for entry in _entries(name)]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    folder = path / "version-2" if (path / "version-2").is_dir() else path
    return [folder / name for _, name in logs(PosixDirectory(folder))]


def _entries(path: Path) -> list[log.Entry]:
    try:
        return list(log.entries(path.read_bytes()))
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from None


def one_line(text: str) -> str:
    """A text without what would reach the terminal, cut where it is long."""
    shown = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
