"""Four-letter words: what an operator may ask on a fresh connection, and the texts that answer.

Pure functions of the service. A word outside the operator's list is not executed, and says so; what is not a word at
all is the length of a frame. Source: `server.command`.
"""

import os
import platform
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..data.watches import WatchTable
from .client import Client, Now

if TYPE_CHECKING:
    from .service import Service

VERSION = "3.8.0-quorate, built on 2022-02-25 08:49 UTC"
NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"
NOT_EXECUTED = "{} is not executed because it is not in the whitelist.\n"


def answer(word: str, service: "Service", now: Now, client: Client) -> bytes:
    """The text that answers a word from `WORDS`; `client` is who asks."""
    allowed = service.settings.words
    if word not in allowed and "*" not in allowed:
        return NOT_EXECUTED.format(word).encode()
    if not service.available and word not in _ALWAYS:
        return b"null" if word == "isro" else NOT_SERVING.encode()
    return _ANSWERS[word](service, now).encode()


def _ruok(service: "Service", now: Now) -> str:
    return "imok"


def _isro(service: "Service", now: Now) -> str:
    return "rw"


def _srvr(service: "Service", now: Now) -> str:
    stats = service.stats
    return (
        f"Zookeeper version: {VERSION}\n"
        f"Latency min/avg/max: {stats.latency_min}/{stats.latency_average:.4f}/{stats.latency_max}\n"
        f"Received: {stats.received}\nSent: {stats.sent}\nConnections: {len(service.clients)}\n"
        f"Outstanding: {_outstanding(service)}\nZxid: 0x{service.tree.last_zxid:x}\nMode: {service.mode}\n"
        f"Node count: {_node_count(service)}\n"
    )


def _stat(service: "Service", now: Now) -> str:
    head, rest = _srvr(service, now).split("\n", 1)
    clients = "".join(f" {_client(client)}\n" for client in service.clients.values())
    return f"{head}\nClients:\n{clients}\n{rest}"


def _cons(service: "Service", now: Now) -> str:
    lines = []
    for client in service.clients.values():
        more = (
            f",sid=0x{_hex(client.session)},to={client.timeout_ms},est={client.connected_ms}" if client.session else ""
        )
        lines.append(f" {_client(client)[:-1]}{more})\n")
    return "".join(lines) + "\n"


def _client(client: Client) -> str:
    counts = f"queued={len(client.out)},recved={client.received},sent={client.sent}"
    return f"/{client.address}[{1 if client.session else 0}]({counts})"


def _crst(service: "Service", now: Now) -> str:
    for client in service.clients.values():
        client.received = client.sent = 0
    return "Connection stats reset.\n"


def _srst(service: "Service", now: Now) -> str:
    service.stats.reset()
    return "Server stats reset.\n"


def _conf(service: "Service", now: Now) -> str:
    settings = service.settings
    return (
        f"tickTime={settings.tick_ms}\nminSessionTimeout={settings.timeout_ms_min}\n"
        f"maxSessionTimeout={settings.timeout_ms_max}\nserverId={service.server_id}\n{service.members}"
    )


def _envi(service: "Service", now: Now) -> str:
    return (
        f"Environment:\nzookeeper.version={VERSION}\nhost.name={platform.node()}\n"
        f"python.version={platform.python_version()}\npython.executable={sys.executable}\n"
        f"os.name={platform.system()}\nos.arch={platform.machine()}\nos.version={platform.release()}\n"
        f"user.dir={os.getcwd()}\n"  # noqa: PTH109 (a text, not a path to work with)
    )


def _dump(service: "Service", now: Now) -> str:
    sessions = "".join(f"\t0x{_hex(id)}\t{s.timeout_ms}ms\n" for id, s in service.sessions.live.items())
    owned = service.tree.ephemerals
    ephemerals = "".join(f"0x{_hex(id)}:\n" + "".join(f"\t{path}\n" for path in paths) for id, paths in owned.items())
    return (
        f"SessionTracker dump:\nGlobal Sessions({len(service.sessions.live)}):\n{sessions}ephemeral nodes dump:\n"
        f"Sessions with Ephemerals ({len(owned)}):\n{ephemerals}"
    )


def _mntr(service: "Service", now: Now) -> str:
    rows = {"zk_version": VERSION, "zk_server_state": service.mode}
    rows |= {f"zk_{name}": f"{value:g}" if isinstance(value, float) else str(value) for name, value in numbers(service)}
    return "".join(f"{name}\t{value}\n" for name, value in rows.items())


def numbers(service: "Service") -> list[tuple[str, int | float]]:
    """The measures of a server under ZooKeeper's names, for `mntr` and for Prometheus."""
    stats, tree = service.stats, service.tree
    return [
        ("znode_count", _node_count(service)),
        ("watch_count", len(service.watches.data) + len(service.watches.child)),
        ("ephemerals_count", sum(len(paths) for paths in tree.ephemerals.values())),
        ("approximate_data_size", sum(len(path) + len(node.data or b"") for path, node in tree.nodes.items())),
        ("num_alive_connections", len(service.clients)),
        ("global_sessions", len(service.sessions.live)),
        ("outstanding_requests", _outstanding(service)),
        ("packets_received", stats.received),
        ("packets_sent", stats.sent),
        ("min_latency", stats.latency_min),
        ("avg_latency", stats.latency_average),
        ("max_latency", stats.latency_max),
        *service.measures(),
    ]


def _dirs(service: "Service", now: Now) -> str:
    size = service.directory_sizes()
    return f"datadir_size: {size[0]}\nlogdir_size: {size[1]}\n"


def _hash(service: "Service", now: Now) -> str:
    """The digest of the tree at the last transaction."""
    zxid, digest = service.tree.last_zxid, service.tree.digest
    return f'[{{"zxid": "0x{zxid:x}", "digest": {digest}, "digestVersion": 2}}]\n'


def _gtmk(service: "Service", now: Now) -> str:
    return "0"


def _stmk(service: "Service", now: Now) -> str:
    return "0"


def _wchs(service: "Service", now: Now) -> str:
    table = service.watches.data
    return f"{len(table.by_watcher)} connections watching {len(table.by_path)} paths\nTotal watches:{len(table)}\n"


def _wchc(service: "Service", now: Now) -> str:
    table: WatchTable = service.watches.data
    lines = [
        f"0x{_session(service, w)}\n" + "".join(f"\t{p}\n" for p in paths) for w, paths in table.by_watcher.items()
    ]
    return "".join(lines)


def _wchp(service: "Service", now: Now) -> str:
    table = service.watches.data
    lines = [
        f"{p}\n" + "".join(f"\t0x{_session(service, w)}\n" for w in watchers) for p, watchers in table.by_path.items()
    ]
    return "".join(lines)


def _session(service: "Service", watcher: int) -> str:
    return _hex(service.clients[watcher].session)


def _hex(session: int) -> str:
    return f"{session & (1 << 64) - 1:x}"


def _outstanding(service: "Service") -> int:
    return sum(len(client.out) for client in service.clients.values())


def _node_count(service: "Service") -> int:
    """The real server counts its root twice, under two names."""
    return len(service.tree.nodes) + 1


_ANSWERS: Mapping[str, Callable[["Service", Now], str]] = {
    "conf": _conf,
    "cons": _cons,
    "crst": _crst,
    "dirs": _dirs,
    "dump": _dump,
    "envi": _envi,
    "gtmk": _gtmk,
    "hash": _hash,
    "isro": _isro,
    "mntr": _mntr,
    "ruok": _ruok,
    "srst": _srst,
    "srvr": _srvr,
    "stat": _stat,
    "stmk": _stmk,
    "wchc": _wchc,
    "wchp": _wchp,
    "wchs": _wchs,
}
_ALWAYS = frozenset(("ruok", "envi"))  # these say nothing of the service
WORDS = frozenset(word.encode() for word in _ANSWERS)
