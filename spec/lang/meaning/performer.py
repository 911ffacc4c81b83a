"""Who takes the steps of a specification that tells of something that runs by itself.

Traces of an implementation are replayed, explained and compared like those of a specification, because it is one: its
state has types, its actions say when they can happen, its properties are text. Only what a step does is not text.
"""

from typing import Protocol

from ..domains import Plain

_Label = tuple[str, tuple[Plain, ...]]
_State = tuple[Plain, ...]


class Performer(Protocol):
    """An implementation behind a specification."""

    def initial(self) -> list[tuple[_Label, _State]]:
        """The initial states, with labels."""
        ...

    def steps(self, action: str, state: _State) -> list[tuple[_Label, _State]]:
        """All steps of an action from a state that it has met, in the order of their arguments."""
        ...

    def remark(self, name: str, state: _State) -> str | None:
        """What there is to say about a property in a state beyond its text."""
        ...
