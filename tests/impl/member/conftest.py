"""Members without sockets, and clients at them: `ensemble(3)` gives a world in which nothing has happened yet."""

from collections.abc import Callable
from typing import Any

import pytest
from quorate.impl.member.simulation import World


@pytest.fixture
def ensemble() -> Callable[..., World]:
    """Makes worlds."""
    return World


@pytest.fixture
def visit(raw: Any) -> Callable[..., Any]:
    """A client at a member: `visit(world, server)`; what it asks is delivered before it looks for an answer."""

    def connect(world: World, server: int, greet: bool = True, **arguments: Any) -> Any:
        client = world.members[server].service.connect("127.0.0.1", world.now())

        def receive() -> bytes | None:
            world.settle()
            if not client.out:
                assert client.closing, "the server has not answered"
                return None
            return bytes(client.out.pop(0)[4:])

        peer = raw.Peer(lambda data: world.feed(server, client, data), receive)
        peer.client = client
        if greet:
            peer.welcome = peer.hello(**arguments)
        return peer

    return connect
