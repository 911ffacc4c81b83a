"""Random operations and what two servers said to them, in a form in which honest servers agree.

Left out of the comparison: wall-clock times, session ids (compared by whose they are), the order of children. Left out
of the operations, because the real server answers them wrongly or dies of them (hazards of the facts, section 9, and
`checkWatches`, which in 3.8 says yes as soon as anybody watches the path): a create whose flag does not fit its
operation, a check of its own that passes, checkWatches, and anything pipelined behind a setACL.
"""

import random
from typing import Any

NAMES = ("a", "b", "c")
BAD_PATHS = ("", "x", "/d/", "/d//a", "/d/./a", "/d/../a", "/d/a\x01", "/d/a/..", "/d/\ud7ff", "/d/\ue000")
CREDENTIALS = (b"bob:pw", b"ann:secret", b"super:test", b"nocolon")
ACLS: tuple[Any, ...] = (
    ((31, "world", "anyone"),),
    ((31, "world", "anyone"),),
    ((31, "world", "anyone"),),
    ((31, "world", "anyone"),),
    ((1, "world", "anyone"),),
    ((31, "digest", "bob:ikIaKsbtGweaHnb/jKn7OHqbunM="), (1, "world", "anyone")),
    ((31, "auth", ""),),
    ((27, "ip", "127.0.0.0/8"),),
    ((31, "ip", "10.0.0.1"),),
    ((31, "world", "nobody"),),
    (),
    None,
    ((3, "world", "anyone"), (3, "world", "anyone"), (16, "digest", "x:y")),
)
# A stat begins with these; 1000 bytes of data and depth 4 suffice to reach every branch.
STAT_TIMES = ("ctime", "mtime")


class Generator:
    """Draws operations. `peers` is the number of connections."""

    def __init__(self, raw: Any, seed: int, peers: int) -> None:
        self.raw, self.peers = raw, peers
        self.random = random.Random(seed)
        self.seen_zxid = 0

    def path(self) -> str:
        draw = self.random
        if draw.random() < 0.03:
            return draw.choice(BAD_PATHS)
        if draw.random() < 0.03:
            return draw.choice(("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/none/x"))
        depth = draw.choices((1, 2, 3), (5, 4, 2))[0]
        return "/d/" + "/".join(draw.choice(NAMES) for _ in range(depth))

    def version(self) -> int:
        return self.random.choices((-1, 0, 1, 2, -2, 77), (60, 12, 10, 6, 1, 1))[0]

    def data(self) -> bytes | None:
        return self.random.choice((None, b"", b"x", b"some data", b"nine" * 9))

    def acl(self) -> Any:
        return self.random.choice(ACLS)

    def create(self) -> Any:
        draw, raw = self.random, self.raw
        kind = draw.random()
        if kind < 0.08:
            return raw.container(self.path())
        if kind < 0.14:
            return raw.ttl(self.path(), draw.choice((10**9, (1 << 40) - 1, 0, -1, 1 << 40)), draw.choice((5, 6)))
        flags = draw.choices((0, 1, 2, 3, 9, -1, 5), (50, 15, 10, 8, 1, 1, 1))[0]
        return raw.create(self.path(), self.data(), flags, self.acl(), draw.choice((1, 1, 15)))

    def delete(self) -> Any:
        return self.raw.delete(self.path(), self.version())

    def set_data(self) -> Any:
        return self.raw.set_data(self.path(), self.data(), self.version())

    def set_acl(self) -> Any:
        return self.raw.set_acl(self.path(), self.acl(), self.version())

    def quota(self) -> Any:
        draw, raw = self.random, self.raw
        node = "/zookeeper/quota/d" + draw.choice(("", "/a", "/a/b"))
        match draw.randrange(5):
            case 0:
                return raw.create(node)
            case 1:
                return raw.create(node + "/zookeeper_limits", b"count=5,bytes=-1")
            case 2:
                return raw.create(node + "/zookeeper_stats", b"count=0,bytes=0")
            case 3:
                return raw.get(node + "/zookeeper_stats")
            case _:
                return raw.delete(node + draw.choice(("/zookeeper_limits", "/zookeeper_stats", "")))

    def part(self) -> Any:
        draw = self.random
        kind = draw.randrange(10)
        if kind < 4:
            flags = draw.choice((0, 0, 0, 1, 2, 3, 99))
            return self.raw.create(self.path(), self.data(), flags, self.acl(), draw.choice((1, 15)))
        if kind < 6:
            return self.delete()
        if kind < 8:
            return self.set_data()
        if kind < 9:
            return self.raw.check(self.path(), self.version())
        return draw.choice((self.raw.container(self.path()), self.raw.ttl(self.path(), 10**9)))

    def multi(self) -> Any:
        parts = [self.part() for _ in range(self.random.choice((0, 1, 2, 2, 3, 5)))]
        if self.random.random() < 0.03:
            parts.append(self.set_acl())
        return self.raw.multi(*parts)

    def multi_read(self) -> Any:
        draw, raw = self.random, self.raw
        return raw.multi_read(*(draw.choice((raw.get, raw.children))(self.path()) for _ in range(draw.randrange(4))))

    def read(self) -> Any:
        draw, raw = self.random, self.raw
        watch = draw.random() < 0.3
        choices: list[Any] = [
            lambda: raw.get(self.path(), watch),
            lambda: raw.get(self.path(), watch),
            lambda: raw.exists(self.path(), watch),
            lambda: raw.children(self.path(), watch),
            lambda: raw.children2(self.path(), watch),
            lambda: raw.get_acl(self.path()),
            lambda: raw.sync(self.path()),
            lambda: (104, raw.text(draw.choice(("/d", "/d/a", "/", "/d/b")))),
            lambda: (103, raw.text(draw.choice(("/", "/d/a", "", "/d/b/")))),
            lambda: raw.PING,
            self.multi_read,
            lambda: raw.WHO_AM_I,
            lambda: raw.get(None),
        ]
        return draw.choice(choices)()

    def watch(self) -> Any:
        draw, raw = self.random, self.raw
        match draw.randrange(5):
            case 0 | 1:
                return raw.add_watch(self.path(), draw.choice((0, 1, 1, 2)))
            case 2:
                return raw.remove_watches(self.path(), draw.choice((1, 2, 3, 3, 7)))
            case _:
                lists = [[self.path() for _ in range(draw.randrange(3))] for _ in range(draw.choice((3, 5)))]
                return raw.set_watches(max(0, self.seen_zxid - draw.randrange(60)), *lists)

    def other(self) -> Any:
        draw, raw = self.random, self.raw
        return draw.choice(
            (
                raw.check(self.path(), 77),
                (1, b"\0\0"),
                (5, raw.text("/d/a")),
                (14, b"\0\0\0\1"),
                (16, raw.text(None) * 3 + raw.i64(-1)),
                raw.create(None),
                (4, b"\xff\xff"),
                (101, b""),
            )
        )

    def request(self) -> Any:
        kinds = (self.create, self.delete, self.set_data, self.set_acl, self.multi, self.read, self.watch)
        weights = (22, 12, 12, 3, 6, 30, 5)
        return self.random.choices((*kinds, self.quota, self.other), (*weights, 2, 1))[0]()

    def batch(self) -> tuple[int, list[Any]]:
        """Who sends, and what, all at once."""
        count = self.random.choice((1, 1, 3, 8, 20))
        requests = [self.request() for _ in range(count)]
        # A setACL is sent alone: until it is applied, the real server checks what follows against the old list.
        alone = next((index for index, (op, _) in enumerate(requests) if op == 7), None)
        if alone is not None:
            requests = requests[alone : alone + 1] if alone == 0 else requests[:alone]
        return self.random.randrange(self.peers), requests


def canonical(raw: Any, op: int, entry: Any, owners: dict[int, str]) -> Any:
    """A reply or an event as plain values."""
    if entry is None or isinstance(entry, tuple):
        return entry
    if entry.err:
        return entry.xid, entry.zxid, entry.err, entry.body.data[entry.body.at :]
    value = _value(entry.body, op)
    assert entry.body.at == len(entry.body.data), f"operation {op}: bytes are left over"
    return entry.xid, entry.zxid, 0, _plain(raw, value, owners)


def _value(body: Any, op: int) -> Any:
    match op:
        case 1 | 9:
            return body.text()
        case 15 | 19 | 21:
            return body.text(), body.stat()
        case 3 | 5 | 7:
            return body.stat()
        case 4:
            return body.buf(), body.stat()
        case 6:
            return body.acls(), body.stat()
        case 8 | 103:
            return sorted(body.texts())
        case 12:
            return sorted(body.texts()), body.stat()
        case 14 | 22:
            return [(kind, sorted(value) if kind == 8 else value) for kind, value in body.parts()]
        case 104 | 106:
            return body.take("i")
        case 107:
            return sorted(body.pairs())
        case _:
            return None


def _plain(raw: Any, value: Any, owners: dict[int, str]) -> Any:
    if isinstance(value, raw.Stat):
        assert value.ctime <= value.mtime
        return value._replace(ctime=0, mtime=0, ephemeral_owner=owners.get(value.ephemeral_owner, "nobody"))
    if isinstance(value, list | tuple):
        return [_plain(raw, item, owners) for item in value]
    return value


class Side:
    """One of the two servers, with its connections."""

    def __init__(self, raw: Any, port: int) -> None:
        self.raw, self.port = raw, port
        self.owners = {0: "nobody"}
        self.peers: list[Any] = []

    def open_all(self, peers: int) -> None:
        for index in range(peers):
            self.peers.append(self.open(index))

    def open(self, index: int) -> Any:
        peer = self.raw.socket_peer("127.0.0.1", self.port)
        welcome = peer.hello(timeout=30_000)
        self.owners[welcome.session] = f"peer {index}"
        return peer

    def reopen(self, index: int) -> list[Any]:
        """The session ends, and another connection takes its place; what the old one heard last is returned."""
        old = self.peers[index]
        old.ask(self.raw.CLOSE)
        assert old.next() is None
        old.stream.close()
        old.link.close()
        self.peers[index] = self.open(index)
        return [canonical(self.raw, -11, entry, self.owners) for entry in old.log]

    def run(self, index: int, requests: list[Any], since: list[int]) -> list[Any]:
        """Send a batch, then a ping everywhere: all that every connection heard, in order."""
        peer = self.peers[index]
        heard: list[Any] = []
        for request in requests:
            peer.post(request)
        ops = [op for op, _ in requests]
        while ops:
            entry = peer.next()
            heard.append(canonical(self.raw, ops[0], entry, self.owners))
            assert entry is not None, f"hung up at {ops[0]}"
            if not isinstance(entry, tuple):
                ops.pop(0)
                since[0] = max(since[0], entry.zxid)
        return [heard, *(self.barrier(number) for number in range(len(self.peers)))]

    def barrier(self, index: int) -> list[Any]:
        """Everything that is on its way to a connection."""
        peer = self.peers[index]
        peer.log.clear()
        peer.ask(self.raw.PING)
        return [canonical(self.raw, 11, entry, self.owners) for entry in peer.log]

    def close(self) -> None:
        for peer in self.peers:
            peer.stream.close()
            peer.link.close()
