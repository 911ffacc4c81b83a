"""The implementation as a specification sees it: typed state and properties as text, steps taken by real nodes."""

from .performer import ACTIONS, SIMULATED, Performer, budget_of, known, tree
from .world import World

__all__ = ["ACTIONS", "SIMULATED", "Performer", "World", "budget_of", "known", "tree"]
