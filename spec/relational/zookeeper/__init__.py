"""ZooKeeper at any size: epoch establishment, ZAB, election, znodes and sessions."""

from ..theory import Theory
from .election import Election
from .epochs import Epochs
from .zab import Zab
from .znodes import Znodes

THEORIES: dict[str, type[Theory]] = {"epochs": Epochs, "zab": Zab, "election": Election, "znodes": Znodes}

__all__ = ["THEORIES", "Election", "Epochs", "Zab", "Znodes"]
