"""What a step of the operational Zab stands for in the theory of Zab for any size.

| operational | relational |
|---|---|
| a follower accepts NEWEPOCH | `promise`, unless it has promised that leader already |
| a leader is established | its own `promise`; `establish` with some quorum that promised, from its best; then `join` |
| a follower logs the history of NEWLEADER | `join`, and `append` of what the leader had proposed by then |
| a leader takes a request | `propose`, and its own `append` |
| a follower logs a proposal | `append` |
| a leader commits | `commit` and its own `deliver`, transaction by transaction |
| a follower delivers | `deliver` |
| everything else | a stutter |

The script follows from what changed, not from the name of the action. After each step the histories, the current
epochs and the established leaders must agree.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

from ...spec.lang import ir
from ...spec.lang.domains import Enumeration, Map, Range, Record, Seq
from ...spec.relational.finite import CompiledAction, Structure
from ...spec.relational.vocabulary import members_of, membership_of
from ...spec.relational.walks import Taken
from ...spec.relational.zookeeper.zab import Majority, Zab
from ..result import Label, State

Txn = tuple[int, int]  # the positions of a transaction's identity and value in the theory's sorts


class ZabLink:
    """The link for one configuration; `deviations` are variants of the theory, not of the specification."""

    def __init__(self, specification: ir.Specification, *deviations: str) -> None:
        self.specification = specification
        self.theory = Zab(*deviations)
        self._at = {variable.name: n for n, variable in enumerate(specification.variables)}
        kinds = {variable.name: variable.type for variable in specification.variables}
        role, epoch, history = kinds["role"], kinds["accepted_epoch"], kinds["history"]
        assert isinstance(role, Map) and isinstance(role.value, Enumeration)
        assert isinstance(epoch, Map) and isinstance(epoch.value, Range)
        assert isinstance(history, Map) and isinstance(history.value, Seq) and isinstance(history.value.item, Record)
        self.leading = role.value.members.index("LEADING")
        phase = kinds["phase"]
        assert isinstance(phase, Map) and isinstance(phase.value, Enumeration)
        self.broadcast = phase.value.members.index("BROADCAST")
        self.servers = dict(specification.constants)["servers"]
        self.epochs = epoch.value.high
        self.transactions = max(1, history.value.capacity)
        value = history.value.item.field("value")
        assert value is not None and isinstance(value[1], Range)
        self.values = value[1].high + 1
        smallest = self.servers // 2 + 1
        sizes = range(smallest, self.servers + 1)
        self.majorities = [frozenset(q) for size in sizes for q in combinations(range(self.servers), size)]

    def start(self) -> Structure:
        """Everybody in epoch zero; the background is the order of zxids."""
        sizes = {
            "Server": self.servers,
            "Epoch": self.epochs + 1,
            "Txn": self.epochs * self.transactions,
            "Value": self.values,
            "Majority": len(self.majorities),
        }
        assert members_of(Majority).__name__ == "Server"
        members = frozenset((n, s) for n, quorum in enumerate(self.majorities) for s in quorum)
        relations: dict[str, frozenset[tuple[int, ...]]] = {
            symbol.name: frozenset() for symbol in self.theory.symbols() if symbol.result is None
        }
        relations[membership_of("Majority")] = members
        epochs = tuple(((z,), z // self.transactions + 1) for z in range(sizes["Txn"]))
        blank = Structure(tuple(sizes.items()), tuple(relations.items()), (("epoch", epochs),))
        return CompiledAction(self.theory, self.theory.first_step()).after(blank, ())

    # ------------------------------------------------------------------------------------------- reading states

    def _of(self, state: State, name: str) -> Any:
        return state[self._at[name]]

    def _txns(self, history: tuple[Any, ...]) -> list[Txn]:
        """A history as identities and values, in order."""
        return [self._txn(zxid, value) for zxid, value, _ in history]

    def _txn(self, zxid: tuple[int, int], value: int) -> Txn:
        epoch, counter = zxid
        return (epoch - 1) * self.transactions + counter - 1, value

    def _log(self, abstract: Structure, s: int, e: int) -> set[Txn]:
        return {(z, v) for t, f, z, v in abstract.lookup.relations["log"] if (t, f) == (s, e)}

    def disagreement(self, state: State, abstract: Structure) -> str | None:
        """Histories as of current epochs, and established leaders."""
        for s in range(self.servers):
            epoch = self._of(state, "current_epoch")[s]
            if (s, epoch) not in abstract.lookup.relations["joined"]:
                return f"server{s + 1} is in epoch {epoch}, which it has not joined in the theory"
            logged = set(self._txns(self._of(state, "history")[s]))
            if logged != self._log(abstract, s, epoch):
                return f"server{s + 1} has another history in epoch {epoch} than in the theory"
        established = {
            (e, s)
            for e, group in enumerate(self._of(state, "established"))
            for s in range(self.servers)
            if group >> s & 1
        }
        leaders = set(abstract.lookup.relations["leader"])
        return None if established == leaders else "other leaders are established than in the theory"

    # ------------------------------------------------------------------------------------------------- scripts

    def scripts(self, before: State, label: Label, after: State, abstract: Structure) -> Iterator[Sequence[Taken]]:
        """All readings of what changed; they differ in quorums and in whose history was chosen."""
        fixed = [*self._promises(before, label, after, abstract)]
        established = self._newly_established(before, after)
        if established is not None:
            for start in self._establishments(established, after, abstract):
                yield [*fixed, start, Taken("join", (established[0], established[1], established[0]))]
            return
        if any(self._committed(before, after, s) for s in self._leaders(after)):
            for quorum in range(len(self.majorities)):
                yield [*fixed, *self._grown(before, after, abstract, quorum)]
            return
        for quorum in range(len(self.majorities)):
            yield [*fixed, *self._grown(before, after, abstract, quorum)]
            if not self._proposed(before, after):
                return

    def _leaders(self, state: State) -> list[int]:
        return [s for s in range(self.servers) if self._of(state, "role")[s] == self.leading]

    def _promises(self, before: State, label: Label, after: State, abstract: Structure) -> Iterator[Taken]:
        """A follower that accepts an epoch promises it to its leader; a leader to itself, once that counts."""
        established = self._newly_established(before, after)
        if established is not None:
            p, e = established
            if (p, e, p) not in abstract.lookup.relations["promised"]:
                yield Taken("promise", (p, e, p))
        if label[0] == "follower_process_newepoch" and self._accepted(before, after, label[1][0]):
            s = label[1][0]
            epoch, leader = self._of(after, "accepted_epoch")[s], self._of(before, "leader")[s]
            if (s, epoch, leader) not in abstract.lookup.relations["promised"]:
                yield Taken("promise", (s, epoch, leader))

    def _accepted(self, before: State, after: State, s: int) -> bool:
        """A follower went on to synchronization: it accepted the epoch, new to it or not."""
        went_on: bool = self._of(before, "phase")[s] != self._of(after, "phase")[s]
        return went_on and self._of(after, "leader")[s] is not None

    def _newly_established(self, before: State, after: State) -> tuple[int, int] | None:
        for e, (old, new) in enumerate(
            zip(self._of(before, "established"), self._of(after, "established"), strict=True)
        ):
            if new != old:
                return (new & ~old).bit_length() - 1, e
        return None

    def _establishments(self, leader: tuple[int, int], after: State, abstract: Structure) -> Iterator[Taken]:
        """`establish` with every quorum, member and epoch whose history is the one that the leader now has."""
        p, e = leader
        history = set(self._txns(self._of(after, "history")[p]))
        last = max((z for z, _ in history), default=0)
        for quorum, a in product(range(len(self.majorities)), range(e)):
            for b in sorted(self.majorities[quorum]):
                if self._log(abstract, b, a) == history:
                    yield Taken("establish", (p, e, quorum, b, a, last))

    def _proposed(self, before: State, after: State) -> bool:
        more: bool = self._of(before, "requests") != self._of(after, "requests")
        return more

    def _grown(self, before: State, after: State, abstract: Structure, quorum: int) -> Iterator[Taken]:
        """What servers joined, proposed, logged, committed and delivered in this step."""
        for s in range(self.servers):
            yield from self._joined(before, after, abstract, s)
        for s in range(self.servers):
            epoch = self._of(after, "current_epoch")[s]
            known = self._log(abstract, s, epoch) | self._initial_of(abstract, epoch, s)
            for z, v in self._txns(self._of(after, "history")[s]):
                if (z, v) not in known:
                    if self._proposed(before, after) and self._of(after, "role")[s] == self.leading:
                        yield Taken("propose", (s, z, v, quorum))
                    yield Taken("append", (s, z, v))
        for s in range(self.servers):
            yield from self._delivered(before, after, s, quorum)

    def _initial_of(self, abstract: Structure, epoch: int, s: int) -> set[Txn]:
        """What joining gives: nothing more to append."""
        if (s, epoch) in abstract.lookup.relations["joined"]:
            return set()
        return {(z, v) for e, z, v in abstract.lookup.relations["initial_history"] if e == epoch}

    def _joined(self, before: State, after: State, abstract: Structure, s: int) -> Iterator[Taken]:
        epoch = self._of(after, "current_epoch")[s]
        if (s, epoch) not in abstract.lookup.relations["joined"]:
            leader = self._of(before, "leader")[s]
            if leader is not None:
                yield Taken("join", (s, epoch, leader))

    def _committed(self, before: State, after: State, s: int) -> list[Txn]:
        """What a server delivered in this step: the whole initial history when it starts to broadcast."""
        (old, _), (new, _) = self._of(before, "last_committed")[s], self._of(after, "last_committed")[s]
        starts = self._of(before, "phase")[s] != self._of(after, "phase")[s] == self.broadcast
        known = 0 if starts else old
        return self._txns(self._of(after, "history")[s][:new])[known:] if new > known else []

    def _delivered(self, before: State, after: State, s: int, quorum: int) -> Iterator[Taken]:
        epoch = self._of(after, "current_epoch")[s]
        leads = self._of(after, "role")[s] == self.leading
        for z, v in self._committed(before, after, s):
            if leads:
                yield Taken("commit", (epoch, z, v, quorum))
            yield Taken("deliver", (s, epoch, z, v))
