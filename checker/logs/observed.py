"""What a transaction of a log says in the words of the specification `znodes`: the step, and what it must have done.

The specification has a root, a znode, one child of it with a plain name, and children with the numbers 0 to 4. In a
log these are the znode that is asked for, its parent, the first plain child, and children that end in a number. What
lies below the znode and is none of these, the specification cannot say; everything else is no business of it, the
parent's own data and life included: of the parent only the counter of its children is looked at. Of a request that
failed a log keeps only the code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...impl.data.codes import Code
from ...impl.wire import records
from ...impl.wire.records import Body, Op, SubTxn, Txn
from ...spec.zookeeper.znodes import Path
from ..result import Label

ROOT, A, A_B, FIRST_NUMBER = 0, 1, 2, 3  # positions in `Path`
NUMBERED = re.compile(r".*(\d{10})")


class Outside(Exception):
    """The specification has no word for this transaction; the text says of what."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A counter as the log has it after a transaction."""

    field: str
    place: int
    value: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A step of the specification, and what the log tells of its effect.

    Without a label it is a write that failed, with this code; `went` are the places that a session's end took.
    """

    label: Label | None
    code: str = "OK"
    facts: tuple[Fact, ...] = ()
    went: frozenset[int] | None = None


class Observer:
    """The transactions of one log, in order: it remembers sessions, the plain child, and what happens beside."""

    def __init__(self, under: str) -> None:
        self._under = under
        self._above = under.rpartition("/")[0] or "/"
        self._plain: str | None = None
        self.sessions: dict[int, int] = {}
        self._beside: int | None = None  # children of the parent that are none of the specification's; None: unknown
        self._made = 0  # how often the znode itself was created

    def place(self, path: str) -> int | None:
        """The place that a path is, None where it is elsewhere; raises Outside."""
        if path == self._above:
            return ROOT
        if path == self._under:
            return A
        if not path.startswith(f"{self._under.rstrip('/')}/"):
            return None
        name = path[len(self._under) + 1 :]
        numbered = NUMBERED.fullmatch(name)
        if "/" in name:
            raise Outside(f"{path} lies two levels below {self._under}, the specification has one")
        if numbered:
            number = int(numbered[1])
            if FIRST_NUMBER + number >= len(Path):
                raise Outside(f"{path} has the number {number}, the specification has those up to {len(Path) - 4}")
            return FIRST_NUMBER + number
        if self._plain not in (None, name):
            raise Outside(f"{path} is a second child with a plain name, the specification has one")
        self._plain = name
        return A_B

    def see(self, txn: Txn) -> Seen | None:
        """What a transaction says; None where it is no business of the specification's. Raises Outside."""
        match txn.body:
            case records.CreateSessionTxn():
                return None
            case records.CloseSessionTxn(paths):
                return self._closed(txn.header.session_id, paths)
            case records.ErrorTxn(err):
                return _failed(err)
            case records.MultiTxn(parts):
                return self._multi(txn, parts)
            case body:
                return self._single(txn, txn.header.type, body)

    def _single(self, txn: Txn, type_: int, body: Body) -> Seen | None:
        match body:
            case records.CreateTxn(path, _, _, ephemeral, counter):
                return self._created(path, counter, txn.header.session_id if ephemeral else None)
            case records.CreateContainerTxn(path, _, _, counter):
                return self._container(path, counter)
            case records.CreateTTLTxn(path):
                if self.place(path) is not None:
                    raise Outside(f"{path} has a time to live, which the specification does not know")
                return None
            case records.DeleteTxn(path):
                action = "remove_container" if type_ == Op.DELETE_CONTAINER else "delete"
                return self._at(action, path)
            case records.SetDataTxn(path, _, version):
                return self._at("set_data", path, ("version", version))
            case records.SetACLTxn(path, _, version):
                return self._at("set_acl", path, ("aversion", version))
        return None

    def _at(self, action: str, path: str, *counters: tuple[str, int]) -> Seen | None:
        place = self.place(path)
        if place in (None, ROOT):
            return None
        return Seen((action, (place,)), facts=tuple(Fact(field, place, value) for field, value in counters))

    def _created(self, path: str, counter: int, session: int | None) -> Seen | None:
        place = self._place_of_new(path, counter)
        if place is None:
            return None
        owner = None if session is None else self.sessions.setdefault(session, len(self.sessions))
        numbered = place >= FIRST_NUMBER
        label = ("create_sequential", (owner,)) if numbered else ("create", (place, owner))
        return Seen(label, facts=tuple(self._counted(place, counter)))

    def _container(self, path: str, counter: int) -> Seen | None:
        place = self._place_of_new(path, counter)
        if place is None:
            return None
        if place >= FIRST_NUMBER:
            raise Outside(f"{path} is a container with a number, which the specification does not know")
        return Seen(("create_container", (place,)), facts=tuple(self._counted(place, counter)))

    def _place_of_new(self, path: str, counter: int) -> int | None:
        """Its place; what is created beside the znode counts in the parent's counter too."""
        place = self.place(path)
        if place == ROOT:
            self._beside = None
            return None
        if place is None and (path.rpartition("/")[0] or "/") == self._above:
            self._beside = counter - self._made
        if place == A:
            self._made += 1
            self._beside = counter - self._made if self._beside is None else self._beside
        return place

    def _counted(self, place: int, counter: int) -> Iterator[Fact]:
        """The parent's counter of children; -1 stands in logs of old servers, and says nothing."""
        if counter >= 0:
            parent = ROOT if place == A else A
            yield Fact("cversion", parent, counter - (self._beside or 0 if parent == ROOT else 0))

    def _closed(self, session: int, paths: tuple[str, ...] | None) -> Seen | None:
        if session not in self.sessions:
            return None
        went = None if paths is None else frozenset(p for path in paths if (p := self.place(path)) is not None)
        return Seen(("close_session", (self.sessions[session],)), went=went)

    def _multi(self, txn: Txn, parts: tuple[SubTxn, ...]) -> Seen | None:
        errors = [part.body.err for part in parts if isinstance(part.body, records.ErrorTxn)]
        if errors:
            return _failed(next((err for err in errors if err), 0))
        found = [seen for part in parts if (seen := self._single(txn, part.type, part.body)) is not None]
        facts = tuple(fact for seen in found for fact in seen.facts)
        match [seen.label for seen in found]:
            case []:
                return None
            case [label]:
                return Seen(label, facts=facts)
            case [("create", (first, None)), ("create", (second, None))]:
                return Seen(("multi_create_create", (first, second)), facts=_last_of_each(facts))
            case [("set_data", (above,)), ("delete", (place,))] if above == A < place:
                return Seen(("multi_set_delete", (place,)), facts=facts)
        raise Outside("the specification's multis are two creates, or data of a znode and the deletion of its child")


def _last_of_each(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    return tuple({(fact.field, fact.place): fact for fact in facts}.values())


def _failed(err: int) -> Seen | None:
    return Seen(None, Code(err).name) if err in {int(code) for code in Code} else None
