"""Where the reference deliberately differs from ZooKeeper 3.8.0: each difference is shown on both servers."""

from collections.abc import Callable
from typing import Any

import pytest


def peer_of(raw: Any, server: Any) -> Any:
    peer = raw.socket_peer("127.0.0.1", server.port)
    assert peer.hello().session
    peer.link.settimeout(3)
    return peer


def hang_up(*peers: Any) -> None:
    for peer in peers:
        peer.stream.close()
        peer.link.close()


@pytest.fixture
def pair(raw: Any, ours: Callable[..., Any], theirs: Callable[..., Any]) -> Any:
    """A connection to each of the two."""
    servers = ours("--tick", "500"), theirs()  # both, before a session begins to wait for the other one to start
    mine, real = (peer_of(raw, server) for server in servers)
    yield mine, real
    hang_up(mine, real)


@pytest.mark.slow
def test_a_ttl_request_without_a_ttl_flag_kills_the_real_server(raw: Any, pair: Any) -> None:
    mine, real = pair
    request = raw.ttl("/t", -1, 0)
    assert mine.err(request) == -8
    real.post(request)
    assert real.next() is None, "the process is gone"
    assert mine.err(raw.exists("/")) == 0


@pytest.mark.slow
def test_a_check_of_its_own_that_passes_is_never_answered_by_the_real_server(raw: Any, pair: Any) -> None:
    mine, real = pair
    assert [peer.err(raw.check("/", 77)) for peer in pair] == [-103, -103]
    assert mine.err(raw.check("/", 0)) == -8
    real.post(raw.check("/", 0))
    with pytest.raises(TimeoutError):
        real.next()


@pytest.mark.slow
def test_a_flag_that_does_not_fit_its_operation(raw: Any, pair: Any) -> None:
    for request in (raw.create2("/plain", flags=4), raw.container("/c", 0)):
        mine, real = (peer.err(request) for peer in pair)
        assert (mine, real) == (-8, 0)


@pytest.mark.slow
def test_a_set_acl_is_not_seen_by_what_is_pipelined_behind_it(raw: Any, pair: Any) -> None:
    """A race in the real server, hence only ours has one answer."""
    mine, _ = pair
    mine.ask(raw.create("/a"))
    mine.post(raw.set_acl("/a", ((1, "world", "anyone"),)))
    mine.post(raw.set_data("/a", b"x"))
    assert [mine.next().err, mine.next().err] == [0, -102]


@pytest.mark.slow
def test_check_watches_says_yes_for_the_watches_of_others(
    raw: Any, ours: Callable[..., Any], theirs: Callable[..., Any]
) -> None:
    said = []
    servers = ours("--tick", "500"), theirs()
    for server in servers:
        watcher, asker = peer_of(raw, server), peer_of(raw, server)
        watcher.ask(raw.exists("/a", True))
        said.append([asker.err(raw.check_watches("/a", 2)), asker.err(raw.remove_watches("/a", 2))])
        hang_up(watcher, asker)
    assert said == [[-121, -121], [0, -121]]


@pytest.mark.slow
def test_a_wrong_password_cuts_the_owner_off_in_both(
    raw: Any, ours: Callable[..., Any], theirs: Callable[..., Any]
) -> None:
    """A hazard that is reproduced: clients must live with it."""
    for server in (ours("--tick", "500"), theirs()):
        owner, thief = (raw.socket_peer("127.0.0.1", server.port) for _ in range(2))
        welcome = owner.hello()
        assert thief.hello(session=welcome.session).session == 0
        assert thief.next() is None and owner.next() is None
        back = raw.socket_peer("127.0.0.1", server.port)
        assert back.hello(session=welcome.session, password=welcome.password).session == welcome.session
        hang_up(owner, thief, back)
