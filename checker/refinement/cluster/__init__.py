"""The implementation beside `zab` and `election`: every step of its nodes is a step of the specification, or none."""

from .election import ElectionMap
from .shadow import Mismatch, Shadow
from .zab import ZabMap

__all__ = ["ElectionMap", "Mismatch", "Shadow", "ZabMap"]
