"""Who is told of which change: one-shot, persistent and recursive watches, as ZooKeeper 3.8 keeps them.

Watchers are connections, named by integers; this module does not know what stands behind one. Two tables exist, data
and child watches. One mode is remembered for a connection and a path, so a one-shot watch that is set on a path with a
persistent one replaces it (ZooKeeper 3.9 keeps both). Source: `WatchManager`, `DataTree.setWatches`.
"""

from collections.abc import Container, Iterable
from enum import IntEnum
from typing import NamedTuple

from .codes import Code, EventType, Refused
from .paths import ancestors


class Mode(IntEnum):
    """How long a watch lives and what it covers; the first two numbers are those of `addWatch`."""

    PERSISTENT = 0
    RECURSIVE = 1
    ONE_SHOT = 2


class WatcherType(IntEnum):
    """Which table `checkWatches` and `removeWatches` mean."""

    CHILDREN = 1
    DATA = 2
    ANY = 3


class Event(NamedTuple):
    """What happened to a path."""

    type: EventType
    path: str


class Notice(NamedTuple):
    """An event on its way to one connection."""

    watcher: int
    event: Event


class WatchTable:
    """Watches of one kind: path → connection → mode. A connection has at most one watch on a path."""

    def __init__(self) -> None:
        self.by_path: dict[str, dict[int, Mode]] = {}
        self.by_watcher: dict[int, dict[str, None]] = {}
        self._recursive = 0

    def add(self, path: str, watcher: int, mode: Mode = Mode.ONE_SHOT) -> None:
        """Set a watch, in place of any that this connection had on this path."""
        watchers = self.by_path.setdefault(path, {})
        self._recursive += (mode is Mode.RECURSIVE) - (watchers.get(watcher) is Mode.RECURSIVE)
        watchers[watcher] = mode
        self.by_watcher.setdefault(watcher, {})[path] = None

    def remove(self, path: str, watcher: int) -> bool:
        """Take a watch away; false if there was none."""
        mode = self.by_path.get(path, {}).get(watcher)
        if mode is None:
            return False
        self._forget(path, watcher)
        paths = self.by_watcher[watcher]
        del paths[path]
        if not paths:
            del self.by_watcher[watcher]
        return True

    def remove_watcher(self, watcher: int) -> None:
        """The connection is gone, and all its watches with it."""
        for path in self.by_watcher.pop(watcher, {}):
            self._forget(path, watcher)

    def holds(self, path: str, watcher: int) -> bool:
        """Whether the connection watches the path, itself or through a recursive watch above it."""
        if watcher in self.by_path.get(path, {}):
            return True
        return any(self.by_path.get(above, {}).get(watcher) is Mode.RECURSIVE for above in ancestors(path)[1:])

    def trigger(self, type: EventType, path: str, told: Container[int] = ()) -> list[Notice]:
        """Who hears of this change, each connection once and none that is in `told`; one-shot watches are used up."""
        if not self._recursive:
            watchers = self.by_path.get(path)
            if watchers is None:
                return []
            heard = dict.fromkeys(watchers)
        else:
            heard = self._heard(type, path)
        for watcher in [w for w, mode in self.by_path.get(path, {}).items() if mode is Mode.ONE_SHOT]:
            self.remove(path, watcher)
        event = Event(type, path)
        return [Notice(watcher, event) for watcher in heard if watcher not in told]

    def _heard(self, type: EventType, path: str) -> dict[int, None]:
        """The watchers of the path and the recursive ones above it, which never hear of changed children."""
        heard: dict[int, None] = {}
        for place in ancestors(path):
            for watcher, mode in self.by_path.get(place, {}).items():
                if type is not EventType.NODE_CHILDREN_CHANGED if mode is Mode.RECURSIVE else place == path:
                    heard[watcher] = None
        return heard

    def _forget(self, path: str, watcher: int) -> None:
        watchers = self.by_path[path]
        self._recursive -= watchers.pop(watcher) is Mode.RECURSIVE
        if not watchers:
            del self.by_path[path]

    def __len__(self) -> int:
        return sum(len(paths) for paths in self.by_watcher.values())


class Watches:
    """The two tables of a server, and the events that a change of the tree sends through them."""

    def __init__(self) -> None:
        self.data = WatchTable()
        self.child = WatchTable()

    def fire(self, type: EventType, path: str, parent: str) -> list[Notice]:
        """All notices of one change to a node, in the order in which they are sent.

        A connection that watches a deleted node for its data and for its children hears of the deletion once.
        """
        notices = self.data.trigger(type, path)
        if type is EventType.NODE_DATA_CHANGED:
            return notices
        if type is EventType.NODE_DELETED:
            notices += self.child.trigger(type, path, {notice.watcher for notice in notices})
        return notices + self.child.trigger(EventType.NODE_CHILDREN_CHANGED, parent)

    def add_persistent(self, path: str, watcher: int, mode: int) -> None:
        """`addWatch`: both tables carry the watch. A mode that does not exist is a marshalling error."""
        if mode not in (Mode.PERSISTENT, Mode.RECURSIVE):
            raise Refused(Code.MARSHALLING_ERROR)
        self.data.add(path, watcher, Mode(mode))
        self.child.add(path, watcher, Mode(mode))

    def check(self, path: str, type: int, watcher: int) -> None:
        """Refuse with no-watcher unless the connection has such a watch."""
        if not any(table.holds(path, watcher) for table in self._tables(type)):
            raise Refused(Code.NO_WATCHER)

    def remove(self, path: str, type: int, watcher: int) -> None:
        """Take such watches away; refuse with no-watcher if there are none."""
        if not any([table.remove(path, watcher) for table in self._tables(type)]):  # noqa: C419 (both are removed)
            raise Refused(Code.NO_WATCHER)

    def remove_watcher(self, watcher: int) -> None:
        """The connection is gone."""
        self.data.remove_watcher(watcher)
        self.child.remove_watcher(watcher)

    def _tables(self, type: int) -> Iterable[WatchTable]:
        match type:
            case WatcherType.CHILDREN:
                return (self.child,)
            case WatcherType.DATA:
                return (self.data,)
            case WatcherType.ANY:
                return (self.child, self.data)
            case _:
                raise Refused(Code.MARSHALLING_ERROR)
