"""Colours and progress: what depends on whether a person is watching.

Machine output goes to stdout, progress to stderr. NO_COLOR, FORCE_COLOR and TERM=dumb decide before the terminal.
"""

import os
from typing import IO

import click

from ...traces.text import Paint, plain
from ..model import Progress

STYLES = {
    "title": {"bold": True},
    "label": {"fg": "cyan"},
    "false": {"fg": "red"},
    "true": {"fg": "green"},
    "dim": {"dim": True},
    "bad": {"fg": "red", "bold": True},
    "good": {"fg": "green", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
}


def colours_wanted(stream: IO[str]) -> bool:
    """Whether text for this stream is coloured."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def paint_for(stream: IO[str]) -> Paint:
    """Colours for a stream, or none."""
    return _coloured if colours_wanted(stream) else plain


def _coloured(role: str, text: str) -> str:
    style = STYLES.get(role)
    return click.style(text, **style) if style else text  # type: ignore[arg-type]


class ProgressLine:
    """One line on stderr: rewritten twice a second on a terminal, a new one every ten seconds elsewhere."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._period = 0.5 if self._live else 10.0
        self._last: Progress | None = None
        self._shown_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Shows the progress if it is time."""
        if progress.seconds - self._shown_at < self._period:
            return
        line = describe(progress, self._last)
        self._stream.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        self._stream.flush()
        self._last, self._shown_at = progress, progress.seconds

    def close(self) -> None:
        """Wipes the line, so that the result stands alone."""
        if self._live and self._last is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def describe(progress: Progress, last: Progress | None) -> str:
    """A progress line: distinct states, rate since the last line, frontier, depth, memory, time."""
    seconds = progress.seconds - (last.seconds if last else 0.0)
    rate = (progress.distinct - (last.distinct if last else 0)) / seconds if seconds > 0 else 0.0
    return (
        f"{progress.distinct:,} distinct states, {rate:,.0f}/s, frontier {progress.frontier:,}, "
        f"depth {progress.depth}, {show_memory(progress.memory)}, {progress.seconds:.0f} s"
    )


def show_memory(size: int) -> str:
    """Bytes for people: `48 MiB`."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}" if size < 10 * factor else f"{size / factor:.0f} {unit}"
    return f"{size} B"
