"""Dead values: parts of the state whose value can no longer influence anything, found from the tree alone."""

from .result import Dead, DeadValues, dead_values

__all__ = ["Dead", "DeadValues", "dead_values"]
