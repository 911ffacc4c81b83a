"""`quorate serve`: a server that starts, is reached, keeps its data and stops; and a user's mistakes."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from quorate.checker.cli import main; main()", "serve"]


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [*COMMAND, "--port", "0", "--data", str(tmp_path), "--words", "ruok"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        with socket.create_connection((where["host"], where["port"]), 20) as link:
            link.sendall(b"ruok")
            assert link.recv(10) == b"imok"
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["serving", "stopped"]
    assert (tmp_path / "version-2" / "snapshot.0").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--port", "65536"), "65536 is not in the range 0<=x<=65535"),
        (("--tick", "1"), "1 is not in the range x>=10"),
        (("--tls-key", "k.pem"), "TLS needs --tls-certificate and --tls-key together"),
        (("--port", "0", "--tls-key", "none.pem", "--tls-certificate", "none.pem"), "No such file or directory"),
        (("--log-level", "loud"), "'loud' is not one of"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    run = subprocess.run([*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr and "Traceback" not in run.stderr


def test_a_port_that_is_taken_and_a_folder_that_is_damaged(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and "address already in use; choose another port" in run.stderr
    folder = tmp_path / "version-2"
    folder.mkdir()
    (folder / "log.1").write_bytes(b"this is no log at all")
    run = subprocess.run([*COMMAND, "--data", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and "log.1: offset 0" in run.stderr
