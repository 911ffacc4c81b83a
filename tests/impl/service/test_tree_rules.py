"""Facts 4.1 and 4.2 through raw requests: stats, order of checks, paths, sequential, ephemeral, container, TTL."""

from typing import Any

import pytest


def test_a_fresh_tree(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert lab.service.tree.digest == 0x51C6D660
    assert peer.ask(raw.children("/")).body.texts() == ["zookeeper"]
    assert sorted(peer.ask(raw.children("")).body.texts()) == ["zookeeper"]
    assert sorted(peer.ask(raw.children("/zookeeper")).body.texts()) == ["config", "quota"]
    assert peer.ask(raw.exists("/")).stat == raw.Stat(0, 0, 0, 0, 0, -1, 0, 0, 0, 1, 0)
    config = peer.ask(raw.get_acl("/zookeeper/config")).body
    assert config.acls() == [(1, "world", "anyone")]
    assert config.stat().aversion == -1


def test_stats_of_create_set_delete(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.ask(raw.create("/a", b"x")).zxid == 2, "the session took the first zxid"
    lab.wait(7)
    created = lab.wall - 7
    assert peer.ask(raw.exists("/a")).stat == raw.Stat(2, 2, created, created, 0, 0, 0, 0, 1, 0, 2)
    changed = peer.ask(raw.set_data("/a", b"xyz", 0)).stat
    assert changed == raw.Stat(2, 3, created, lab.wall, 1, 0, 0, 0, 3, 0, 2)
    assert peer.ask(raw.set_acl("/a", raw.OPEN, 0)).stat == changed._replace(aversion=1), "mzxid untouched"
    peer.ask(raw.create("/a/b"))
    assert peer.ask(raw.exists("/a")).stat == changed._replace(aversion=1, cversion=1, num_children=1, pzxid=5)
    peer.ask(raw.delete("/a/b"))
    assert peer.ask(raw.exists("/a")).stat == changed._replace(aversion=1, cversion=2, pzxid=6)
    assert lab.service.tree.nodes["/a"].cversion == 1, "stored: creates only"


def test_null_data_stays_null(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/a", None))
    body = peer.ask(raw.get("/a")).body
    assert body.buf() is None and body.stat().data_length == 0
    peer.ask(raw.set_data("/", b"root"))
    assert peer.ask(raw.get("/")).body.buf() == b"root"


def test_every_write_takes_a_zxid_and_nothing_else_does(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    zxid = peer.ask(raw.PING).zxid
    writes = [raw.create("/a"), raw.create("/a"), raw.delete("/x"), raw.set_data("/a", b"", 9), raw.multi(), (5, b"")]
    for request in writes:
        zxid += 1
        assert peer.ask(request).zxid == zxid
    for request in [raw.get("/a"), raw.get("/x"), raw.sync("/x"), raw.PING, raw.add_watch("/a", 0), raw.exists("/q")]:
        assert peer.ask(request).zxid == zxid
    assert [txn.header.zxid for txn in lab.journal] == list(range(1, zxid + 1)), "failed writes are logged"
    assert [txn.digest is None for txn in lab.journal] == [False, False, True, True, True, False, True]


def test_versions(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/a"))
    assert [peer.err(raw.set_data("/a", b"", v)) for v in (1, -2, 0, 0, 1, -1)] == [-103, -103, 0, -103, 0, 0]
    assert [peer.err(raw.set_acl("/a", raw.OPEN, v)) for v in (3, -2, 0, -1)] == [-103, -103, 0, 0]
    assert [peer.err(raw.delete("/a", v)) for v in (4, -2, 3)] == [-103, -103, 0]


LOCKED = ((16, "digest", "bob:ikIaKsbtGweaHnb/jKn7OHqbunM="),)


def test_order_of_checks_in_create(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/locked", acl=LOCKED))
    peer.ask(raw.create("/e", flags=1))
    peer.ask(raw.create("/a"))
    bad_acl: Any = ((31, "world", "nobody"),)
    rows = [
        (raw.create("/no/x", flags=9, acl=bad_acl), -8),
        (raw.create("nothing", acl=bad_acl), -8),
        (raw.create("/no/x\0", acl=bad_acl), -8),
        (raw.create("/no//x", acl=bad_acl), -114),
        (raw.create("/no//x"), -101),
        (raw.create("/locked/.."), -102),
        (raw.create("/a/.."), -8),
        (raw.create("/a//b"), -101),
        (raw.create("/a"), -110),
        (raw.create("/e/x"), -108),
        (raw.create(None), -5),
        (raw.create("/"), -110),
        (raw.create("/a", acl=None), -114),
        (raw.create("/a", acl=()), -114),
    ]
    assert [peer.err(request) for request, _ in rows] == [code for _, code in rows]


def test_order_of_checks_in_the_other_writes(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/locked/x", acl=raw.OPEN))
    peer.ask(raw.create("/locked"))
    peer.ask(raw.create("/locked/x"))
    peer.ask(raw.create("/locked/x/y"))
    bad_acl: Any = ((31, "world", "nobody"),)
    before = [
        (raw.delete("/locked/x", 9), -103),
        (raw.delete("/locked/x"), -111),
        (raw.delete("/locked/n"), -101),
        (raw.set_acl("/n", bad_acl), -114),
        (raw.set_acl("/n/", bad_acl), -8),
        (raw.set_acl("/n", raw.OPEN), -101),
        (raw.set_data("/n/", b""), -8),
        (raw.set_data("/n", b""), -101),
        (raw.check("/locked", 7), -103),
        (raw.check("/n", 7), -101),
        (raw.set_acl("/locked", LOCKED), 0),
    ]
    assert [peer.err(request) for request, _ in before] == [code for _, code in before]
    after = [
        (raw.delete("/locked/n"), -102),
        (raw.set_data("/locked", b"", 9), -102),
        (raw.set_acl("/locked", raw.OPEN, 9), -102),
        (raw.check("/locked", 7), -102),
        (raw.get("/locked"), -102),
        (raw.children("/locked"), -102),
        (raw.exists("/locked"), 0),
        (raw.get("/locked/x"), 0),
    ]
    assert [peer.err(request) for request, _ in after] == [code for _, code in after]


def test_special_paths(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    for path in ("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"):
        assert peer.err(raw.delete(path)) == -8
    assert peer.err(raw.create("/zookeeper/x")) == 0
    assert peer.err(raw.delete("/zookeeper/x")) == 0


def test_reads_do_not_check_syntax(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert [peer.err(raw.get(path)) for path in ("a", "/a/", "//", "/\0", None)] == [-101, -101, -101, -101, -5]
    assert [peer.err(raw.exists(path)) for path in ("a", "/\0", None)] == [-101, -8, -5]


def test_sequential_names(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/p"))
    paths = [peer.ask(raw.create(f"/p/{name}", flags=2)).path for name in ("a", "b", "")]
    assert paths == ["/p/a0000000000", "/p/b0000000001", "/p/0000000002"]
    peer.ask(raw.create("/p/plain"))
    peer.ask(raw.delete("/p/plain"))
    assert peer.ask(raw.create("/p/a", flags=3)).path == "/p/a0000000004", "plain creates count, deletes do not"


def test_the_last_sequential_name(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/p"))
    lab.service.tree.nodes["/p"].cversion = 2**31 - 2
    names = [peer.ask(raw.create("/p/a", flags=2)) for _ in range(3)]
    assert [reply.err for reply in names] == [0, 0, -110]
    assert [reply.path for reply in names[:2]] == ["/p/a2147483646", "/p/a2147483647"]
    frozen = lab.service.tree.nodes["/p"].pzxid
    assert peer.err(raw.create("/p/plain")) == 0
    assert (lab.service.tree.nodes["/p"].cversion, lab.service.tree.nodes["/p"].pzxid) == (2**31 - 1, frozen)


def test_ephemerals_go_with_their_session_in_one_transaction(raw: Any, lab: Any) -> None:
    peer, other = lab.peer(), lab.peer()
    for path in ("/e1", "/e2"):
        peer.ask(raw.create(path, flags=1))
    assert other.ask(raw.exists("/e1")).stat.ephemeral_owner == peer.welcome.session
    other.ask(raw.create("/keep", flags=1))
    zxid = other.ask(raw.PING).zxid
    closed = peer.ask(raw.CLOSE)
    assert (closed.err, closed.zxid) == (0, zxid + 1)
    assert peer.client.closing
    assert lab.journal[-1].body.paths == ("/e1", "/e2")
    assert [other.err(raw.exists(path)) for path in ("/e1", "/e2", "/keep")] == [-101, -101, 0]


def test_containers(raw: Any, lab: Any) -> None:
    peer = lab.peer(timeout=40_000)
    reply = peer.ask(raw.container("/c"))
    assert reply.path == "/c" and reply.stat.ephemeral_owner == 0
    assert lab.service.tree.nodes["/c"].ephemeral_owner == -(2**63)

    def checked() -> bool:
        for _ in range(4):
            lab.wait(16_000)
            peer.ask(raw.PING)
        return bool(peer.err(raw.exists("/c")) == 0)

    assert checked(), "never before its first child"
    assert peer.err(raw.create("/c/x")) == 0
    assert checked()
    peer.ask(raw.delete("/c/x"))
    assert not checked()
    last = lab.service.journal[-1] if lab.service.journal else lab.journal[-1]
    assert (last.header.type, last.header.session_id, last.header.cxid) == (20, 0, 0)


def test_ttl_nodes(raw: Any, lab: Any) -> None:
    peer = lab.peer(timeout=40_000)
    assert peer.ask(raw.ttl("/t", 70_000)).stat.ephemeral_owner == 0
    assert lab.service.tree.nodes["/t"].ttl_ms == 70_000
    assert peer.ask(raw.ttl("/s", 1, 6)).path == "/s0000000001"
    for request in (raw.ttl("/x", 0), raw.ttl("/x", -1), raw.ttl("/x", 1 << 40), raw.create("/x", flags=5)):
        assert peer.err(request) == -8
    assert peer.err(raw.create("/x", flags=6)) == -8
    assert peer.err(raw.ttl("/big", (1 << 40) - 1)) == 0
    for _ in range(4):
        lab.wait(16_000)
        peer.ask(raw.PING)
    assert [peer.err(raw.exists(path)) for path in ("/t", "/s0000000001", "/big")] == [0, -101, 0]
    peer.ask(raw.create("/t/child"))
    for _ in range(4):
        lab.wait(16_000)
        peer.ask(raw.PING)
    assert peer.err(raw.exists("/t")) == 0, "a child keeps it alive"


@pytest.mark.parametrize("flags", range(-1, 9))
def test_the_flag_must_fit_the_operation(raw: Any, lab: Any, flags: int) -> None:
    peer = lab.peer()
    assert peer.err(raw.create("/a", flags=flags)) == (0 if 0 <= flags <= 3 else -8)
    assert peer.err(raw.create2("/b", flags=flags)) == (0 if 0 <= flags <= 3 else -8)
    assert peer.err(raw.container("/c", flags)) == (0 if flags == 4 else -8), "hazard of section 9: refused"
    assert peer.err(raw.ttl("/d", 9, flags)) == (0 if flags in (5, 6) else -8)
    assert peer.err(raw.ttl("/e", -1, flags)) == -8, "hazard of section 9: the real server dies of this"


def test_a_check_of_its_own_is_refused(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.err(raw.check("/", 0)) == -8, "hazard of section 9: the real server's log becomes unreadable"
    assert peer.err(raw.check("/", 5)) == -103


def test_ttl_needs_extended_types(raw: Any) -> None:
    peer = raw.Lab(extended_types=False).peer()
    assert peer.err(raw.ttl("/t", 5)) == -6


def test_the_reads_of_counts_and_ephemerals(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    for path in ("/a", "/a/b", "/ab"):
        peer.ask(raw.create(path))
    peer.ask(raw.create("/a/e", flags=1))
    assert peer.ask((104, raw.text("/a"))).body.take("i") == 2
    assert peer.ask((104, raw.text("/"))).body.take("i") == 7
    assert peer.err((104, raw.text("/none"))) == -101
    assert peer.ask((103, raw.text("/"))).body.texts() == ["/a/e"]
    assert peer.ask((103, raw.text("/b"))).body.texts() == []
    assert lab.peer().ask((103, raw.text("/"))).body.texts() == []


def test_create2_answers_path_and_stat(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    reply = peer.ask(raw.create2("/a", b"abc", flags=2))
    assert reply.path == "/a0000000000"
    assert reply.stat == peer.ask(raw.exists("/a0000000000")).stat


def test_reconfig_of_a_standalone_server(raw: Any, lab: Any) -> None:
    request = (16, raw.text(None) * 3 + raw.i64(-1))
    assert lab.peer().err(request) == -123
    assert raw.Lab(reconfig_enabled=True).peer().err(request) == -6
