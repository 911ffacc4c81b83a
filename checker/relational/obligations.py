"""What has to be shown of a theory: one obligation per conjunct at the start and per conjunct and action.

Knows theories and formulas; knows no solver.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from ...spec.relational.printing import text
from ...spec.relational.terms import Formula, Variable
from ...spec.relational.theory import Action, Conjunct, Kind, Theory

START = "start"
EVERYWHERE = "every state"


@dataclass(frozen=True)
class Hypothesis:
    """A named formula that an obligation may use; cores are sets of such names."""

    name: str
    formula: Formula


@dataclass(frozen=True)
class Obligation:
    """Axioms, hypotheses and guards must imply the goal. The parameters are constants in all of them."""

    action: str  # the action's name, START, or EVERYWHERE for a corollary
    conjunct: Conjunct
    parameters: tuple[Variable, ...]
    hypotheses: tuple[Hypothesis, ...]
    guards: tuple[Formula, ...]
    goal: Formula

    @property
    def name(self) -> str:
        """`action / conjunct`."""
        return f"{self.action} / {self.conjunct.name}"

    @property
    def unchanged(self) -> bool:
        """The goal is one of the hypotheses, word for word: the action does not touch it."""
        return any(hypothesis.formula == self.goal for hypothesis in self.hypotheses)

    def digest(self) -> str:
        """Changes with the text of goal and guards; a core stored under another digest is only a first guess."""
        lines = [text(self.goal), *map(text, self.guards)]
        return sha256("\n".join(lines).encode()).hexdigest()[:12]


Extra = Callable[[Theory], Conjunct]  # an invariant that the text lacks, of whatever state the theory is in


def obligations(
    theory: Theory, without: frozenset[str] = frozenset(), added: tuple[Extra, ...] = ()
) -> tuple[Obligation, ...]:
    """All obligations of a theory, in the order of its text.

    `without` leaves conjuncts out; `added` are invariants to be proved and used beside those of the text.
    """
    conjuncts = _claims(theory, without, added)
    corollaries = tuple(_everywhere(c, conjuncts) for c in conjuncts if c.kind is Kind.COROLLARY)
    first = theory.initial()
    starts = tuple(
        Obligation(START, c, (), (), (), goal.formula)
        for c, goal in zip(conjuncts, _claims(first, without, added), strict=True)
        if c.kind is not Kind.COROLLARY
    )
    steps = tuple(
        obligation
        for action in theory.actions()
        for obligation in _of_action(theory, action, conjuncts, _claims(theory.after(action.step), without, added))
    )
    return starts + steps + corollaries


def _claims(theory: Theory, without: frozenset[str], added: tuple[Extra, ...]) -> tuple[Conjunct, ...]:
    return (*(c for c in theory.conjuncts() if c.name not in without), *(extra(theory) for extra in added))


def _everywhere(conjunct: Conjunct, conjuncts: tuple[Conjunct, ...]) -> Obligation:
    return Obligation(EVERYWHERE, conjunct, (), _used(conjunct, conjuncts), (), conjunct.formula)


def _of_action(
    theory: Theory, action: Action, conjuncts: tuple[Conjunct, ...], afterwards: tuple[Conjunct, ...]
) -> list[Obligation]:
    pairs = zip(conjuncts, afterwards, strict=True)
    goals = [(c, goal.formula) for c, goal in pairs if c.kind is not Kind.COROLLARY]
    goals += [(c, c.formula) for c in theory.steps(theory.after(action.step))]
    return [
        Obligation(action.name, c, action.parameters, _used(c, conjuncts), action.step.guards, goal)
        for c, goal in goals
    ]


def _used(conjunct: Conjunct, conjuncts: tuple[Conjunct, ...]) -> tuple[Hypothesis, ...]:
    """The inductive conjuncts, unless the conjunct says which; a lemma may always use itself."""
    if conjunct.kind is Kind.LEMMA:
        names = {conjunct.name, *conjunct.using}
    else:
        names = set(conjunct.using) or {c.name for c in conjuncts if c.inductive}
    return tuple(Hypothesis(c.name, c.formula) for c in conjuncts if c.name in names)
