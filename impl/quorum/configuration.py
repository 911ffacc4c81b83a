"""The file that describes an ensemble, in the manner of `zoo.cfg`; and of its members' addresses.

    tickTime=2000
    initLimit=10
    syncLimit=5
    server.1=host1:2888:3888;2181
    server.2=host2:2888:3888;2181
    server.3=host3:2888:3888:observer;host3:2181

One file may serve all members: the client's port stands behind the semicolon, as in ZooKeeper's dynamic configuration;
`clientPort` and `dataDir` are what a member takes that has no other. Knows no socket. Source: `QuorumPeerConfig`.
"""

import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from ..data.settings import Settings

MEMBERS_MAX = 255  # a session's id begins with the sid
_SERVER = re.compile(
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:;\s\[\]]+):(?P<quorum>\d+):(?P<election>\d+)"
    r"(:(?P<role>participant|observer))?(;((?P<client_host>\[[0-9a-fA-F:.]+\]|[^:;\s\[\]]+):)?(?P<client>\d+))?"
)


class Misconfigured(ValueError):
    """The file does not describe an ensemble. The message says where, why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a member is reached: by learners, in elections, by clients (None: not said)."""

    host: str
    quorum_port: int
    election_port: int
    observer: bool = False
    client_host: str | None = None
    client_port: int | None = None

    def __str__(self) -> str:
        """As it stands in a file."""
        host, client_host = (f"[{name}]" if name and ":" in name else name for name in (self.host, self.client_host))
        text = f"{host}:{self.quorum_port}:{self.election_port}:{'observer' if self.observer else 'participant'}"
        if self.client_port is None:
            return text
        return f"{text};{client_host + ':' if client_host else ''}{self.client_port}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """`servers` by sid, in order; times in milliseconds. Without servers: one that stands alone."""

    servers: dict[int, Address]
    settings: Settings
    init_ms: int
    sync_ms: int
    data: Path | None = None
    client_host: str = "127.0.0.1"
    client_port: int = 2181
    snapshot_every: int = 100_000
    listen_everywhere: bool = False  # for other members, not at this one's own host alone
    max_counter: int | None = None  # proposals of one epoch, fewer than a zxid has room for: for tests

    @property
    def fingerprint(self) -> int:
        """Equal at members that have the same servers: those that do not shall not talk to each other."""
        text = ";".join(
            f"{sid}={a.host}:{a.quorum_port}:{a.election_port}:{a.observer}" for sid, a in self.servers.items()
        )
        return zlib.crc32(text.encode())


def parse(text: str) -> Configuration:
    """Raises `Misconfigured`."""
    values = _values(text)
    servers = {}
    for key in [key for key in values if key.startswith("server.")]:
        line, value = values.pop(key)
        servers[_sid(line, key)] = _address(line, key, value)
    _check_servers(servers)
    read = _Values(values)
    tick_ms = read.number("tickTime", 2000, low=10)
    settings = Settings(
        tick_ms=tick_ms,
        session_timeout_ms_min=read.optional("minSessionTimeout"),
        session_timeout_ms_max=read.optional("maxSessionTimeout"),
        words=frozenset(word.strip() for word in read.text("4lw.commands.whitelist", "srvr").split(",")),
        container_check_ms=read.number("znode.container.checkIntervalMs", 60_000, low=1),
        super_digest=read.text("DigestAuthenticationProvider.superDigest", "") or None,
    )
    data = read.text("dataDir", "")
    configuration = Configuration(
        dict(sorted(servers.items())),
        settings,
        read.number("initLimit", 10, low=1) * tick_ms,
        read.number("syncLimit", 5, low=1) * tick_ms,
        Path(data) if data else None,
        read.text("clientPortAddress", "127.0.0.1"),
        read.number("clientPort", 2181, low=0, high=65535),
        read.number("snapCount", 100_000, low=1),
        read.text("quorumListenOnAllIPs", "false") == "true",
        read.optional("maxCounter"),
    )
    read.finish()
    return configuration


def with_data(configuration: Configuration, data: Path | None) -> Configuration:
    """The same with another data folder, if one is given."""
    return configuration if data is None else replace(configuration, data=data)


def sid_of(configuration: Configuration, given: int | None) -> int:
    """Which server this is: as said, or as `myid` in the data folder says. Raises `Misconfigured`."""
    known = ", ".join(map(str, configuration.servers))
    if given is None:
        path = None if configuration.data is None else configuration.data / "myid"
        if path is None or not path.is_file():
            raise Misconfigured(f"which server is this? Give --id, one of {known}, or write it into {path or 'myid'}")
        text = path.read_text(errors="replace").strip()
        if not text.isdigit():
            raise Misconfigured(f"{path} holds {text[:20]!r}; write one of {known} there")
        given = int(text)
    if given not in configuration.servers:
        raise Misconfigured(f"there is no server.{given}; the file has {known}")
    return given


class _Values:
    """Reads each value once, and complains of those that nobody asked for."""

    def __init__(self, values: dict[str, tuple[int, str]]) -> None:
        self._values = values

    def text(self, key: str, default: str) -> str:
        return self._values.pop(key, (0, default))[1]

    def number(self, key: str, default: int, low: int, high: int = 1 << 31) -> int:
        line, text = self._values.pop(key, (0, str(default)))
        if not text.isdigit() or not low <= int(text) <= high:
            raise Misconfigured(f"line {line}: {key}={text}; it is a number from {low} to {high}")
        return int(text)

    def optional(self, key: str) -> int | None:
        return self.number(key, 0, low=1) if key in self._values else None

    def finish(self) -> None:
        for key, (line, _) in self._values.items():
            if key not in _IGNORED:
                raise Misconfigured(f"line {line}: {key} is not known here; remove it, or see docs/ensemble.md")


# What ZooKeeper's files have and this server does otherwise, or always.
_IGNORED = frozenset(
    (
        "admin.enableServer",
        "autopurge.purgeInterval",
        "autopurge.snapRetainCount",
        "dataLogDir",
        "digest.enabled",
        "electionAlg",
        "extendedTypesEnabled",
        "forceSync",
        "maxClientCnxns",
        "peerType",
        "preAllocSize",
        "reconfigEnabled",
        "standaloneEnabled",
        "syncEnabled",
    )
)


def _values(text: str) -> dict[str, tuple[int, str]]:
    values: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        key = key.strip()
        if not equals or not key:
            raise Misconfigured(f"line {number}: {line[:60]!r} is not of the form key=value")
        if key in values:
            raise Misconfigured(f"line {number}: {key} is there twice, first in line {values[key][0]}")
        values[key] = number, value.strip()
    return values


def _sid(line: int, key: str) -> int:
    number = key.removeprefix("server.")
    if not number.isdigit() or not 1 <= int(number) <= MEMBERS_MAX:
        raise Misconfigured(f"line {line}: {key}; servers are numbered from 1 to {MEMBERS_MAX}")
    return int(number)


def _address(line: int, key: str, value: str) -> Address:
    match = _SERVER.fullmatch(value)
    if match is None:
        raise Misconfigured(
            f"line {line}: {key}={value[:80]}; it is host:port:port, then :observer if it has no vote, then ;clientPort"
        )
    ports = [int(match[name]) for name in ("quorum", "election", "client") if match[name]]
    if any(not 1 <= port <= 65535 for port in ports):
        raise Misconfigured(f"line {line}: {key}={value[:80]}; ports are from 1 to 65535")
    client = int(match["client"]) if match["client"] else None
    client_host = match["client_host"].strip("[]") if match["client_host"] else None
    return Address(match["host"].strip("[]"), ports[0], ports[1], match["role"] == "observer", client_host, client)


def _check_servers(servers: dict[int, Address]) -> None:
    voters = [sid for sid, address in servers.items() if not address.observer]
    if servers and len(voters) < 2:
        raise Misconfigured(
            f"{len(voters)} of {len(servers)} servers vote; an ensemble has at least 2 voters, better 3. "
            "For one server alone leave out the lines server.N"
        )
    places: dict[tuple[str, int], int] = {}
    for sid, address in servers.items():
        for port in {address.quorum_port, address.election_port} | {address.client_port} - {None}:
            other = places.setdefault((address.host, port or 0), sid)
            if other != sid or address.quorum_port == address.election_port:
                raise Misconfigured(
                    f"server.{sid}: port {port} of {address.host} is used twice; give every use its own"
                )
