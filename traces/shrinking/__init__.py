"""Making a trace simpler while it stays a behaviour that ends in the same violation."""

from .shrink import SHRUNK, NotShrinkable, Shrunk, needed, shrink

__all__ = ["SHRUNK", "NotShrinkable", "Shrunk", "needed", "shrink"]
