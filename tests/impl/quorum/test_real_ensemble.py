"""The same three folders, now under our servers, now under real ZooKeepers: each goes on where the other stopped."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

JARS = Path("/usr/share/java")


@contextmanager
def real(servers: Any) -> Iterator[None]:
    """ZooKeeper 3.8 on the folders of an ensemble whose own servers are down."""
    if not (JARS / "zookeeper.jar").exists():
        pytest.fail("ZooKeeper is not installed; run: apt-get install --no-install-recommends zookeeper")
    jars = ":".join(str(JARS / name) for name in ("zookeeper.jar", "slf4j-nop.jar"))
    for sid, member in servers.members.items():
        config = member.data / "zoo.cfg"
        own = [f"dataDir={member.data}", "admin.enableServer=false", "standaloneEnabled=false"]
        config.write_text("\n".join([(servers.folder / "ensemble.cfg").read_text(), *own]))
        command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", jars]
        command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]
        with (member.data / "log").open("ab") as log:
            servers.running[sid] = subprocess.Popen(command, stdout=log, stderr=log, cwd=member.data)
        (member.data / "pid").unlink(missing_ok=True)
    servers.leader()
    yield
    for sid in list(servers.running):
        servers.kill(sid)


def written(servers: Any, name: str) -> None:
    """Some of everything, by a client of a follower; every other node is removed again."""
    client = servers.client(timeout=20)
    client.create(f"/{name}", b"x")
    for index in range(30):
        client.create(f"/{name}/n", str(index).encode(), sequence=True)
        client.set(f"/{name}", str(index).encode())
        if index % 2:
            client.delete(f"/{name}/n{index - 1:010d}")
    client.create(f"/{name}/mine", ephemeral=True)
    client.stop()


def shape(servers: Any, name: str) -> Any:
    client = servers.client(timeout=20)
    client.sync("/")
    stat = client.get(f"/{name}")[1]
    found = sorted(client.get_children(f"/{name}")), stat.mzxid, stat.version, stat.cversion, stat.pzxid
    client.stop()
    return found


@pytest.mark.slow
def test_folders_go_back_and_forth(ensemble: Callable[..., Any]) -> None:
    servers = ensemble(3, 0, "snapCount=40")
    names, shapes, epochs = [], {}, []
    for round_ in range(3):
        names.append(f"ours{round_}")
        written(servers, names[-1])
        shapes[names[-1]] = shape(servers, names[-1])
        for sid in list(servers.running):
            servers.kill(sid)
        with real(servers):
            assert {name: shape(servers, name) for name in names} == shapes
            names.append(f"real{round_}")
            written(servers, names[-1])
            shapes[names[-1]] = shape(servers, names[-1])
        servers.start()
        servers.wait()
        assert {name: shape(servers, name) for name in names} == shapes
        epochs.append(int((servers.members[1].data / "version-2" / "currentEpoch").read_text()))
    assert epochs == sorted(set(epochs)) and epochs[-1] >= 6, "each of seven ensembles began an epoch of its own"
