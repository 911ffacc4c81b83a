"""What earlier runs of `quorate ci` found, in one SQLite file, and how the last of them differs from this one.

Knows neither specifications nor engines: a row is what a check was worth, and its counts.
"""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

FILE = Path(".quorate") / "history.sqlite"
VERSION = 1


class Unusable(Exception):
    """The file is no history of ours, or cannot be written; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One check of one run."""

    title: str
    digest: str  # of the specification
    verdict: str
    reason: str
    code: int
    states: int
    generated: int
    depth: int
    seconds: float
    memory: int


COLUMNS = ", ".join(field.name for field in fields(Row))


def last(path: Path, titles: Sequence[str]) -> dict[str, Row]:
    """By title, what the last run that had the check found; raises Unusable."""
    if not path.exists():
        return {}
    found = {}
    with _opened(path) as connection:
        for title in titles:
            query = f"SELECT {COLUMNS} FROM checks WHERE title = ? ORDER BY run DESC LIMIT 1"
            row = connection.execute(query, (title,)).fetchone()
            if row is not None:
                found[title] = Row(*row)
    return found


def append(path: Path, rows: Sequence[Row]) -> None:
    """Adds a run; raises Unusable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Unusable(f"{path.parent} cannot be made: {problem.strerror}") from None
    with _opened(path) as connection:
        run = connection.execute("INSERT INTO runs (began) VALUES (?)", (int(time.time()),)).lastrowid
        marks = ", ".join("?" * (len(fields(Row)) + 1))
        connection.executemany(
            f"INSERT INTO checks (run, {COLUMNS}) VALUES ({marks})", [(run, *astuple(row)) for row in rows]
        )


class _opened:
    """A connection in which everything happens or nothing; the file is made where there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._connection = sqlite3.connect(self._path, timeout=10)
        except sqlite3.Error as problem:
            raise self._unusable(problem) from None
        try:
            self._check_version()
        except sqlite3.Error as problem:
            self._connection.close()
            raise self._unusable(problem) from None
        except Unusable:
            self._connection.close()
            raise
        return self._connection

    def _check_version(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise Unusable(f"{self._path} has format {version}; this program keeps format {VERSION}; delete the file")
        if version == 0:
            self._connection.execute("CREATE TABLE runs (run INTEGER PRIMARY KEY, began INTEGER NOT NULL)")
            self._connection.execute(f"CREATE TABLE checks (run INTEGER REFERENCES runs, {COLUMNS})")
            self._connection.execute("CREATE INDEX by_title ON checks (title, run)")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
            self._connection.commit()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._connection.commit()
        finally:
            self._connection.close()
        if isinstance(value, sqlite3.Error):
            raise self._unusable(value) from None

    def _unusable(self, problem: sqlite3.Error) -> Unusable:
        return Unusable(f"{self._path} cannot be used as a history: {problem}; delete it to begin a new one")


def trend(row: Row, before: Row | None) -> str:
    """How a check compares with its last run: `80 → 92 states, 0.01 s → 0.02 s; the specification has changed`."""
    if before is None:
        return "first run"
    parts = [
        f"{old:,} → {new:,} {what}"
        for what, old, new in (
            ("states", before.states, row.states),
            ("generated", before.generated, row.generated),
            ("in depth", before.depth, row.depth),
        )
        if old != new
    ]
    if (row.verdict, row.reason) != (before.verdict, before.reason):
        parts.insert(0, f"{before.verdict} ({before.reason}) → {row.verdict} ({row.reason})")
    counts = ", ".join(parts) or "same counts"
    changed = "; the specification has changed" if row.digest != before.digest else ""
    return f"{counts}, {before.seconds:.2f} s → {row.seconds:.2f} s{changed}"
