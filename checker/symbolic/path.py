"""A path from the initial states, longer by one step at a time, in which what can be known is no variable.

Before a step is added the solver is asked which instances can happen there at all. The others are left out, and a
leaf to which all that remain give the same term is that term: while little can happen, little is unknown, and most
of what is asked folds away before it comes to the solver. Of steps that differ only in names, one is asked about
(`renaming.py`). Knows formulas, not what is asked about them.
"""

from collections.abc import Sequence
from typing import Any

import z3

from .renaming import Renamings
from .solving import Solver, is_true
from .terms import Truth
from .transition import Instance, System

Row = list[Any]  # a term per leaf
_Option = tuple[Any, Row]  # a condition, and the leaves after it


class Path:
    """The states of a path, and the solver that knows what is true of them."""

    def __init__(
        self, system: System, solver: Solver, bad_state: Truth, bad_step: Truth, renamings: Renamings | None = None
    ) -> None:
        self.system, self.solver, self._renamings = system, solver, renamings
        self._now, self._next = system.constants(system.now), system.constants(system.next)
        self._questions = pack([*(i.enabled for i in system.instances), bad_state, system.inside()])
        self._bad_step = pack([bad_step])
        self._afters = [pack(system.row(i.after)) for i in system.instances]
        starts = [start for start in system.starts() if not z3.is_false(_term(start.enabled))]
        kept = [starts[n] for n in self._first(starts)]
        self.rows: list[Row] = [self._joined([(_term(start.enabled), system.row(start.after)) for start in kept])]
        self._ask()

    def _ask(self) -> None:
        """The formulas about the last state."""
        *self._enabled, self.bad, self.inside = self._moved(self._questions, zip(self._now, self.rows[-1], strict=True))

    def _moved(self, packed: Any, pairs: Any) -> list[Any]:
        return list(z3.simplify(z3.substitute(packed, *pairs)).children())

    def violation(self) -> Any:
        """A model in which the last state is bad, or None; from then on it is not."""
        return self._refuted(self.bad)

    def _refuted(self, condition: Any) -> Any:
        model = None if z3.is_false(condition) else self.solver.model(condition)
        if model is None:
            self.solver.add(z3.Not(condition))
        return model

    def extend(self) -> bool:
        """One step more. False where none is possible: no path is longer."""
        self.solver.add(self.inside)
        possible = self._possible()
        if not possible:
            return False
        here = self.rows[-1]
        pairs = list(zip(self._now, here, strict=True))
        options = [(self._enabled[n], self._moved(self._afters[n], pairs)) for n in possible]
        self.rows.append(self._joined(options))
        self._ask()
        return True

    def bad_last_step(self) -> Any:
        """A model in which the last step is bad, or None; from then on it is not."""
        pairs = [*zip(self._now, self.rows[-2], strict=True), *zip(self._next, self.rows[-1], strict=True)]
        return self._refuted(self._moved(self._bad_step, pairs)[0])

    def _possible(self) -> list[int]:
        """The instances that can happen in the last state, each shown by a model."""
        if z3.is_false(self.inside):
            return []
        numbers = [n for n, test in enumerate(self._enabled) if not z3.is_false(test)]
        first = self._first([self.system.instances[n] for n in numbers])
        open_ones = {numbers[n]: self._enabled[numbers[n]] for n in first}
        found: list[int] = []
        while open_ones:
            model = self.solver.model(z3.Or(*open_ones.values()))
            if model is None:
                break
            shown = [n for n, test in open_ones.items() if is_true(model, test)]
            found += shown
            for n in shown:
                del open_ones[n]
        return sorted(found)

    def _first(self, instances: Sequence[Instance]) -> Sequence[int]:
        """Those of which no other is a renaming that comes earlier."""
        if self._renamings is None:
            return range(len(instances))
        return self._renamings.first([(instance.action, instance.arguments) for instance in instances])

    def _joined(self, options: Sequence[_Option]) -> Row:
        """The leaves after one of the options: a new variable only where they differ."""
        number = len(self.rows) if hasattr(self, "rows") else 0
        row: Row = []
        for n, terms in enumerate(zip(*(after for _, after in options), strict=True)):
            first = terms[0]
            shared = all(term.eq(first) for term in terms)
            row.append(first if shared else z3.Const(f"{number}.{n}", first.sort()))
        chosen = [z3.Bool(f"{number}.option.{n}") for n in range(len(options))]
        self.solver.add(z3.Or(*chosen))
        for one, (condition, after) in zip(chosen, options, strict=True):
            changes = [new == old for new, old in zip(row, after, strict=True) if not new.eq(old)]
            self.solver.add(z3.Implies(one, z3.And(condition, *changes)))
        return row


def _term(condition: Truth) -> Any:
    return z3.BoolVal(condition) if isinstance(condition, bool) else condition


def pack(terms: Sequence[Any]) -> Any:
    """Many terms as one, so that one substitution moves them all and shares what they share."""
    items = [_term(term) for term in terms]
    return z3.Function("pack", *(item.sort() for item in items), z3.BoolSort())(*items)
