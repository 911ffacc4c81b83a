"""Real members on loopback: they elect, replicate, fail over and come back, and clients notice little of it."""

from collections.abc import Callable
from typing import Any

import pytest
from kazoo.exceptions import NoNodeError


def test_three_servers_survive_their_leader(ensemble: Callable[..., Any]) -> None:
    """Write through a follower, kill the leader, read and write on, start it again: it has everything."""
    servers = ensemble(3)
    first = servers.leader()
    follower = min(set(servers.members) - {first})
    client = servers.client(follower)
    client.create("/a", b"before")
    client.create("/mine", ephemeral=True)
    session = client.client_id
    servers.kill(first)
    second = servers.leader()
    assert second != first
    elsewhere = servers.client(*(set(servers.members) - {first, follower}))
    elsewhere.sync("/")
    assert elsewhere.get("/a")[0] == b"before"
    assert client.retry(client.set, "/a", b"after").version == 1
    assert client.client_id == session and client.exists("/mine").owner_session_id == session[0]
    servers.start(first)
    servers.wait(first)
    assert servers.roles()[first] == "follower"
    returned = servers.client(first)
    assert returned.get("/a")[0] == b"after"
    client.delete("/mine")
    returned.sync("/")
    with pytest.raises(NoNodeError):
        returned.get("/mine")
