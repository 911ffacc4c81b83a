"""The asyncio server as a process: start and stop, words, metrics, logs, TLS, recovery, many connections."""

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from quorate.impl.server.main import serve
from quorate.impl.service.words import WORDS


def greeted(raw: Any, port: int, **arguments: Any) -> Any:
    peer = raw.socket_peer("127.0.0.1", port)
    peer.welcome = peer.hello(**arguments)
    return peer


def hang_up(*peers: Any) -> None:
    for peer in peers:
        peer.stream.close()
        peer.link.close()


def test_a_graceful_stop_answers_what_was_asked(raw: Any, ours: Callable[..., Any], tmp_path: Path) -> None:
    server = ours("--data", str(tmp_path))
    peer = greeted(raw, server.port)
    for index in range(500):
        peer.post(raw.create(f"/n{index}"))
    assert peer.next().err == 0
    log = server.stop()
    answered = 1
    while (reply := peer.next()) is not None:
        answered += reply.err == 0
    hang_up(peer)
    assert server.process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert (events[0], events[-1]) == ("serving", "stopped")
    again = greeted(raw, ours("--data", str(tmp_path)).port)
    nodes = again.ask((104, raw.text("/"))).body.take("i") - 3
    hang_up(again)
    assert answered <= nodes <= 500, "nothing that was acknowledged is missing"


def test_a_killed_server_has_lost_nothing_acknowledged(raw: Any, ours: Callable[..., Any], tmp_path: Path) -> None:
    """Sessions and ephemerals come back too, and the ephemerals go when their owner stays away."""
    server = ours("--data", str(tmp_path), "--tick", "200")
    peer = greeted(raw, server.port, timeout=1000)
    assert peer.err(raw.create("/e", b"x", 1)) == 0
    zxid = peer.ask(raw.create("/stays")).zxid
    server.stop(signal.SIGKILL)
    hang_up(peer)
    server = ours("--data", str(tmp_path), "--tick", "200")
    session, password = peer.welcome.session, peer.welcome.password
    back = greeted(raw, server.port, session=session, password=password, seen=zxid, timeout=500)
    assert back.welcome.session == session
    assert back.ask(raw.exists("/e", True)).stat.ephemeral_owner == session
    witness = greeted(raw, server.port, timeout=4000)
    witness.ask(raw.exists("/e", True))
    hang_up(back)
    assert witness.next() == ("event", 2, "/e")
    assert witness.err(raw.exists("/stays")) == 0
    hang_up(witness)


def test_every_word(raw: Any, ours: Callable[..., Any], ask_word: Callable[[int, bytes], bytes]) -> None:
    port = ours().port
    peer = greeted(raw, port)
    peer.ask(raw.create("/e", flags=1))
    peer.ask(raw.exists("/b", True))
    answers = {name.decode(): ask_word(port, name).decode() for name in sorted(WORDS)}
    session = f"0x{peer.welcome.session:x}"
    hang_up(peer)
    patterns = {
        "conf": r"tickTime=2000\n",
        "cons": rf"sid={session},to=10000",
        "crst": "Connection stats reset",
        "dirs": r"datadir_size: 0\n",
        "dump": rf"Global Sessions\(1\):\n\t{session}\t10000ms\n(.|\n)*{session}:\n\t/e\n",
        "envi": r"zookeeper.version=3\.8\.0",
        "gtmk": "0",
        "hash": r'"zxid": "0x2", "digest": \d+',
        "isro": "^rw$",
        "mntr": r"zk_znode_count\t6\n(.|\n)*zk_ephemerals_count\t1\n",
        "ruok": "^imok$",
        "srst": "Server stats reset",
        "srvr": r"Zxid: 0x2\nMode: standalone\nNode count: 6\n",
        "stat": r"Clients:\n /127.0.0.1\[1\]",
        "stmk": "0",
        "wchc": rf"{session}\n\t/b\n",
        "wchp": rf"/b\n\t{session}\n",
        "wchs": r"1 connections watching 1 paths\nTotal watches:1\n",
    }
    assert set(patterns) == set(answers)
    for name, pattern in patterns.items():
        assert re.search(pattern, answers[name]), f"{name}: {answers[name]!r}"


def test_words_that_are_not_listed_are_not_executed(
    ours: Callable[..., Any], ask_word: Callable[[int, bytes], bytes]
) -> None:
    port = ours("--words", "srvr,ruok").port
    assert ask_word(port, b"ruok") == b"imok"
    assert ask_word(port, b"dump") == b"dump is not executed because it is not in the whitelist.\n"
    assert ask_word(port, b"nope") == b"", "not a word, hence the length of an enormous frame"


def test_words_may_come_in_pieces(ours: Callable[..., Any]) -> None:
    with socket.create_connection(("127.0.0.1", ours().port), 20) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (b"r", b"u", b"ok"):
            link.sendall(piece)
        assert link.recv(100) == b"imok"


def test_metrics(raw: Any, ours: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        metrics_port = probe.getsockname()[1]
    server = ours("--metrics-port", str(metrics_port))
    peer = greeted(raw, server.port)
    peer.ask(raw.create("/a", b"12345"))
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = answer.read().decode()
    hang_up(peer)
    assert "# TYPE znode_count gauge\nznode_count 6\n" in text
    assert re.search(r"^packets_received 2$", text, re.MULTILINE)
    with socket.create_connection(("127.0.0.1", metrics_port), 20) as link:
        link.sendall(b"GET /else HTTP/1.0\r\n\r\n")
        assert link.recv(1000).startswith(b"HTTP/1.0 404 ")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    assert shutil.which("openssl"), "install openssl"
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_tls(raw: Any, ours: Callable[..., Any], certificate: tuple[Path, Path]) -> None:
    crt, key = map(str, certificate)
    port = ours("--tls-certificate", crt, "--tls-key", key, "--tls-client-ca", crt).port
    context = ssl.create_default_context(cafile=crt)
    context.load_cert_chain(crt, key)
    with tls_link(context, port) as link:
        payload = raw.connect()
        link.sendall(raw.i32(len(payload)) + payload)
        assert raw.welcome(link.recv(100)[4:]).timeout == 10_000
    anonymous = ssl.create_default_context(cafile=crt)
    with pytest.raises(OSError), tls_link(anonymous, port) as link:
        link.sendall(b"ruok")
        assert link.recv(100) == b"", "without a certificate there is no answer"
        raise ConnectionResetError("hung up")


def tls_link(context: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), 20)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1")
    finally:
        plain.close()


def test_a_taken_port_is_an_error_of_the_system() -> None:
    """An `OSError`, for the command line to say in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="address already in use"):
        serve(port=taken.getsockname()[1])
