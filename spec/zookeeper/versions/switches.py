"""What a run is bounded by, and every switch: each puts back what some release did, and names where it did it.

With none on, the model is what all the repairs together give. `table.py` says which release has which.
"""

from ...lang import Constant, variant

servers = Constant(3, "number of servers", low=1)
transactions = Constant(1, "how many transactions are ever made", low=1)
crashes = Constant(1, "how often a server may crash and restart")
disconnects = Constant(0, "how often a leader and one of its followers may lose each other")
io_errors = Constant(0, "how often a write to a log may fail")
epochs = Constant(2, "the last epoch that is begun", low=1)
kept = Constant(9, "how many committed transactions a leader keeps in memory: who lacks more gets a snapshot")

# --------------------------------------------------------------------------------------------- NEWLEADER and UPTODATE

epoch_before_log = variant(
    "epoch-before-log",
    "At NEWLEADER a follower writes currentEpoch before the transactions it was sent (Learner.syncWithLeader).",
)
log_after_uptodate = variant(
    "log-after-uptodate",
    "A follower logs the transactions it was sent only after UPTODATE (Learner.syncWithLeader).",
)
log_async = variant(
    "log-async",
    "At NEWLEADER a follower only queues the transactions it was sent for its SyncRequestProcessor"
    " (Learner.syncWithLeader, FollowerZooKeeperServer.logRequest).",
)
log_all_pending = variant(
    "log-all-pending",
    "At NEWLEADER a follower logs proposals that are not committed yet too, and forgets that they are pending"
    " (Learner.syncWithLeader).",
)
serve_before_apply = variant(
    "serve-before-apply",
    "At UPTODATE a follower serves clients before its CommitProcessor has applied what it was sent"
    " (Learner.syncWithLeader, LearnerZooKeeperServer.startup).",
)
diff_snapshotted = variant(
    "diff-snapshotted",
    "After DIFF too a follower applies what is committed at once, and writes a snapshot at NEWLEADER instead of a log"
    " (Learner.syncWithLeader).",
)
snapshot_not_synced = variant(
    "snapshot-not-synced",
    "At NEWLEADER a follower writes a snapshot without fsync (ZooKeeperServer.takeSnapshot, FileSnap.serialize).",
)
epoch_not_marked = variant(
    "epoch-not-marked",
    "A server whose log is of a later epoch than currentEpoch refuses to start (QuorumPeer.loadDataBase).",
)

# ------------------------------------------------------------------------------------------- the role comes to an end

memory_kept = variant(
    "memory-kept",
    "A server that stops keeps its memory though its log is ahead of it (QuorumPeer.run, ZooKeeperServer.shutdown).",
)
memory_reloaded = variant(
    "memory-reloaded",
    "A server that stops clears its memory, and reads it from disk before the next election"
    " (ZooKeeperServer.shutdown, QuorumPeer.getLastLoggedZxid).",
)
memory_kept_in_sync = variant(
    "memory-kept-in-sync",
    "A follower that stops before NEWLEADER keeps its memory: its server does not run yet (ZooKeeperServer.shutdown).",
)
snapshot_when_elected = variant(
    "snapshot-when-elected",
    "A server that is elected writes its memory to disk as a snapshot (ZooKeeperServer.loadData).",
)
sync_thread_leaks = variant(
    "sync-thread-leaks",
    "A follower that stops leaves its SyncRequestProcessor running (LearnerZooKeeperServer.shutdown is not called).",
)
drain_after_fast_forward = variant(
    "drain-after-fast-forward",
    "A follower brings memory up to its log, and only then writes what is queued for the log"
    " (LearnerZooKeeperServer.shutdown).",
)
initial_not_stopped = variant(
    "initial-not-stopped",
    "A follower that stops before UPTODATE stops nothing: its state is INITIAL (ZooKeeperServer.shutdown).",
)
snap_abort_keeps = variant(
    "snap-abort-keeps-memory",
    "A follower that loses its leader after SNAP and before NEWLEADER keeps the new memory (Learner.syncWithLeader).",
)
trunc_abort_keeps = variant(
    "trunc-abort-keeps-memory",
    "A follower that loses its leader after TRUNC and before NEWLEADER keeps the new memory (Learner.syncWithLeader).",
)
failed_write_keeps = variant(
    "failed-write-keeps-memory",
    "A server whose log could not be written keeps its memory, though that is ahead of the log"
    " (SyncRequestProcessor.run, ZooKeeperServer.shutdown).",
)

# ------------------------------------------------------------------------------- what a follower is synchronized with

diff_header_jumps = variant(
    "diff-header-jumps",
    "The header of a DIFF sets lastProcessedZxid to its end, before any of it has arrived (Learner.syncWithLeader).",
)
snapshot_survives = variant(
    "snapshot-survives-truncation",
    "TRUNC cuts the log, but not the snapshot that the server took when it was elected or brought up to date"
    " (ZKDatabase.truncateLog, FileTxnSnapLog.truncateLog).",
)
synced_not_listed = variant(
    "synced-not-listed",
    "What is applied at NEWLEADER does not enter the list that DIFFs are made from"
    " (Learner.syncWithLeader, ZKDatabase.addCommittedProposal).",
)
truncation_not_listed = variant(
    "truncation-not-listed",
    "What is applied between TRUNC and NEWLEADER, without a log, does not enter the list that DIFFs are made from"
    " (Learner.syncWithLeader, ZooKeeperServer.processTxn).",
)
gap_accepted = variant(
    "gap-accepted",
    "A follower goes on when a DIFF skips a transaction of an epoch (Learner.enforceContinuousProposal is missing).",
)
disk_diff_unchecked = variant(
    "disk-diff-unchecked",
    "A leader makes a DIFF of its log files and its list, even if there is a gap between the two"
    " (LearnerHandler.syncFollower).",
)
disk_diff_checked = variant(
    "disk-diff-gap-checked",
    "A leader makes a DIFF of its log files and its list where these meet; holes and dead tails of the files go with it"
    " (LearnerHandler.syncFollower, ZKDatabase.getProposalsFromTxnLog).",
)
new_leader_before_dump = variant(
    "newleader-before-dump",
    "NEWLEADER is queued before a snapshot is dumped, and what commits meanwhile comes behind it (LearnerHandler.run).",
)
read_only_recorded = variant(
    "read-only-recorded",
    "A server that serves clients read-only enters their sessions, as zxid 1, in the list that DIFFs are made from"
    " (ReadOnlyZooKeeperServer, ZKDatabase.addCommittedProposal).",
)
acks_outlive_truncation = variant(
    "acks-outlive-truncation",
    "A leader goes on counting the ACK of a follower that has come back since, and that it made cut its log"
    " (Leader.Proposal, LearnerHandler.syncFollower).",
)
