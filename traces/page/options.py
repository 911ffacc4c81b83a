"""What could have happened instead: at every step the enabled actions with what they change, the others with why not.

Around the end of the trace, what could follow each alternative as well.

The work is bounded by a number of action instances, not by a clock, so that a page is the same every time. Steps near
the end come first. Knows traces, nothing of pages beyond their texts.
"""

import json
from typing import Any

from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Meaning
from ..changes import changed_variables
from ..trace import Label, State, Trace, show_label
from ..why import Alternative, alternatives
from .properties import packed
from .texts import Texts

MOST_INSTANCES = 4000
DEEP = 5  # last steps whose alternatives are followed one step further
MOST_NEXT = 20  # steps that are listed after an alternative


def options_at(trace: Trace, number: int, meaning: Meaning, texts: Texts, first_reason: int) -> dict[str, Any]:
    """The alternatives of one step, for a page that has so many reasons already."""
    packer = _Packer(trace, meaning, texts, first_reason)
    return {"options": packer.step(number, alternatives(trace, number)), "reasons": packer.reasons}


def options(trace: Trace, meaning: Meaning, texts: Texts, most: int = MOST_INSTANCES) -> dict[str, Any]:
    """Alternatives by step, the reasons they share, and the first step that the budget reached."""
    packer = _Packer(trace, meaning, texts)
    spent, steps = 0, dict[str, Any]()
    for number in range(len(trace.steps), 0, -1):
        if spent >= most:
            break
        found = alternatives(trace, number)
        spent += len(found)
        steps[str(number)] = packer.step(number, found)
    return {"options": steps, "reasons": packer.reasons, "options_from": len(trace.steps) - len(steps) + 1}


class _Packer:
    """Keeps every reason once: most are the same from step to step."""

    def __init__(self, trace: Trace, meaning: Meaning, texts: Texts, first: int = 0) -> None:
        self._trace, self._meaning, self._texts, self._first = trace, meaning, texts, first
        self._numbers: dict[str, int] = {}
        self._before: State = ()
        self.reasons: list[Any] = []

    def step(self, number: int, found: list[Alternative]) -> list[list[Any]]:
        """Label, outcome, and for what is enabled its changes, for the rest the place and number of its reason."""
        leads = self._leads(number) if any(one.outcome in ("enabled", "taken") for one in found) else {}
        return [self._option(one, leads, number > len(self._trace.steps) - DEEP) for one in found]

    def _option(self, one: Alternative, leads: dict[str, State], deep: bool) -> list[Any]:
        label = self._texts.number(one.label)
        if one.outcome in ("enabled", "taken"):
            return self._enabled(one, label, leads.get(one.label), deep)
        place = self._texts.number(str(one.guard)) if one.guard else None
        return [
            label,
            one.outcome,
            place,
            None if one.reason is None else self._reason(packed(one.reason, self._texts)),
        ]

    def _reason(self, reason: list[Any]) -> int:
        key = json.dumps(reason)
        if key not in self._numbers:
            self._numbers[key] = self._first + len(self.reasons)
            self.reasons.append(reason)
        return self._numbers[key]

    def _enabled(self, one: Alternative, label: int, after: State | None, deep: bool) -> list[Any]:
        """What an enabled step changes; and `deep`, what can follow it, with how many more there are."""
        if after is None:
            return [label, one.outcome, []]
        found = [label, one.outcome, self._changes(self._before, after)]
        if not deep or one.outcome == "taken":
            return found
        following = self._successors(after)
        listed = [
            [self._texts.number(show_label(self._trace.specification, own)), self._changes(after, further)]
            for own, further in following[:MOST_NEXT]
        ]
        return [*found, listed, len(following) - len(listed)]

    def _leads(self, number: int) -> dict[str, State]:
        """The state after each enabled step."""
        self._before = self._trace.steps[number - 1].state
        own = self._trace.specification
        return {show_label(own, label): after for label, after in self._successors(self._before)}

    def _successors(self, state: State) -> list[tuple[Label, State]]:
        try:
            return self._meaning.successors(state)
        except EvaluationError:
            return []

    def _changes(self, before: State, after: State) -> list[tuple[int, int]]:
        variables = self._trace.specification.variables
        found = changed_variables(variables, before, after)
        return [(self._texts.number(change.place), self._texts.number(change.what)) for change in found]
