"""The requests that change nothing in the tree: reads, and everything about watches. One function for each operation.

A function takes the service, the client and the record, and returns the body of the reply, or raises `Refused`.
Source: `FinalRequestProcessor.processRequest`, `DataTree.setWatches`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..data import acl
from ..data.codes import READ, Code, EventType, Op, Refused
from ..data.node import Node
from ..data.paths import ROOT
from ..data.watches import Mode
from ..wire import requests
from ..wire.frames import event
from ..wire.jute import Reader
from . import replies
from .client import Client

if TYPE_CHECKING:
    from .service import Service


def _get_data(service: "Service", client: Client, source: Reader) -> bytes:
    path, watch = source.text(), source.boolean()
    node = _readable(service, client, path)
    if watch:
        service.watches.data.add(path, client.number)
    return replies.buffer(node.data) + replies.stat(node)


def _exists(service: "Service", client: Client, source: Reader) -> bytes:
    """The one read that sets a watch on what is not there, and that asks no permission."""
    path, watch = source.text(), source.boolean()
    if "\0" in path:
        raise Refused(Code.BAD_ARGUMENTS)
    if watch:
        service.watches.data.add(path, client.number)
    return replies.stat(_present(service, path))


def _get_children(service: "Service", client: Client, source: Reader) -> bytes:
    path, watch = source.text(), source.boolean()
    node = _readable(service, client, path)
    if watch:
        service.watches.child.add(path, client.number)
    return replies.texts(node.children)


def _get_children2(service: "Service", client: Client, source: Reader) -> bytes:
    path, watch = source.text(), source.boolean()
    node = _readable(service, client, path)
    if watch:
        service.watches.child.add(path, client.number)
    return replies.texts(node.children) + replies.stat(node)


def _get_acl(service: "Service", client: Client, source: Reader) -> bytes:
    node = _present(service, source.text())
    return replies.acls(acl.shown(node.acl, client.identities)) + replies.stat(node)


def _get_all_children_number(service: "Service", client: Client, source: Reader) -> bytes:
    path = source.text()
    _readable(service, client, path)
    if path == ROOT:
        return replies.integer(len(service.tree.nodes) - 1)
    return replies.integer(sum(1 for _ in service.tree.walk(path or ROOT)) - 1)


def _get_ephemerals(service: "Service", client: Client, source: Reader) -> bytes:
    prefix = source.string()
    own = service.tree.ephemerals.get(client.session, {})
    if prefix is None or prefix.strip() in ("", ROOT):
        return replies.texts(own)
    return replies.texts([path for path in own if path.startswith(prefix)])


def _sync(service: "Service", client: Client, source: Reader) -> bytes:
    """A server that stands alone is always up to date."""
    return replies.text(source.text())


def _ping(service: "Service", client: Client, source: Reader) -> bytes:
    return b""


def _multi_read(service: "Service", client: Client, source: Reader) -> bytes:
    results = []
    for read in requests.decode_reads(source):
        try:
            node = _readable(service, client, read.path)
        except Refused as refusal:
            results.append(replies.part_error(refusal.code))
            continue
        if read.watch:
            table = service.watches.data if read.op == Op.GET_DATA else service.watches.child
            table.add(read.path, client.number)
        data = read.op == Op.GET_DATA
        body = replies.buffer(node.data) + replies.stat(node) if data else replies.texts(node.children)
        results.append(replies.part(read.op, body))
    return b"".join(results) + replies.parts_end()


def _set_watches(service: "Service", client: Client, source: Reader) -> bytes:
    return _catch_up(service, client, requests.decode_set_watches(source, extended=False))


def _set_watches2(service: "Service", client: Client, source: Reader) -> bytes:
    return _catch_up(service, client, requests.decode_set_watches(source, extended=True))


def _catch_up(service: "Service", client: Client, wanted: requests.SetWatches) -> bytes:
    """Tell at once of what was missed since the zxid that the client saw last, and watch the rest again."""
    get, number, since = service.tree.get, client.number, wanted.relative_zxid
    for path in wanted.data:
        node = get(path)
        if node is None:
            client.out.append(event(EventType.NODE_DELETED, path))
        elif node.mzxid > since:
            client.out.append(event(EventType.NODE_DATA_CHANGED, path))
        else:
            service.watches.data.add(path, number)
    for path in wanted.exist:
        if get(path) is not None:
            client.out.append(event(EventType.NODE_CREATED, path))
        else:
            service.watches.data.add(path, number)
    for path in wanted.child:
        node = get(path)
        if node is None:
            client.out.append(event(EventType.NODE_DELETED, path))
        elif node.pzxid > since:
            client.out.append(event(EventType.NODE_CHILDREN_CHANGED, path))
        else:
            service.watches.child.add(path, number)
    for paths, mode in ((wanted.persistent, Mode.PERSISTENT), (wanted.recursive, Mode.RECURSIVE)):
        for path in paths:
            service.watches.add_persistent(path, number, mode)
    return b""


def _add_watch(service: "Service", client: Client, source: Reader) -> bytes:
    path, mode = source.text(), source.int32()
    service.watches.add_persistent(path, client.number, mode)
    return replies.integer(Code.OK)


def _check_watches(service: "Service", client: Client, source: Reader) -> bytes:
    service.watches.check(source.text(), source.int32(), client.number)
    return b""


def _remove_watches(service: "Service", client: Client, source: Reader) -> bytes:
    service.watches.remove(source.text(), source.int32(), client.number)
    return b""


def _who_am_i(service: "Service", client: Client, source: Reader) -> bytes:
    return replies.pairs([(identity.scheme or "", acl.user_name(identity)) for identity in client.identities])


def _sasl(source: Reader) -> bytes:
    """No SASL provider is configured: the token is read and answered with none."""
    source.buffer()
    return replies.buffer(None)


def _present(service: "Service", path: str) -> Node:
    node = service.tree.get(path)
    if node is None:
        raise Refused(Code.NO_NODE)
    return node


def _readable(service: "Service", client: Client, path: str) -> Node:
    node = _present(service, path)
    acl.require(node.acl, READ, client.identities)
    return node


READS: Mapping[int, Callable[["Service", Client, Reader], bytes]] = {
    Op.EXISTS: _exists,
    Op.GET_DATA: _get_data,
    Op.GET_ACL: _get_acl,
    Op.GET_CHILDREN: _get_children,
    Op.GET_CHILDREN2: _get_children2,
    Op.SYNC: _sync,
    Op.PING: _ping,
    Op.MULTI_READ: _multi_read,
    Op.CHECK_WATCHES: _check_watches,
    Op.REMOVE_WATCHES: _remove_watches,
    Op.SET_WATCHES: _set_watches,
    Op.SET_WATCHES2: _set_watches2,
    Op.ADD_WATCH: _add_watch,
    Op.GET_EPHEMERALS: _get_ephemerals,
    Op.GET_ALL_CHILDREN_NUMBER: _get_all_children_number,
    Op.WHO_AM_I: _who_am_i,
}
SERVER_READS: Mapping[int, Callable[[Reader], bytes]] = {Op.SASL: _sasl}
