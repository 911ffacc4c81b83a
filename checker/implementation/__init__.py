"""The implementation under a checker: every interleaving of real nodes within a budget."""

from .budget import Budget
from .search import How, Outcome, check

__all__ = ["Budget", "How", "Outcome", "check"]
