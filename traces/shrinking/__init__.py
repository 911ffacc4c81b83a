"""Making a trace simpler while it stays a behaviour that ends in the same violation."""

from .shrink import NotShrinkable, Shrunk, needed, shrink

__all__ = ["NotShrinkable", "Shrunk", "needed", "shrink"]
