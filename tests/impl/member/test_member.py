"""What clients see of an ensemble, without sockets: every member answers, in order, and as one."""

from collections.abc import Callable
from typing import Any

from quorate.impl.ensemble.messages import Notification, Vote

MakeWorld = Callable[..., Any]
Visit = Callable[..., Any]


def test_a_write_is_seen_everywhere_and_answered_where_it_was_asked(
    ensemble: MakeWorld, visit: Visit, raw: Any
) -> None:
    world = ensemble(3, 1)
    leader = world.elect()
    assert {m.service.mode for m in world.members.values()} == {"leader", "follower", "observer"}
    peers = {server: visit(world, server) for server in world.members}
    assert len({peer.welcome.session >> 56 for peer in peers.values()}) == 4, "a session's id begins with the server"
    for server, peer in peers.items():
        assert peer.ask(raw.create(f"/of{server}", b"x")).err == 0
        assert peer.err(raw.create(f"/of{server}", b"x")) == -110
    assert len(world.digests()) == 1
    zxids = [peer.ask(raw.sync("/")).zxid for peer in peers.values()]
    assert set(zxids) == {1 << 32 | 12}, "four sessions, four nodes, four refusals"
    assert peers[leader].ask(raw.children("/")).body.texts() == ["zookeeper", "of0", "of1", "of2", "of3"]


def test_one_client_is_answered_in_its_order(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    world.elect()
    peer = visit(world, world.follower())
    peer.post(raw.create("/a", b"1"))
    peer.post(raw.get("/a"))
    peer.post(raw.set_data("/a", b"2"))
    peer.post(raw.sync("/a"))
    peer.post(raw.get("/a"))
    peer.post(raw.delete("/b"))
    peer.post(raw.exists("/a"))
    answers = [peer.next() for _ in range(7)]
    assert [answer.xid for answer in answers] == [1, 2, 3, 4, 5, 6, 7]
    assert [answer.err for answer in answers] == [0, 0, 0, 0, 0, -101, 0]
    assert [answers[1].body.buf(), answers[4].body.buf()] == [b"1", b"2"]
    zxids = [answer.zxid for answer in answers]
    assert zxids == sorted(zxids)


def test_what_is_sent_before_the_session_stands(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    """The Java client sends authentication and watches together with its handshake."""
    world = ensemble(3)
    world.elect()
    peer = visit(world, world.follower(), greet=False)
    payload = raw.connect()
    peer.send(raw.i32(len(payload)) + payload)
    peer.post(raw.create("/early", b"1"))
    peer.post(raw.get("/early"))
    assert raw.welcome(peer.receive()).session != 0
    assert [peer.next().err for _ in range(2)] == [0, 0]


def test_watches_are_told_at_every_member(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    leader = world.elect()
    watcher, writer = visit(world, world.follower()), visit(world, leader)
    watcher.ask(raw.exists("/a", True))
    watcher.ask(raw.children("/", True))
    writer.ask(raw.create("/a"))
    world.settle()
    assert [watcher.next(), watcher.next()] == [("event", 1, "/a"), ("event", 4, "/")]


def test_a_session_moves_to_another_member(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    leader = world.elect()
    others = [server for server in world.members if server != leader]
    old = visit(world, others[0])
    old.ask(raw.create("/mine", b"", 1))
    who = {"session": old.welcome.session, "password": old.welcome.password}
    new = visit(world, others[1], **who)
    assert new.welcome.session == old.welcome.session
    assert new.ask(raw.exists("/mine")).stat.ephemeral_owner == old.welcome.session
    old.post(raw.set_data("/mine", b"late"))
    assert old.next() is None, "the connection that lost its session is closed without an answer"
    assert new.ask(raw.get("/mine")).body.buf() == b""
    wrong = visit(world, leader, session=old.welcome.session, password=b"0" * 16)
    assert (wrong.welcome.session, wrong.welcome.timeout) == (0, 0)
    unknown = visit(world, leader, session=77, password=bytes(16))
    assert unknown.welcome.session == 0
    assert new.err(raw.exists("/mine")) == 0


def test_the_leader_decides_when_a_session_is_over(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    """A client of a follower lives as long as the follower hears of it; then its ephemerals go everywhere."""
    world = ensemble(3)
    leader = world.elect()
    quiet, lively = (visit(world, world.follower(), timeout=2000) for _ in range(2))
    witness = visit(world, leader, timeout=10_000)
    quiet.ask(raw.create("/quiet", b"", 1))
    lively.ask(raw.create("/lively", b"", 1))
    witness.ask(raw.exists("/quiet", True))
    for _ in range(8):
        world.wait(500)
        lively.err(raw.PING)
        witness.err(raw.PING)
    assert witness.events() == [(2, "/quiet")]
    assert quiet.client.closing and quiet.next() is None
    assert lively.err(raw.exists("/quiet")) == -101
    assert lively.err(raw.exists("/lively")) == 0
    assert len(world.digests()) == 1


def test_a_session_ends_when_it_is_closed(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    world.elect()
    peer, witness = visit(world, world.follower()), visit(world, world.leader())
    peer.ask(raw.create("/mine", b"", 1))
    assert peer.err(raw.CLOSE) == 0
    assert peer.next() is None
    assert witness.err(raw.exists("/mine")) == -101
    again = visit(world, world.leader(), session=peer.welcome.session, password=peer.welcome.password)
    assert again.welcome.session == 0


def test_sessions_and_ephemerals_outlive_their_leader(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    first = world.elect()
    peer = visit(world, world.follower(), timeout=4000)
    zxid = peer.ask(raw.create("/mine", b"", 1)).zxid
    world.crash(first)
    assert peer.client.closing, "a member without a leader serves nobody"
    second = world.elect()
    assert second != first
    who = {"session": peer.welcome.session, "password": peer.welcome.password, "seen": zxid}
    back = visit(world, second, timeout=4000, **who)
    assert back.ask(raw.exists("/mine")).stat.ephemeral_owner == peer.welcome.session
    world.start(first)
    world.elect()
    for _ in range(4):
        world.wait(1000)
        assert back.err(raw.PING) == 0
    world.wait(6000)
    assert back.client.closing, "nobody has heard of it for longer than its time-out"
    assert visit(world, first).err(raw.exists("/mine")) == -101
    assert len(world.digests()) == 1


def test_without_a_quorum_nobody_is_served(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    leader = world.elect()
    peer = visit(world, leader)
    for other in [server for server in world.members if server != leader]:
        world.crash(other)
    assert peer.client.closing and peer.next() is None
    world.wait(5000)
    late = visit(world, leader, greet=False)
    assert late.hello() is None


def test_a_leader_that_is_cut_off_gives_up(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    """Nothing reaches it and nothing comes from it: syncLimit passes, the others elect, its last proposal is gone."""
    world = ensemble(3)
    leader = world.elect()
    others = [server for server in world.members if server != leader]
    peer = visit(world, leader)
    peer.ask(raw.create("/a"))
    world.cut = {(a, b) for a in (leader,) for b in others} | {(b, a) for a in (leader,) for b in others}
    peer.post(raw.create("/never"))
    world.wait(12_000)
    assert world.leader() != leader and world.members[leader].node.role is None
    assert peer.client.closing
    other = visit(world, world.leader())
    assert other.err(raw.exists("/never")) == -101
    other.ask(raw.create("/b"))
    world.cut.clear()
    world.elect()
    assert world.members[leader].node.state == "FOLLOWING"
    returned = visit(world, leader)
    assert [returned.err(raw.exists(path)) for path in ("/a", "/b", "/never")] == [0, 0, -101]
    assert len(world.digests()) == 1


def test_a_learner_that_lacks_too_much_gets_a_snapshot(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3, 1, retained=10)
    world.elect()
    away = [world.follower(), 3]
    for server in away:
        world.crash(server)
    peer = visit(world, world.leader())
    for index in range(60):
        peer.ask(raw.create(f"/n{index}", b"x" * 50))
    assert len(world.members[world.leader()].node.log) < 60, "the node forgets what the tree holds"
    for server in away:
        world.start(server)
    world.elect()
    assert len(world.digests()) == 1
    assert {target for _, target, name in world.sent if name == "FullSnapshot"} == set(away)
    world.crash(away[0])
    world.start(away[0])
    world.elect()
    assert visit(world, away[0]).err(raw.exists("/n59")) == 0


def test_a_leader_that_has_just_started_sends_all_of_its_log_as_a_snapshot(
    ensemble: MakeWorld, visit: Visit, raw: Any
) -> None:
    """None of it is applied at the leader yet."""
    world = ensemble(3, retained=10)
    leader = world.elect()
    away = world.follower()
    world.crash(away)
    peer = visit(world, leader)
    for index in range(60):
        peer.ask(raw.create(f"/n{index}"))
    for server in list(world.members):
        world.crash(server)
    world.start(leader)
    world.start(away)
    world.elect()
    assert world.leader() == leader
    assert ("FullSnapshot", away) in {(name, target) for _, target, name in world.sent}
    assert len(world.digests()) == 1
    assert visit(world, away).err(raw.exists("/n59")) == 0


def test_a_follower_that_hears_nothing_looks_for_another_leader(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    """One direction alone is cut; the leader still hears it."""
    world = ensemble(3)
    leader, deaf = world.elect(), world.follower()
    world.cut = {(leader, deaf)}
    world.wait(7000)
    assert not world.members[deaf].service.serving
    assert world.leader() == leader
    world.cut.clear()
    assert world.elect() == leader


def test_a_leader_whose_voters_died_does_not_wait_for_them(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    """One voted for it and died; the two come back and elect; it joins them long before initLimit is over."""
    world = ensemble(3, 1)
    world.crash(0)
    world.crash(1)
    world.settle()
    leader = world.members[2]
    leader.notified(0, Notification("LOOKING", Vote(0, 0, 2), leader.node.election.round), world.now())
    world.wait(300)
    began = world.ms
    assert leader.node.state == "LEADING" and not leader.service.serving
    world.start(0)
    world.start(1)
    world.elect()
    assert world.ms - began < 5000 < 20 * 500


def test_nothing_is_kept_of_what_is_over(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    leadership = world.members[world.elect()].leadership
    for _ in range(3):
        peer = visit(world, world.follower())
        peer.ask(raw.create("/mine", b"", 1))
        peer.ask(raw.CLOSE)
        world.settle()
    assert leadership is not None
    assert (len(leadership.sessions.live), len(leadership._preparer._pending)) == (0, 0)
    assert all(len(member.service._asked) == 0 for member in world.members.values())


def test_a_proposal_that_was_never_committed_is_cut(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    leader = world.elect()
    others = [server for server in world.members if server != leader]
    visit(world, leader).ask(raw.create("/a"))
    world.cut = {(leader, other) for other in others}
    visit(world, leader, greet=False).send(raw.i32(len(raw.connect())) + raw.connect())
    dead = world.members[leader].node.last
    world.crash(leader)
    world.cut.clear()
    world.elect()
    world.start(leader)
    world.elect()
    assert world.members[leader].node.last < dead
    for directory in world.disks:
        assert b"ZKLG" in directory.read("log.100000001")
    assert len({bytes(disk.read("log.100000001")).rstrip(b"\0") for disk in world.disks}) == 1


def test_an_epoch_ends_before_its_counter_does(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3, max_counter=5)
    epochs = set()
    for index in range(12):
        leader = world.elect()
        peer = visit(world, leader, greet=False)
        if peer.hello() is None:
            continue
        peer.post(raw.create(f"/n{index}"))
        if peer.next() is not None:
            epochs.add(world.members[leader].node.current)
    assert len(epochs) >= 3
    world.elect()
    assert len(world.digests()) == 1
    assert all(zxid & 0xFFFFFFFF <= 5 for zxid, _ in world.digests())


def test_containers_and_stale_nodes_go_at_the_leaders_word(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3, container_check_ms=1000)
    world.elect()
    peer = visit(world, world.follower(), timeout=10_000)
    peer.ask(raw.container("/c"))
    peer.ask(raw.create("/c/child"))
    peer.ask(raw.ttl("/t", 2000))
    peer.ask(raw.delete("/c/child"))
    for _ in range(8):
        world.wait(500)
        peer.err(raw.PING)
    assert [peer.err(raw.exists(path)) for path in ("/c", "/t")] == [-101, -101]
    assert len(world.digests()) == 1


def test_a_sync_waits_for_what_was_proposed(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    """The writer's own member is slow: the reader that syncs elsewhere sees the write all the same."""
    world = ensemble(3)
    leader = world.elect()
    others = [server for server in world.members if server != leader]
    writer, reader = visit(world, leader), visit(world, others[0])
    writer.ask(raw.create("/a", b"old"))
    world.cut = {(others[1], leader)}
    writer.post(raw.set_data("/a", b"new"))
    reader.post(raw.sync("/a"))
    reader.post(raw.get("/a"))
    assert reader.next().err == 0
    assert reader.next().body.buf() == b"new"


def test_a_client_that_has_seen_more_is_sent_away(ensemble: MakeWorld, visit: Visit, raw: Any) -> None:
    world = ensemble(3)
    world.elect()
    assert visit(world, world.follower(), greet=False).hello(seen=1 << 40) is None
