"""The ensemble's file: what it may say, and what is said when it is wrong."""

from pathlib import Path

import pytest
from quorate.impl.quorum.configuration import Misconfigured, parse, sid_of, with_data

THREE = """\
# an ensemble
tickTime=500
initLimit=20
syncLimit=10
server.1=one:2888:3888;2181
server.10=[::1]:2888:3888:participant;[::1]:2181
server.2=two:2888:3888:observer
server.3=three.example.org:2888:3888
4lw.commands.whitelist=srvr, ruok
clientPort=2182
dataDir=/var/lib/x
maxClientCnxns=0
"""


def test_a_file() -> None:
    read = parse(THREE)
    assert list(read.servers) == [1, 2, 3, 10], "in the order of their numbers, as votes compare them"
    assert read.servers[1].client_port == 2181 and read.servers[3].client_port is None
    assert (read.servers[10].host, read.servers[10].client_host) == ("::1", "::1")
    assert [sid for sid, address in read.servers.items() if address.observer] == [2]
    assert (read.init_ms, read.sync_ms, read.settings.tick_ms) == (10_000, 5_000, 500)
    assert read.settings.words == {"srvr", "ruok"}
    assert not read.listen_everywhere and parse("quorumListenOnAllIPs=true").listen_everywhere
    assert (read.client_port, read.data) == (2182, Path("/var/lib/x"))
    assert with_data(read, Path("y")).data == Path("y") and with_data(read, None) is read


def test_an_address_is_printed_as_it_is_read() -> None:
    read = parse(THREE)
    again = parse("".join(f"server.{sid}={address}\n" for sid, address in read.servers.items()))
    assert again.servers == read.servers


def test_one_server_alone() -> None:
    assert parse("clientPort=2181\ndataDir=d\n").servers == {}


def test_only_equal_servers_have_equal_fingerprints() -> None:
    read = parse(THREE)
    assert parse(THREE.replace("tickTime=500", "tickTime=600")).fingerprint == read.fingerprint
    assert parse(THREE.replace("two:2888", "two:2889")).fingerprint != read.fingerprint
    assert parse(THREE.replace(":observer", "")).fingerprint != read.fingerprint


TWO = "server.1=a:1:2\nserver.2=b:1:2\n"
MISTAKES = {
    "nonsense": "line 1: 'nonsense' is not of the form key=value",
    "tickTime=0": "line 1: tickTime=0; it is a number from 10 to",
    "tickTime=x": "line 1: tickTime=x; it is a number",
    "tickTime=500\ntickTime=600": "line 2: tickTime is there twice, first in line 1",
    "clientport=2181": "line 1: clientport is not known here",
    "server.1=a:1:2": "1 of 1 servers vote; an ensemble has at least 2 voters",
    "server.1=a:1:2\nserver.2=b:1:2:observer": "1 of 2 servers vote",
    "server.0=a:1:2": "line 1: server.0; servers are numbered from 1 to 255",
    "server.256=a:1:2": "line 1: server.256",
    "server.x=a:1:2": "line 1: server.x",
    "server.1=a:1": "line 1: server.1=a:1; it is host:port:port",
    "server.1=a:1:2:leader": "then :observer if it has no vote",
    "server.1=a:1:70000": "ports are from 1 to 65535",
    "server.1=a:1:2\nserver.2=a:1:3": "server.2: port 1 of a is used twice",
    "server.1=a:1:1\nserver.2=b:1:2": "server.1: port 1 of a is used twice",
    TWO + "clientPort=70000": "line 3: clientPort=70000",
}


@pytest.mark.parametrize("text", list(MISTAKES))
def test_a_mistake_is_named(text: str) -> None:
    with pytest.raises(Misconfigured) as mistake:
        parse(text)
    assert MISTAKES[text] in str(mistake.value)


def test_which_server_this_is(tmp_path: Path) -> None:
    read = with_data(parse(TWO), tmp_path)
    assert sid_of(read, 2) == 2
    with pytest.raises(Misconfigured, match="which server is this\\? Give --id, one of 1, 2"):
        sid_of(read, None)
    with pytest.raises(Misconfigured, match=r"there is no server\.3; the file has 1, 2"):
        sid_of(read, 3)
    (tmp_path / "myid").write_text("2\n")
    assert sid_of(read, None) == 2
    (tmp_path / "myid").write_text("two")
    with pytest.raises(Misconfigured, match="holds 'two'"):
        sid_of(read, None)
