"""`quorate cluster` and `quorate serve --ensemble` as a user meets them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from quorate.checker.commands.root import run
from quorate.checker.ensemble import processes


def quorate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "quorate.checker.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cluster"
    if (tmp_path / "cluster" / "ensemble.cfg").exists():
        processes.stop(processes.members(tmp_path / "cluster"))


def test_start_look_stop(folder: Path) -> None:
    started = quorate("cluster", "start", "2", "--observers", "1", "--data", str(folder), "--tick", "200", "--detach")
    assert started.returncode == 0, started.stderr
    first, *table = started.stdout.splitlines()
    hosts = first.removeprefix("connect to  ")
    assert re.fullmatch(r"(127\.0\.0\.1:\d+,){2}127\.0\.0\.1:\d+", hosts)
    roles = [line.split()[1] for line in table[1:4]]
    assert roles == ["follower", "leader", "observer"]
    client = KazooClient(hosts)
    client.start()
    client.create("/a", b"kept")
    client.stop()
    client.close()
    ports = [int(place.rpartition(":")[2]) for place in hosts.split(",")]
    states = [re.search(r"zk_server_state\t(\w+)", processes.ask(port, b"mntr")) for port in ports]
    assert [found[1] for found in states if found] == ["follower", "leader", "observer"]
    measured = dict(line.split("\t") for line in processes.ask(ports[1], b"mntr").splitlines())
    learners = [measured[f"zk_{name}"] for name in ("quorum_size", "learners", "synced_followers", "synced_observers")]
    assert learners == ["2", "2", "1", "1"]
    assert [processes.ask(port, word) for port in ports[:1] for word in (b"ruok", b"isro")] == ["imok", "rw"]
    assert "Mode: leader" in processes.ask(ports[1], b"stat")
    assert "serverId=2\nserver.1=127.0.0.1:" in processes.ask(ports[1], b"conf")
    assert (
        "runs already; stop with" in quorate("cluster", "start", "2", "--observers", "1", "--data", str(folder)).stderr
    )
    assert quorate("cluster", "stop", "--data", str(folder)).stdout == "stopped 3 servers\n"
    status = quorate("cluster", "status", "--data", str(folder)).stdout.splitlines()
    assert [line.split()[1] for line in status[1:]] == ["down"] * 3


def test_ctrl_c_stops_them_and_their_data_stays(folder: Path) -> None:
    command = [sys.executable, "-u", "-m", "quorate.checker.cli", "cluster", "start", "2", "--data", str(folder)]
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            lines = [running.stdout.readline() for _ in range(5)]
            assert lines[-1] == "Ctrl-C stops them\n"
            pids = [member.pid for member in processes.members(folder)]
            assert all(pids)
            running.send_signal(signal.SIGINT)
            assert running.stdout.read() == "stopped 2 servers\n"
        assert running.returncode == 0
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid or 0, 0)
    assert (folder / "server1" / "version-2" / "currentEpoch").read_bytes() == b"2"


def roles(folder: Path) -> dict[str, str]:
    """By server, as `quorate cluster status` prints them."""
    lines = quorate("cluster", "status", "--data", str(folder)).stdout.splitlines()[1:]
    return {line.split()[0]: line.split()[1] for line in lines}


@pytest.mark.parametrize("servers", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_kill_and_restart(folder: Path, servers: int) -> None:
    """A client that knows all servers goes on when their leader is killed, and again when it is back."""
    words = ("--data", str(folder))
    assert quorate("cluster", "start", str(servers), *words, "--tick", "500", "--detach").returncode == 0
    first = next(sid for sid, role in roles(folder).items() if role == "leader")
    client = KazooClient(quorate("cluster", "status", *words, "--hosts").stdout.strip())
    client.start(timeout=30)
    session = client.client_id
    client.create("/a", b"0")
    assert quorate("cluster", "kill", first, *words).stdout == f"killed server {first}\n"
    assert client.retry(client.set, "/a", b"1").version == 1
    assert sorted(roles(folder).values()) == sorted(["down", "leader", *["follower"] * (servers - 2)])
    assert f"server {first} does not run" in quorate("cluster", "kill", first, *words).stderr
    restarted = quorate("cluster", "restart", *words)
    assert restarted.returncode == 0 and roles(folder)[first] == "follower"
    assert client.retry(client.get, "/a")[0] == b"1" and client.client_id == session
    assert "runs already" in quorate("cluster", "restart", *words).stderr
    assert f"server {first} of {folder} runs already" in quorate("cluster", "restart", first, *words).stderr
    assert "has no server 9; it has 1, 2, 3" in quorate("cluster", "kill", "9", *words).stderr
    client.stop()
    client.close()


def test_words_without_a_quorum(folder: Path) -> None:
    processes.create(folder, 2, 0, 200)
    one = processes.members(folder)[0]
    process = processes.start(folder, one)
    deadline = time.monotonic() + 30
    while (answer := processes.ask(one.port, b"srvr")) == "" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert answer == "This ZooKeeper instance is not currently serving requests\n"
    assert [processes.ask(one.port, word) for word in (b"ruok", b"isro")] == ["imok", "null"]
    assert one.role() == "electing"
    assert processes.stop([one]) == 1 and process.wait() == 0


def test_a_file_without_servers_is_one_server_alone(tmp_path: Path) -> None:
    (tmp_path / "zoo.cfg").write_text(f"dataDir={tmp_path / 'data'}\nclientPort=0\n4lw.commands.whitelist=srvr\n")
    command = [sys.executable, "-m", "quorate.checker.cli", "serve", "--ensemble", str(tmp_path / "zoo.cfg")]
    with subprocess.Popen([*command, "--log-level", "error"], stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout is not None
        port = json.loads(alone.stdout.readline())["port"]
        assert "Mode: standalone" in processes.ask(port, b"srvr")
        alone.terminate()
    assert alone.returncode == 0


MISTAKES = [
    (["cluster", "status", "--data", "{tmp}/no"], "holds no ensemble; start one with: quorate cluster start --data"),
    (["serve", "--id", "1"], "--id says which member of an ensemble this is; give --ensemble FILE too"),
    (["serve", "--ensemble", "{cfg}", "--id", "1", "--port", "7"], "--port does not go with --ensemble; say it in"),
    (["serve", "--ensemble", "{cfg}", "--id", "9"], "there is no server.9; the file has 1, 2"),
    (["serve", "--ensemble", "{cfg}"], "which server is this? Give --id, one of 1, 2"),
    (["serve", "--ensemble", "{cfg}", "--id", "1"], "a member keeps what it acknowledges: give dataDir"),
    (["serve", "--ensemble", "{bad}", "--id", "1"], "1 of 1 servers vote"),
]


@pytest.mark.parametrize(("arguments", "told"), MISTAKES, ids=[told[:25] for _, told in MISTAKES])
def test_a_mistake_is_explained(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cfg").write_text("server.1=127.0.0.1:1:2\nserver.2=127.0.0.1:3:4\n")
    (tmp_path / "bad").write_text("server.1=127.0.0.1:1:2\n")
    places = {"tmp": tmp_path, "cfg": tmp_path / "cfg", "bad": tmp_path / "bad"}
    assert run([argument.format(**places) for argument in arguments]) == 2
    assert told in capsys.readouterr().err
