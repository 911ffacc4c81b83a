"""The specification language: vocabulary, reader, typed tree, and the tree's meaning in Python.

A specification imports its words from here.
"""

from .specification import (
    Abandoned,
    Spec,
    abandon,
    action,
    boundary,
    eventually,
    expect,
    fair,
    idle,
    initial,
    invariant,
    leads_to,
    require,
    runs_on,
    state,
    step,
    step_invariant,
    terminal,
    witness,
)
from .values import Bag, Map, Seq, Set
from .vocabulary import Constant, Range, Record, Sort, variant

__all__ = [
    "Abandoned",
    "Bag",
    "Constant",
    "Map",
    "Range",
    "Record",
    "Seq",
    "Set",
    "Sort",
    "Spec",
    "abandon",
    "action",
    "boundary",
    "eventually",
    "expect",
    "fair",
    "idle",
    "initial",
    "invariant",
    "leads_to",
    "require",
    "runs_on",
    "state",
    "step",
    "step_invariant",
    "terminal",
    "variant",
    "witness",
]
