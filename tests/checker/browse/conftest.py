"""Sessions to walk in."""

from collections.abc import Callable

import pytest
from quorate.checker.browse.answers import Answers
from quorate.checker.browse.session import Session
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read


@pytest.fixture
def session() -> Session:
    """Two-phase commit for two managers, whose coordinator may commit too early."""
    return Session(read(TwoPhaseCommit, {"managers": 2}, ["commit-early"]), "two-phase-commit")


@pytest.fixture
def sound() -> Session:
    """Two-phase commit for two managers, as it should be."""
    return Session(read(TwoPhaseCommit, {"managers": 2}), "two-phase-commit")


@pytest.fixture
def answers(session) -> Answers:
    return Answers(session, TwoPhaseCommit)


@pytest.fixture
def walk(session) -> Callable[..., int]:
    """Takes these steps from the first initial state, and gives the node where they end."""

    def take(*labels: str) -> int:
        node = session.start(0)
        for label in labels:
            node = session.take(node, label)
        return node

    return take
