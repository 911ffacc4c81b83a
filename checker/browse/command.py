"""`quorate browse`: the page of a trace or a specification, served on loopback with everything that needs an engine."""

import contextlib
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..commands.arguments import bundled, complete_specification, nearest
from ..commands.mistakes import Mistake
from ..commands.trace import SPEC, load_trace
from ..subject import IMPLEMENTATION, class_of, subject

if TYPE_CHECKING:
    from ...traces.trace import Trace
    from .answers import Answers

MOST_TRACES = 6
EPILOG = """\b
Examples:
  quorate browse zab servers=3
  quorate browse two-phase-commit --variant commit-early
  quorate browse last
  quorate browse <id> <other id>

\b
The address holds a token that is new with every start; it works on this machine only. Ctrl-C ends it.
What is saved goes to .quorate/traces/; nothing else is written.
"""


@click.command(epilog=EPILOG, short_help="Walk through states, and look at traces, in a browser.")
@click.argument(
    "words", nargs=-1, metavar="[TRACE|SPECIFICATION]… [NAME=VALUE]…", shell_complete=complete_specification
)
@click.option("--variant", multiple=True, metavar="NAME", help="Switch a named deviation on; repeatable.")
@click.option("--split", multiple=True, metavar="POINT", help="Let others come between at this step; repeatable.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; by default a free one.")
@click.option("--open/--no-open", "opening", default=True, help="Open the page in the browser of this machine.")
@SPEC
def browse(
    words: tuple[str, ...], variant: tuple[str, ...], split: tuple[str, ...], port: int, opening: bool, spec: str | None
) -> None:
    """Serves the page of a trace, or of a specification to be walked through, with what needs an engine: start in any
    initial state, take an action, branch, step back, ask why an action is disabled, run the checker from where you
    stand, save the path. Several traces are shown side by side. Without a word, the newest trace.
    """
    names = [word for word in words if "=" not in word] or ["last"]
    constants = [word for word in words if "=" in word]
    if len(names) == 1 and is_specification(names[0]):
        sessions, front = [of_specification(names[0], constants, variant, split)], None
    else:
        if constants or variant or split:
            raise Mistake(
                "a trace brings its configuration along; name=value, --variant and --split go with a specification"
            )
        traces = [load_trace(name, spec) for name in _checked(names)]
        sessions, front = [_of_trace(trace, spec) for trace in traces], _comparison(traces)
    serve(sessions, front, port, opening)


def is_specification(name: str) -> bool:
    """Whether a word names a specification rather than a trace."""
    return name in bundled() or name in IMPLEMENTATION or name.endswith(".py") or ".py:" in name


def _checked(names: Sequence[str]) -> Sequence[str]:
    """Names of traces; a word that is neither a trace nor a specification is answered with what is near."""
    from ...traces.store import FOLDER

    if len(names) > MOST_TRACES:
        raise Mistake(f"{len(names)} traces do not fit side by side; the most is {MOST_TRACES}")
    for name in names:
        if len(names) > 1 and is_specification(name):
            raise Mistake(f"{name} is a specification; side by side stand traces only")
        near = nearest(name, bundled())
        is_trace = Path(name).exists() or {".", "/"} & set(name) or name == "last" or list(FOLDER.glob(f"{name}*.json"))
        if near and not is_trace:
            raise Mistake(f"there is neither a trace nor a specification {name!r}{near}")
    return names


def of_specification(
    name: str, constants: Sequence[str], variants: Sequence[str] = (), splits: Sequence[str] = ()
) -> "Answers":
    """The session of a specification, at its first initial state; raises Mistake."""
    from ...spec.lang.errors import EvaluationError, Refused
    from .session import Impossible, Session

    try:
        session = Session(subject(name, constants, variants, splits), name)
    except Refused as refused:
        raise Mistake(str(refused)) from None
    except (EvaluationError, Impossible) as problem:
        raise Mistake(f"{name} cannot be browsed: {problem}") from None
    return _answers(class_of(name), session)


def _of_trace(trace: "Trace", spec: str | None) -> "Answers":
    from .session import Session

    session = Session(trace.specification, trace.source)
    session.follow(trace)
    return _answers(class_of(spec or trace.source), session)


def _answers(spec: Any, session: Any) -> "Answers":
    from .answers import Answers

    return Answers(session, spec)


def _comparison(traces: "Sequence[Trace]") -> str | None:
    """The page of several traces side by side, with links to the page of each."""
    if len(traces) < 2:
        return None
    from ...traces.comparing.page import to_html

    return to_html(traces, [f"{number}/" for number in range(len(traces))])


def serve(sessions: "Sequence[Answers]", front: str | None, port: int, opening: bool) -> None:
    """Serves until Ctrl-C or SIGTERM; raises Mistake where the port is taken."""
    from .server import Server

    try:
        server = Server(sessions, port, front)
    except OSError as problem:
        raise Mistake(f"cannot listen on port {port}: {problem.strerror}; choose another with --port") from None
    with server, contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        click.echo(f"browse at {server.address}   (Ctrl-C ends it)")
        if opening:
            _open(server.address)
        server.serve_forever(poll_interval=0.2)
    click.echo("\nquorate: the page is no longer served", err=True)


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        click.echo("no browser was found; open the address yourself", err=True)
