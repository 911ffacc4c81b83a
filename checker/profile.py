"""Where a search's time went and what made its space grow, as data; how it is printed is not known here."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..spec.lang import domains, ir


@dataclass(frozen=True, slots=True)
class Spent:
    """Time in one action, in all states that were expanded, or in one property."""

    name: str
    seconds: float
    calls: int  # states in which it was tried or evaluated
    tried: int | None = None  # instances of an action; None where parameters are drawn, so that it differs by state
    taken: int = 0  # successors of an action
    new: int = 0  # new states among them

    @property
    def rate(self) -> float | None:
        """The share of instances whose guards held."""
        return self.taken / self.tried if self.tried else None


@dataclass(frozen=True, slots=True)
class Growth:
    """How many different values a variable had among the first 1, 2, 4, … expanded states, and among all."""

    variable: str
    values: tuple[int, ...]

    @property
    def factor(self) -> float:
        """How many times as many values there are after the last doubling of states as before."""
        return self.values[-1] / max(1, self.values[-2]) if len(self.values) > 1 else 1.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything `--profile` prints. Seconds of actions include guards, canonical forms and fingerprints."""

    seconds: float  # the search, all threads together
    actions: tuple[Spent, ...]
    properties: tuple[Spent, ...]
    growth: tuple[Growth, ...]
    states: int  # expanded
    memory: Mapping[str, int]  # bytes by what they hold
    load: float | None = None  # of the table of states

    @property
    def rest(self) -> float:
        """Seconds for looking states up, keeping them, and going from one to the next."""
        known = sum(one.seconds for one in (*self.actions, *self.properties))
        return max(0.0, self.seconds - known)

    def grows(self) -> Growth | None:
        """The variable whose value set grows: it has most new values since the states last doubled."""
        known = [one for one in self.growth if len(one.values) > 1 and one.values[-1] > one.values[-2]]
        return max(known, key=lambda one: one.values[-1] - one.values[-2], default=None)


def instances(action: ir.Action, states: int) -> int | None:
    """How many instances of an action are tried in so many states; None where parameters are drawn."""
    count = states
    for param in action.params:
        if param.drawn is not None:
            return None
        count *= domains.cardinality(param.type)
    return count
