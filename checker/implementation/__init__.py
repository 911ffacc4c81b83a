"""The implementation under a checker: every interleaving of real nodes within a budget."""

from .search import Budget, check

__all__ = ["Budget", "check"]
