"""From Python source to the typed tree, or to a refusal that says where, why, and the cure."""

from .load import load
from .read import read

__all__ = ["load", "read"]
