"""Facts 4.4: watches and their order."""

from typing import Any

CREATED, DELETED, DATA, CHILDREN = 1, 2, 3, 4


def test_one_shot_watches(raw: Any, lab: Any) -> None:
    peer, writer = lab.peer(), lab.peer()
    peer.ask(raw.exists("/a", True))
    peer.ask(raw.exists("/a", True))
    peer.ask(raw.children("/", True))
    writer.ask(raw.create("/a"))
    assert peer.ask(raw.PING).err == 0
    assert peer.events() == [(CREATED, "/a"), (CHILDREN, "/")]
    writer.ask(raw.set_data("/a", b""))
    peer.ask(raw.PING)
    assert peer.events() == [], "used up"
    peer.ask(raw.get("/a", True))
    writer.ask(raw.set_acl("/a", raw.OPEN))
    writer.ask(raw.set_data("/a", b""))
    peer.ask(raw.PING)
    assert peer.events() == [(DATA, "/a")]


def test_reads_of_missing_nodes_watch_nothing(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.err(raw.get("/a", True)) == peer.err(raw.children("/a", True)) == -101
    peer.ask(raw.create("/a"))
    assert peer.events() == []


def test_the_event_precedes_the_reply_of_its_cause(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.exists("/a", True))
    peer.log.clear()
    peer.ask(raw.create("/a"))
    assert [type(entry) for entry in peer.log] == [tuple, raw.Reply]


def test_a_deletion_is_told_once(raw: Any, lab: Any) -> None:
    peer, other = lab.peer(), lab.peer()
    peer.ask(raw.create("/a"))
    for request in (raw.get("/a", True), raw.exists("/a", True), raw.children("/a", True), raw.children("/", True)):
        peer.ask(request)
    other.ask(raw.children("/a", True))
    other.ask(raw.delete("/a"))
    peer.ask(raw.PING)
    assert peer.events() == [(DELETED, "/a"), (CHILDREN, "/")]
    assert other.events() == [(DELETED, "/a")]


def test_persistent_watches_stay(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.ask(raw.add_watch("/a", 0)).body.take("i") == 0
    for request in (
        raw.create("/a"),
        raw.set_data("/a", b""),
        raw.create("/a/b"),
        raw.delete("/a/b"),
        raw.delete("/a"),
    ):
        peer.ask(request)
    assert peer.events() == [(CREATED, "/a"), (DATA, "/a"), (CHILDREN, "/a"), (CHILDREN, "/a"), (DELETED, "/a")]


def test_recursive_watches_cover_descendants_but_no_child_events(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.add_watch("/a", 1))
    for request in (
        raw.create("/a"),
        raw.create("/a/b"),
        raw.create("/ab"),
        raw.set_data("/a/b", b""),
        raw.delete("/a/b"),
    ):
        peer.ask(request)
    assert peer.events() == [(CREATED, "/a"), (CREATED, "/a/b"), (DATA, "/a/b"), (DELETED, "/a/b")]
    assert peer.err(raw.add_watch("/a", 2)) == peer.err(raw.add_watch("/a", -1)) == -5


def test_a_one_shot_replaces_a_persistent_one(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/a"))
    peer.ask(raw.add_watch("/a", 0))
    peer.ask(raw.get("/a", True))
    for _ in range(2):
        peer.ask(raw.set_data("/a", b""))
    assert peer.events() == [(DATA, "/a")]
    peer.ask(raw.create("/a/b"))
    assert peer.events() == [(CHILDREN, "/a")], "in the other table it is still there"


def test_watches_die_with_the_connection(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.exists("/a", True))
    peer.ask(raw.add_watch("/b", 1))
    lab.service.disconnect(peer.client)
    lab.peer().ask(raw.create("/a"))
    assert len(lab.service.watches.data) == len(lab.service.watches.child) == 0
    assert peer.client.out == []


def test_set_watches_catches_up(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    for path in ("/old", "/new", "/kid"):
        peer.ask(raw.create(path))
    seen = peer.ask(raw.set_data("/old", b"")).zxid
    peer.ask(raw.set_data("/new", b""))
    peer.ask(raw.create("/kid/x"))
    reply = peer.ask(raw.set_watches(seen, ["/gone", "/new", "/old"], ["/old", "/none"], ["/gone", "/kid", "/old"]), -8)
    assert (reply.xid, reply.err) == (-8, 0)
    assert peer.events() == [
        (DELETED, "/gone"),
        (DATA, "/new"),
        (CREATED, "/old"),
        (DELETED, "/gone"),
        (CHILDREN, "/kid"),
    ]
    for request in (raw.set_data("/old", b""), raw.create("/none"), raw.create("/old/x"), raw.set_data("/new", b"")):
        peer.ask(request)
    assert peer.events() == [(DATA, "/old"), (CREATED, "/none"), (CHILDREN, "/old")]


def test_set_watches2_rearms_without_catching_up(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/a"))
    peer.ask(raw.set_watches(0, [], [], [], ["/a"], ["/r"]), -8)
    assert peer.events() == []
    for request in (raw.set_data("/a", b""), raw.create("/r"), raw.create("/r/x")):
        peer.ask(request)
    assert peer.events() == [(DATA, "/a"), (CREATED, "/r"), (CREATED, "/r/x")]


def test_checking_and_removing(raw: Any, lab: Any) -> None:
    peer, other = lab.peer(), lab.peer()
    peer.ask(raw.exists("/a", True))
    other.ask(raw.exists("/a", True))
    assert [peer.err(raw.check_watches("/a", kind)) for kind in (1, 2, 3, 9)] == [-121, 0, 0, -5]
    assert [peer.err(raw.remove_watches("/a", kind)) for kind in (1, 2, 2, 3, 9)] == [-121, 0, -121, -121, -5]
    peer.ask(raw.add_watch("/a", 1))
    assert peer.err(raw.check_watches("/a/b", 3)) == 0, "a recursive watch covers what is below"
    assert peer.err(raw.remove_watches("/a/b", 3)) == -121, "but is removed where it was set"
    assert peer.err(raw.remove_watches("/a", 3)) == 0
    peer.ask(raw.create("/a"))
    other.ask(raw.PING)
    assert (peer.events(), other.events()) == ([], [(CREATED, "/a")])


def test_expiry_tells_the_watchers(raw: Any, lab: Any) -> None:
    peer, dying = lab.peer(timeout=40_000), lab.peer(timeout=4000)
    dying.ask(raw.create("/e", flags=1))
    peer.ask(raw.get("/e", True))
    lab.wait(6000)
    assert dying.client.closing
    peer.ask(raw.PING)
    assert peer.events() == [(DELETED, "/e")]


def test_only_those_who_may_read_are_told(raw: Any, lab: Any) -> None:
    """As patched against CVE-2024-23944, after the release that the other rules were measured on."""
    owner, stranger = lab.peer(), lab.peer()
    owner.ask(raw.auth("digest", b"bob:pw"), -4)
    for peer in (owner, stranger):
        peer.ask(raw.add_watch("/a", 0))
        peer.ask(raw.exists("/a/b", True))
        peer.ask(raw.children("/", True))
    owner.ask(raw.create("/a", acl=((31, "auth", ""),)))
    owner.ask(raw.create("/a/b"))
    owner.ask(raw.delete("/a/b"))
    owner.ask(raw.delete("/a"))
    stranger.ask(raw.PING)
    created = [(CREATED, "/a"), (CHILDREN, "/"), (CREATED, "/a/b"), (CHILDREN, "/a"), (CHILDREN, "/a"), (DELETED, "/a")]
    assert owner.events() == created
    assert stranger.events() == [(CHILDREN, "/"), (CREATED, "/a/b")]
