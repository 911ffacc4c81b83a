"""Structured logs: one JSON object a line, with the time, the level, what happened, and its circumstances."""

import json
import sys
import time
from typing import Protocol, TextIO

LEVELS = ("debug", "info", "warning", "error")


class Log(Protocol):
    """What the server needs of a log."""

    def info(self, event: str, **circumstances: object) -> None: ...

    def warning(self, event: str, **circumstances: object) -> None: ...

    def error(self, event: str, **circumstances: object) -> None: ...


class JsonLog:
    """Writes to a stream. `level` is the least that is written."""

    def __init__(self, level: str = "info", stream: TextIO | None = None) -> None:
        if level not in LEVELS:
            raise ValueError(f"unknown log level {level!r}; choose one of {', '.join(LEVELS)}")
        self._least = LEVELS.index(level)
        self._stream = stream or sys.stderr

    def info(self, event: str, **circumstances: object) -> None:
        self._write("info", event, circumstances)

    def warning(self, event: str, **circumstances: object) -> None:
        self._write("warning", event, circumstances)

    def error(self, event: str, **circumstances: object) -> None:
        self._write("error", event, circumstances)

    def _write(self, level: str, event: str, circumstances: dict[str, object]) -> None:
        if LEVELS.index(level) < self._least:
            return
        entry = {"time": round(time.time(), 3), "level": level, "event": event, **circumstances}
        self._stream.write(json.dumps(entry, default=str) + "\n")
        self._stream.flush()
