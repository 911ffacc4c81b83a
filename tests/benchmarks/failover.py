"""How long writes stop when the leader of three is killed with SIGKILL: ours, and beside it a real ZooKeeper.

    python tests/benchmarks/failover.py [--kills 5] [--tick 500] [--follower]

The same configuration, clients and method for both: a kazoo client, connected to a follower, writes every 2 ms and
tries to reconnect every 20 ms; the gap is the longest time between two acknowledged writes around the kill. The killed
member is started again and waited for before the next kill. Both kinds run one after the other, on disk, with fsync.
"""

import argparse
import itertools
import logging
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry
from quorate.checker.ensemble import processes

JARS = Path("/usr/share/java")
SIDS = (1, 2, 3)


class Ensemble:
    """Three servers in a folder; `command` starts one."""

    def __init__(self, folder: Path, real: bool, tick_ms: int) -> None:
        self.folder, self.real = folder, real
        processes.create(folder, len(SIDS), 0, tick_ms, ["minSessionTimeout=1000", "maxSessionTimeout=60000"])
        self.members = {member.sid: member for member in processes.members(folder)}
        self.running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, sid: int) -> None:
        member = self.members[sid]
        if not self.real:
            self.running[sid] = processes.start(self.folder, member)
            return
        lines = (self.folder / "ensemble.cfg").read_text().splitlines()
        config = member.data / "zoo.cfg"
        own = [f"dataDir={member.data}", "admin.enableServer=false", "standaloneEnabled=false", "maxClientCnxns=0"]
        config.write_text("\n".join([*lines, *own]) + "\n")
        jars = ":".join(str(JARS / name) for name in ("zookeeper.jar", "slf4j-nop.jar"))
        command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", jars]
        command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]
        with (member.data / "log").open("ab") as log:
            self.running[sid] = subprocess.Popen(command, stdout=log, stderr=log, cwd=member.data)

    def wait(self) -> None:
        """Until every server has a role."""
        deadline = time.monotonic() + 60
        while not all(member.role() in ("leader", "follower") for member in self.members.values()):
            if time.monotonic() > deadline:
                sys.exit(f"not all serve: {[member.role() for member in self.members.values()]}")
            time.sleep(0.05)

    def having(self, role: str) -> int:
        return next(sid for sid, member in self.members.items() if member.role() == role)

    def kill(self, sid: int) -> None:
        process = self.running.pop(sid)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def hosts(self, first: int) -> str:
        order = [first, *(sid for sid in self.members if sid != first)]
        return ",".join(f"127.0.0.1:{self.members[sid].port}" for sid in order)


@contextmanager
def running(real: bool, tick_ms: int) -> Iterator[Ensemble]:
    with tempfile.TemporaryDirectory() as folder:
        ensemble = Ensemble(Path(folder), real, tick_ms)
        for sid in SIDS:
            ensemble.start(sid)
        try:
            ensemble.wait()
            yield ensemble
        finally:
            for sid in list(ensemble.running):
                ensemble.kill(sid)


class Writer(threading.Thread):
    """Writes without pause, and remembers when it was answered."""

    def __init__(self, hosts: str) -> None:
        super().__init__(daemon=True)
        again = KazooRetry(max_tries=-1, delay=0.02, max_delay=0.02, backoff=1, max_jitter=0.0)
        self.client = KazooClient(hosts, timeout=10.0, connection_retry=again, randomize_hosts=False)
        self.client.start(timeout=30)
        self.client.ensure_path("/failover")
        self.answered: list[float] = []
        self.over = False
        self.start()

    def run(self) -> None:
        while not self.over:
            try:
                self.client.set("/failover", b"x" * 100)
                self.answered.append(time.monotonic())
                time.sleep(0.002)
            except (KazooException, KazooTimeoutError):
                time.sleep(0.002)

    def gap_after(self, moment: float) -> float | None:
        """The longest time without an answer that ended after this moment; None as long as none came."""
        around = [at for at in self.answered if at > moment - 1]
        if len(around) < 2 or around[-1] < moment + 1.5:
            return None
        return max(later - earlier for earlier, later in itertools.pairwise(around) if later > moment)

    def end(self) -> None:
        self.over = True
        self.join()
        self.client.stop()
        self.client.close()


def measure(ensemble: Ensemble, victim: str) -> float:
    """Seconds without an acknowledged write."""
    ensemble.wait()
    leader, follower = ensemble.having("leader"), ensemble.having("follower")
    writer = Writer(ensemble.hosts(follower if victim == "leader" else leader))
    time.sleep(1.5)
    target = leader if victim == "leader" else follower
    moment = time.monotonic()
    ensemble.kill(target)
    while (gap := writer.gap_after(moment)) is None:
        time.sleep(0.1)
        if time.monotonic() > moment + 60:
            sys.exit("no write was acknowledged within a minute")
    writer.end()
    ensemble.start(target)
    return gap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--tick", type=int, default=500, help="milliseconds")
    parser.add_argument("--follower", action="store_true", help="kill a follower in place of the leader")
    arguments = parser.parse_args()
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    victim = "follower" if arguments.follower else "leader"
    kinds = [("ours", False)]
    if (JARS / "zookeeper.jar").exists():
        kinds.append(("ZooKeeper 3.8.0", True))
    print(f"SIGKILL of a {victim}, tick {arguments.tick} ms, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, real in kinds:
        with running(real, arguments.tick) as ensemble:
            gaps = sorted(measure(ensemble, victim) for _ in range(arguments.kills))
        print(
            f"{name}: median {statistics.median(gaps):.2f} s, all {', '.join(f'{gap:.2f}' for gap in gaps)}", flush=True
        )


if __name__ == "__main__":
    main()
