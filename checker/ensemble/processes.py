"""An ensemble on loopback: a folder with its configuration, a data folder and a log for each member, and the processes.

    folder/ensemble.cfg     what every member reads
    folder/server1/         data (`version-2`, `myid`), `out` and `log` of server 1, its `pid` while it runs

Knows no terminal: what is to be said comes back as values.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ...impl.quorum.configuration import Configuration, parse

START_S_MAX = 60.0
STOP_S_MAX = 20.0
HOST = "127.0.0.1"


class NotRunning(Exception):
    """A member ended, or an ensemble did not come up. The message says which, why, and where its log is."""


@dataclass(frozen=True, slots=True)
class Member:
    """One server of an ensemble that lives in a folder."""

    sid: int
    port: int
    data: Path

    @property
    def pid(self) -> int | None:
        """Of the process, if it runs."""
        try:
            pid = int((self.data / "pid").read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid if _is_ours(pid, self.data) else None

    def role(self) -> str:
        """What `srvr` says: leader, follower, observer; "electing" without a quorum, "down" if nobody answers."""
        answer = ask(self.port, b"srvr")
        for line in answer.splitlines():
            if line.startswith("Mode: "):
                return line.removeprefix("Mode: ")
        return "electing" if answer else "down"

    def zxid(self) -> str:
        """The last transaction that it has applied."""
        lines = (line for line in ask(self.port, b"srvr").splitlines() if line.startswith("Zxid: "))
        return next(lines, "Zxid: -").removeprefix("Zxid: ")

    def log_end(self) -> str:
        """The last lines that it logged."""
        path = self.data / "log"
        return "".join(path.read_text(errors="replace").splitlines(keepends=True)[-5:]) if path.exists() else ""


def create(folder: Path, voters: int, observers: int, tick_ms: int, extra: Iterable[str] = ()) -> None:
    """Write the configuration of a new ensemble, with free ports of this machine."""
    count = voters + observers
    ports = free_ports(3 * count)
    lines = [f"tickTime={tick_ms}", "initLimit=20", "syncLimit=10", "4lw.commands.whitelist=*", *extra]
    for sid in range(1, count + 1):
        quorum, election, client = ports[3 * (sid - 1) : 3 * sid]
        role = "" if sid <= voters else ":observer"
        lines.append(f"server.{sid}={HOST}:{quorum}:{election}{role};{client}")
        (folder / f"server{sid}").mkdir(parents=True, exist_ok=True)
        (folder / f"server{sid}" / "myid").write_text(f"{sid}\n")
    (folder / "ensemble.cfg").write_text("\n".join(lines) + "\n")


def members(folder: Path) -> list[Member]:
    """The servers of an ensemble in this folder. Raises `OSError` or `Misconfigured`."""
    configuration: Configuration = parse((folder / "ensemble.cfg").read_text())
    return [
        Member(sid, address.client_port or configuration.client_port, folder / f"server{sid}")
        for sid, address in configuration.servers.items()
    ]


def start(folder: Path, member: Member) -> "subprocess.Popen[bytes]":
    """Start one member; its process is a group of its own, so that Ctrl-C reaches only us."""
    command = [sys.executable, "-m", "quorate.checker.cli", "serve", "--ensemble", str(folder / "ensemble.cfg")]
    command += ["--id", str(member.sid), "--data", str(member.data)]
    with (member.data / "out").open("wb") as out, (member.data / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=out, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    (member.data / "pid").write_text(f"{process.pid}\n")
    return process


def wait_until_serving(members: list[Member], seconds: float = START_S_MAX) -> None:
    """Until every member has a role. Raises `NotRunning`."""
    deadline = time.monotonic() + seconds
    for member in members:
        while member.role() in ("down", "electing"):
            if member.pid is None:
                raise NotRunning(f"server {member.sid} ended at once; its log ends with\n{member.log_end()}")
            if time.monotonic() > deadline:
                raise NotRunning(
                    f"server {member.sid} serves nobody after {seconds:.0f} s; see {member.data / 'log'}, "
                    "and whether a majority of the servers is up"
                )
            time.sleep(0.02)


def kill(members: list[Member]) -> None:
    """End the members' processes at once, and wait until they are gone."""
    for member in members:
        pid = member.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    for member in members:
        while member.pid is not None:
            time.sleep(0.01)


def stop(members: list[Member]) -> int:
    """End the members' processes by their ids, and say how many there were."""
    running = {member.sid: pid for member in members if (pid := member.pid) is not None}
    for pid in running.values():
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S_MAX
    for member in members:
        while member.pid is not None:
            if time.monotonic() > deadline:
                os.kill(running[member.sid], signal.SIGKILL)
            time.sleep(0.01)
        (member.data / "pid").unlink(missing_ok=True)
    return len(running)


def ask(port: int, word: bytes) -> str:
    """The answer to a four-letter word; empty if nobody listens."""
    try:
        with socket.create_connection((HOST, port), 5) as link:
            link.settimeout(5)
            link.sendall(word)
            return b"".join(iter(lambda: link.recv(65536), b"")).decode(errors="replace")
    except OSError:
        return ""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [opened.getsockname()[1] for opened in sockets]


def _is_ours(pid: int, data: Path) -> bool:
    """Whether the process still runs, and its number was not given to another one; else it is believed.

    The command line is empty while a process begins, and when it has ended and nobody has asked how.
    """
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not Path("/proc/self").exists()
    return state != "Z" and (not command or str(data).encode() in command.split(b"\0"))
