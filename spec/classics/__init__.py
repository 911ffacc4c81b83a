"""Classic protocols: tutorial, benchmark and test material.

`SPECIFICATIONS` is the table of contents: the name on the command line, and where its class is. Nothing is imported
until it is asked for.
"""

SPECIFICATIONS = {
    "two-phase-commit": "two_phase_commit:TwoPhaseCommit",
    "paxos": "paxos:Paxos",
    "ewd840": "ewd840:Ewd840",
    "ewd998": "ewd998:Ewd998",
    "lamport-mutex": "lamport_mutex:LamportMutex",
    "philosophers": "philosophers:Philosophers",
    "peterson": "peterson:Peterson",
    "bakery": "bakery:Bakery",
    "raft-election": "raft_election:RaftElection",
    "token-ring": "token_ring:TokenRing",
}

__all__ = ["SPECIFICATIONS"]
