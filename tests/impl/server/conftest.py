"""Servers on loopback for the tests: ours and Debian's ZooKeeper, each a process on a free port."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

JARS = Path("/usr/share/java")
SUPER_TEST = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="  # the super user's password: test


class Ours:
    """The served reference as a process."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "quorate.impl.server", "--port", "0", "--words", "*", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = int(json.loads(line)["port"])

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Ends the process and returns what it logged."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return str(errors)


class Theirs:
    """A standalone ZooKeeper 3.8 from Debian's package, without fsync; containers are never swept."""

    def __init__(self, folder: Path, *properties: str) -> None:
        if not (JARS / "zookeeper.jar").exists():
            pytest.fail("ZooKeeper is not installed; run: apt-get install --no-install-recommends zookeeper")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        config = folder / "zoo.cfg"
        settings = ["tickTime=500", "maxClientCnxns=0", "minSessionTimeout=1000", "maxSessionTimeout=60000"]
        settings += ["4lw.commands.whitelist=*", "admin.enableServer=false", "extendedTypesEnabled=true"]
        settings += [f"dataDir={folder / 'data'}", f"clientPort={self.port}", "clientPortAddress=127.0.0.1"]
        config.write_text("\n".join(settings))
        jars = ":".join(str(JARS / name) for name in ("zookeeper.jar", "slf4j-nop.jar"))
        command = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", jars, "-Dfile.encoding=UTF-8"]
        command += ["-Dzookeeper.forceSync=no", "-Dznode.container.checkIntervalMs=86400000"]
        command += [f"-Dzookeeper.DigestAuthenticationProvider.superDigest={SUPER_TEST}", *properties]
        command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]
        self.output = (folder / "output").open("w")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=self.output, cwd=folder, env=os.environ)
        self._wait(folder)

    def _wait(self, folder: Path) -> None:
        deadline = time.monotonic() + 60
        while b"Mode: standalone" not in word(self.port, b"srvr"):
            assert self.process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < deadline, "ZooKeeper does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.output.close()


def word(port: int, text: bytes) -> bytes:
    """The answer to a four-letter word, empty if nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as link:
            link.sendall(text)
            return b"".join(iter(lambda: link.recv(65536), b""))
    except OSError:
        return b""


@pytest.fixture
def ours() -> Iterator[Callable[..., Ours]]:
    """Starts servers of ours; all are ended with the test."""
    started: list[Ours] = []

    def start(*arguments: str) -> Ours:
        started.append(Ours(*arguments))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
        for stream in (server.process.stdout, server.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Callable[..., Theirs]]:
    """Starts real ZooKeepers; all are ended with the test."""
    started: list[Theirs] = []

    def start(*properties: str) -> Theirs:
        folder = tmp_path / f"zookeeper{len(started)}"
        folder.mkdir()
        started.append(Theirs(folder, *properties))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def ask_word() -> Callable[[int, bytes], bytes]:
    """Ask a port a four-letter word."""
    return word
