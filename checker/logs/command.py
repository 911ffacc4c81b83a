"""`quorate trace import`: logs of real servers become traces, to be shown and compared like those of the engines."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..commands.mistakes import Mistake

if TYPE_CHECKING:
    from ...traces.trace import Trace
    from .reading import Entry

EPILOG = """\b
Examples:
  quorate trace import /var/lib/zookeeper/version-2 --under /locks/printer
  quorate trace import log.1 --under /a --output trace.json
  quorate trace import server1/log.100000001 server2/log.100000001 --under /a
  quorate browse <id> <other id>
"""


@click.command("import", epilog=EPILOG)
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="LOG…")
@click.option("--under", default="/a", show_default=True, metavar="PATH", help="The znode to be followed.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="For the one trace.")
def import_(logs: tuple[Path, ...], under: str, output: Path | None) -> None:
    """Reads transaction logs of ZooKeeper servers as behaviours of the specification `znodes`.

    A LOG is a file, or a data folder. The specification has a little tree: the znode that --under names is its /a, the
    parent of that its root; a child with a plain name and children with the numbers 0 to 4 are followed, other writes
    are left out. Each log becomes a stored trace with the log's line for each step. Where a log does something that
    the specification does not allow, the trace ends, and the command with 1.
    """
    from ...impl.wire.jute import Malformed

    if not under.startswith("/") or under == "/" or under.endswith("/"):
        raise Mistake(f"--under names a znode below the root, such as /a, not {under!r}")
    if output is not None and len(logs) > 1:
        raise Mistake("--output is for one trace, and there are several logs; leave it out, each gets a name")
    try:
        found = [(path, _entries(path)) for path in logs]
    except OSError as problem:
        raise Mistake(f"{problem.filename} cannot be read: {problem.strerror}") from None
    except Malformed as problem:
        raise Mistake(f"the log cannot be read: {problem}") from None
    traces = _traces(found, under)
    _tell(traces, output)
    if any(_parts(trace) for trace in traces):
        sys.exit(1)


def _entries(path: Path) -> "list[Entry]":
    from .reading import read

    entries = read(path)
    if not entries:
        raise Mistake(f"{path} holds no transactions; is it a log, or a data folder with logs?")
    return entries


def _traces(found: "Sequence[tuple[Path, list[Entry]]]", under: str) -> "list[Trace]":
    """One trace for each log, in one configuration, so that they can be compared."""
    from ..commands.arguments import find_class, read_specification
    from .fitting import MOST, SOURCE, fit, sessions_in

    znodes, sessions = find_class(SOURCE), max([1, *(sessions_in(entries, under) for _, entries in found)])

    def fitted(zxids: int) -> "list[Trace]":
        specification = read_specification(znodes, [f"zxids={zxids}", f"sessions={sessions}"], ())
        return [fit(specification, str(path), entries, under) for path, entries in found]

    return fitted(max(len(trace.steps) for trace in fitted(MOST)))


def _tell(traces: "list[Trace]", output: Path | None) -> None:
    from ...traces.replay import replay
    from ...traces.store import write
    from ...traces.text import render_log
    from ..output.console import paint_for

    paint = paint_for(sys.stdout)
    for trace in traces:
        try:
            path = write(replay(trace), output)
        except OSError as problem:
            raise Mistake(f"the trace cannot be written to {output or '.quorate'}: {problem.strerror}") from None
        click.echo(render_log(trace, paint) + f"trace in: {path}\n", nl=False, color=True)


def _parts(trace: "Trace") -> bool:
    """Whether the log does what the specification does not allow; not whether it does what is not in it."""
    parting = trace.log.parting if trace.log is not None else None
    return parting is not None and parting.label is not None
