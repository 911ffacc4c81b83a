"""`quorate cluster`: several members of an ensemble on this machine, started and stopped together."""

import signal
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ...impl.quorum.configuration import Misconfigured
from ..commands.mistakes import Mistake
from . import processes

FOLDER = click.Path(path_type=Path, file_okay=False)
DEFAULT = Path(".quorate") / "cluster"

EPILOG = """\b
Examples:
  quorate cluster start 3
  quorate cluster start 3 --observers 1 --data ./ensemble --detach
  quorate cluster status --data ./ensemble
  quorate cluster kill 3 --data ./ensemble
  quorate cluster restart --data ./ensemble
  quorate cluster stop --data ./ensemble
"""


@click.group("cluster", epilog=EPILOG, short_help="Start an ensemble of servers on this machine.")
def cluster() -> None:
    """An ensemble of the reference implementation as processes on loopback."""


@cluster.command("start", short_help="Start the servers.")
@click.argument("servers", type=click.IntRange(2, 9), default=3)
@click.option("--observers", type=click.IntRange(0, 9), default=0, show_default=True, help="Servers without a vote.")
@click.option("--data", type=FOLDER, default=DEFAULT, show_default=True, help="Folder of the ensemble.")
@click.option(
    "--tick", default=2000, show_default=True, metavar="MS", type=click.IntRange(10), help="Length of a tick."
)
@click.option("--detach", is_flag=True, help="Return when they serve, and leave them running.")
def start(servers: int, observers: int, data: Path, tick: int, detach: bool) -> None:
    """Starts SERVERS voters, waits until they serve, and stops them on Ctrl-C.

    A folder that holds an ensemble already is started again with what it holds, and must have as many servers.
    """
    data = data.resolve()
    fresh = not (data / "ensemble.cfg").exists()
    if fresh:
        processes.create(data, servers, observers, tick)
    members = _members(data)
    if len(members) != servers + observers:
        raise Mistake(f"{data} holds an ensemble of {len(members)} servers; name another folder with --data")
    running = [str(member.sid) for member in members if member.pid is not None]
    if running:
        raise Mistake(
            f"server {', '.join(running)} of {data} runs already; stop with: quorate cluster stop --data {data}"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(data, members, detach)
    except KeyboardInterrupt:
        click.echo(f"stopped {processes.stop(members)} servers")
    except processes.NotRunning as failure:
        processes.stop(members)
        raise Mistake(str(failure)) from None


@cluster.command("stop", short_help="Stop the servers.")
@click.option("--data", type=FOLDER, default=DEFAULT, show_default=True, help="Folder of the ensemble.")
def stop(data: Path) -> None:
    """Stops the servers of an ensemble by their process ids; their data stays."""
    stopped = processes.stop(_members(data.resolve()))
    click.echo(f"stopped {stopped} {'server' if stopped == 1 else 'servers'}")


@cluster.command("kill", short_help="Kill servers, as a crash does.")
@click.argument("servers", nargs=-1, required=True, type=click.IntRange(1))
@click.option("--data", type=FOLDER, default=DEFAULT, show_default=True, help="Folder of the ensemble.")
def kill(servers: tuple[int, ...], data: Path) -> None:
    """Kills SERVERS with SIGKILL: they write nothing more, and say goodbye to nobody."""
    chosen = _chosen(data.resolve(), servers)
    down = [str(member.sid) for member in chosen if member.pid is None]
    if down:
        raise Mistake(f"server {', '.join(down)} does not run; see: quorate cluster status --data {data}")
    processes.kill(chosen)
    click.echo(f"killed server {', '.join(str(member.sid) for member in chosen)}")


@cluster.command("restart", short_help="Start servers again that are down.")
@click.argument("servers", nargs=-1, type=click.IntRange(1))
@click.option("--data", type=FOLDER, default=DEFAULT, show_default=True, help="Folder of the ensemble.")
def restart(servers: tuple[int, ...], data: Path) -> None:
    """Starts SERVERS again with what their folders hold, or all that are down, and waits until they serve."""
    data = data.resolve()
    chosen = _chosen(data, servers) if servers else [one for one in _members(data) if one.pid is None]
    running = [str(member.sid) for member in chosen if member.pid is not None]
    if running:
        raise Mistake(f"server {', '.join(running)} of {data} runs already")
    if not chosen:
        raise Mistake(f"every server of {data} runs already")
    for member in chosen:
        processes.start(data, member)
    try:
        processes.wait_until_serving(chosen)
    except processes.NotRunning as failure:
        raise Mistake(str(failure)) from None
    _print_table(_members(data))


def _chosen(data: Path, servers: tuple[int, ...]) -> list[processes.Member]:
    """The members with these numbers."""
    known = {member.sid: member for member in _members(data)}
    for sid in servers:
        if sid not in known:
            raise Mistake(f"{data} has no server {sid}; it has {', '.join(map(str, known))}")
    return [known[sid] for sid in dict.fromkeys(servers)]


@cluster.command("status", short_help="Say who leads.")
@click.option("--data", type=FOLDER, default=DEFAULT, show_default=True, help="Folder of the ensemble.")
@click.option("--hosts", is_flag=True, help="Only what a client connects to.")
def status(data: Path, hosts: bool) -> None:
    """Shows role, last transaction, port and process of every server."""
    members = _members(data.resolve())
    if hosts:
        click.echo(_hosts(members))
    else:
        _print_table(members)


def _members(data: Path) -> list[processes.Member]:
    try:
        return processes.members(data)
    except FileNotFoundError:
        raise Mistake(f"{data} holds no ensemble; start one with: quorate cluster start --data {data}") from None
    except (Misconfigured, OSError) as error:
        raise Mistake(f"{data / 'ensemble.cfg'}: {error}") from None


def _hosts(members: list[processes.Member]) -> str:
    return ",".join(f"{processes.HOST}:{member.port}" for member in members)


def _print_table(members: list[processes.Member]) -> None:
    table = Table("server", "role", "zxid", "port", "pid", "data", box=None, pad_edge=False)
    for member in members:
        pid = member.pid
        place = str(member.port), str(pid or "-"), str(member.data)
        table.add_row(str(member.sid), member.role(), member.zxid(), *place)
    Console(soft_wrap=True).print(table)


def _run(data: Path, members: list[processes.Member], detach: bool) -> None:
    """Start all and, unless they are left alone, say when one ends by itself, until Ctrl-C or SIGTERM."""
    # The one with the largest number first: it leads if all have the same history and hear each other in time.
    started = {member.sid: processes.start(data, member) for member in reversed(members)}
    processes.wait_until_serving(members)
    click.echo(f"connect to  {_hosts(members)}")
    _print_table(members)
    if detach:
        click.echo(f"they run until: quorate cluster stop --data {data}")
        return
    click.echo("Ctrl-C stops them")
    while started:
        for sid, process in list(started.items()):
            if process.poll() is not None:
                del started[sid]
                click.echo(f"server {sid} ended with {process.returncode}", err=True)
        time.sleep(0.2)
    raise processes.NotRunning("every server ended; their logs are beside their data")
