"""A counterexample to induction as text and as a page: the states, what changes between them, what the last violates.

It starts in a state that need not be reachable, and says so wherever it is shown.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

from ....spec.lang import ir
from ....spec.lang.domains import show
from ....spec.lang.meaning.compile import Meaning
from ....traces.changes import changed_variables
from ....traces.trace import Label, Step, Trace, show_label

if TYPE_CHECKING:
    from ...symbolic.search import Answer

ANYWHERE: Label = ("anywhere", ())  # how the first state came about, which nobody knows


def induction_text(tree: ir.Specification, answer: "Answer", reachable: bool) -> str:
    """All of the first state, then what each step changes; and whether the first state is reachable, if asked."""
    trace = _trace(tree, "", answer)
    states = [step.state for step in trace.steps]
    lines = [f"counterexample to induction, {len(states)} states; the first need not be reachable", "  1. anywhere"]
    width = max(len(variable.name) for variable in tree.variables)
    for variable, value in zip(tree.variables, states[0], strict=True):
        lines.append(f"       {variable.name:{width}}  {show(variable.type, value)}")
    for number, (before, after) in enumerate(pairwise(trace.steps), start=2):
        lines.append(f"{number:>3}. {show_label(tree, after.label)}")
        for change in changed_variables(tree.variables, before.state, after.state):
            lines.append(f"       {change.place}  {change.what}")
    lines.append(f"{answer.broken} holds before the last step, and not after it")
    if reachable:
        lines.append(_reachable(tree, states[0]))
    return "\n".join(lines) + "\n"


def induction_page(tree: ir.Specification, source: str, answer: "Answer", command: str) -> str:
    """The page of a trace, marked as what it is: no behaviour, but steps between states that may not be reachable."""
    from ....traces.page.document import page
    from ....traces.page.view import view

    trace = _trace(tree, source, answer)
    start = "from a state that need not be reachable"
    data = view(trace, states=0)
    data["headline"] = f"counterexample to induction: {answer.broken} holds before the last step, and not after it"
    data["badge"] = ["not a behaviour", f"a counterexample to induction: it starts {start}"]
    data["prose"] = f"{len(trace.steps) - 1} steps {start}. This shows that the invariants are not inductive, no more."
    data["notices"] = [f"This is no behaviour: it starts {start}. --reachable asks.", *data["notices"]]
    data["command"], data["test"] = command, "# What is no behaviour makes no regression test."
    return page(data)


def _trace(tree: ir.Specification, source: str, answer: "Answer") -> Trace:
    """The states with the labels that the Python meaning gives to the steps between them."""
    meaning, states = Meaning(tree), answer.to_induction
    steps = [Step(ANYWHERE, states[0])]
    for before, after in pairwise(states):
        label = next(label for label, state in meaning.successors(before) if state == after)
        steps.append(Step(label, after))
    return Trace(tree, source, tuple(steps), "violated", answer.broken, None, "symbolic")


def _reachable(tree: ir.Specification, wanted: tuple[object, ...]) -> str:
    """Whether a state can be reached, by going through all that can."""
    meaning = Meaning(tree)
    frontier = list(dict.fromkeys(state for _, state in meaning.initial()))
    seen = set(frontier)
    depth = 1
    while frontier:
        if wanted in seen:
            return f"the first state is reachable, in {depth} states: the property is violated"
        successors = dict.fromkeys(new for state in frontier for _, new in meaning.successors(state))
        frontier = [state for state in successors if state not in seen]
        seen.update(frontier)
        depth += 1
    return f"the first state is not reachable: it is none of the {len(seen):,} that are"
