"""Two-phase commit, after Gray and Lamport, "Consensus on Transaction Commit" (2006), section 3.

A coordinator asks resource managers to prepare, and decides: commit when all have prepared, abort otherwise.
Messages are never lost and may be read again, so the network is the set of messages ever sent.
"""

from enum import Enum

from ..lang import (
    Constant,
    Map,
    Set,
    Sort,
    Spec,
    action,
    invariant,
    require,
    state,
    variant,
    witness,
)

managers = Constant(3, "number of resource managers", low=1)

commit_early = variant("commit-early", "The coordinator commits although not every manager has prepared.")
abort_late = variant("abort-late", "A manager aborts on its own after it has prepared.")


class RM(Sort, size=managers):
    """A resource manager. Managers are interchangeable."""


class Phase(Enum):
    """What a manager has done."""

    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Decision(Enum):
    """What the coordinator has decided, and told everybody."""

    COMMIT = "commit"
    ABORT = "abort"


class TwoPhaseCommit(Spec):
    """All managers commit, or all abort."""

    phase: Map[RM, Phase] = state(Phase.WORKING)
    heard: Set[RM] = state()  # managers whose Prepared message the coordinator has read
    sent: Set[RM] = state()  # managers that have sent Prepared; messages are never lost
    decision: Decision | None = state(None)

    @action
    def prepare(self, r: RM) -> None:
        """A manager is ready to commit, and says so."""
        require(self.phase[r] is Phase.WORKING)
        self.phase[r] = Phase.PREPARED
        self.sent.add(r)

    @action
    def give_up(self, r: RM) -> None:
        """A manager aborts on its own, as it may until it has prepared."""
        require(self.phase[r] is Phase.WORKING or (abort_late and self.phase[r] is Phase.PREPARED))
        self.phase[r] = Phase.ABORTED

    @action
    def hear(self, r: RM) -> None:
        """The coordinator reads a Prepared message."""
        require(self.decision is None and r in self.sent)
        self.heard.add(r)

    @action
    def commit(self) -> None:
        """The coordinator decides to commit once it has heard from everybody."""
        require(self.decision is None)
        require(commit_early or all(r in self.heard for r in RM))
        self.decision = Decision.COMMIT

    @action
    def abort(self) -> None:
        """The coordinator may decide to abort as long as it has not decided."""
        require(self.decision is None)
        self.decision = Decision.ABORT

    @action
    def obey_commit(self, r: RM) -> None:
        """A manager reads Commit."""
        require(self.decision is Decision.COMMIT)
        self.phase[r] = Phase.COMMITTED

    @action
    def obey_abort(self, r: RM) -> None:
        """A manager reads Abort."""
        require(self.decision is Decision.ABORT)
        self.phase[r] = Phase.ABORTED

    @invariant
    def consistent(self) -> bool:
        """No manager has committed while another has aborted."""
        return not any(self.phase[a] is Phase.COMMITTED and self.phase[b] is Phase.ABORTED for a in RM for b in RM)

    @witness
    def all_commit(self) -> bool:
        """Every manager has committed."""
        return all(self.phase[r] is Phase.COMMITTED for r in RM)

    @witness
    def all_abort(self) -> bool:
        """Every manager has aborted."""
        return all(self.phase[r] is Phase.ABORTED for r in RM)
