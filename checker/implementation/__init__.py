"""The implementation under a checker: every interleaving of real nodes within a budget."""

from .budget import Budget
from .how import How
from .search import Outcome, check

__all__ = ["Budget", "How", "Outcome", "check"]
