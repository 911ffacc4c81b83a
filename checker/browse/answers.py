"""What a served page may ask of a session, as data, and the answers: plain objects, ready to be JSON.

Every question is decoded against its type before anything is done; what cannot be done raises Impossible, with words
for people. Nothing is written but traces, into the folder of traces. Knows sessions and pages, nothing of HTTP.
"""

from typing import Annotated, Any, Literal, assert_never

import msgspec

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError, Refused
from ...spec.lang.meaning.compile import Meaning
from ...traces.changes import changed_variables
from ...traces.expression import TooMuch, history
from ...traces.page.live import path_view, space_view, step_view
from ...traces.replay import replay
from ...traces.shrinking import NotShrinkable, shrink
from ...traces.store import FOLDER, write
from ...traces.trace import DEADLOCK, show_label
from .onward import search_ahead
from .session import Impossible, Session

MOST_LISTED = 200  # initial states, branches
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]


class _Question(msgspec.Struct, tag_field="ask", tag=str.lower, forbid_unknown_fields=True):
    pass


class Start(_Question):
    """Begin in an initial state."""

    choice: Count


class Open(_Question):
    """Show the path to a node."""

    node: Count


class Take(_Question):
    """Take an action instance after a step of the path to a node; `step` counts from 1, the initial state."""

    node: Count
    step: Count
    label: Text


class Look(_Question):
    """What can happen after a step, and what is true there; the numbers are those that the page has already."""

    node: Count
    step: Count
    texts: Count
    reasons: Count


class Space(_Question):
    """The state graph around a path."""

    node: Count


class Search(_Question):
    """Run the checker from a step on, within a number of states; `wanted` is a property, or None for any violation."""

    node: Count
    step: Count
    wanted: Text | None
    states: Count


class Shrink(_Question):
    """Find a simpler way to what the path shows."""

    node: Count
    objective: Literal["steps", "faults", "servers", "switches"]


class Save(_Question):
    """Store the path as a trace."""

    node: Count


class Evaluate(_Question):
    """The value of an expression after every step of a path."""

    node: Count
    expression: Text


Question = Start | Open | Take | Look | Space | Search | Shrink | Save | Evaluate


class Answers:
    """Answers questions about one session, one at a time; `spec` is the class that its specification was read from."""

    def __init__(self, session: Session, spec: type[Any]) -> None:
        self._session, self._spec = session, spec
        self._meaning = Meaning(session.specification)

    def front(self) -> int:
        """The node that is shown first: the last that was met, else the first initial state."""
        return len(self._session.nodes) - 1 if self._session.nodes else self._session.start(0)

    def answer(self, body: bytes) -> dict[str, Any]:
        """The answer to a question in JSON; raises Impossible."""
        try:
            question = msgspec.json.decode(body, type=Question)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise Impossible(f"the question is not understood: {problem}") from None
        try:
            return self._answered(question)
        except EvaluationError as error:
            raise Impossible(f"the specification fails there: {error}") from None

    def _answered(self, question: Question) -> dict[str, Any]:
        session = self._session
        match question:
            case Start(choice):
                return self.shown(session.start(choice))
            case Open(node):
                return self.shown(node)
            case Take(node, step, label):
                return self.shown(session.take(self._at(node, step), label))
            case Look(node, step, texts, reasons):
                return self._look(node, step, texts, reasons)
            case Space(node):
                return {"space": space_view(session.trace(node), self._meaning)}
            case Search(node, step, wanted, states):
                return self._search(self._at(node, step), wanted, states)
            case Shrink(node, objective):
                return self._shrunk(node, objective)
            case Save(node):
                return self._save(node)
            case Evaluate(node, expression):
                return self._evaluated(node, expression)
        assert_never(question)

    def _at(self, node: int, step: int) -> int:
        """The node of a step on the path to a node."""
        path = self._session.path(node)
        if not 1 <= step <= len(path):
            raise Impossible(f"the path has {len(path)} states; there is no step {step}")
        return path[step - 1]

    def shown(self, node: int) -> dict[str, Any]:
        """The page's data for the path to a node, and what the page must know to go on from it."""
        session = self._session
        data = path_view(session.trace(node), self._meaning)
        return data | {
            "live": {
                "node": node,
                "path": session.path(node),
                "initial": self._initial(),
                "branches": self._branches(),
                "wanted": self._wanted(),
                "folder": str(FOLDER),
            }
        }

    def _initial(self) -> dict[str, Any]:
        """The initial states: each with its label, and what tells it from the first."""
        own, states = self._session.specification, self._session.initial
        listed = [
            [
                show_label(own, step.label),
                [f"{one.place}: {one.what}" for one in changed_variables(own.variables, states[0].state, step.state)],
            ]
            for step in states[:MOST_LISTED]
        ]
        return {"count": len(states), "listed": listed}

    def _branches(self) -> list[list[Any]]:
        """The ends of the branches, newest first: node, number of states, last step, what it shows."""
        found = []
        for leaf in reversed(self._session.leaves()[-MOST_LISTED:]):
            label = show_label(self._session.specification, self._session.nodes[leaf].step.label)
            end = self._session.end(leaf)
            shows = "a check fails" if end.failure else f"{end.verdict}: {end.property}" if end.property else ""
            found.append([leaf, len(self._session.path(leaf)), label, shows])
        return found

    def _wanted(self) -> list[list[str]]:
        """What the checker can be asked for: a property and what finding it means."""
        meaning: dict[ir.Kind, str] = {
            "invariant": "violated",
            "step_invariant": "violated",
            "witness": "reached",
        }
        found = [[one.name, meaning[one.kind]] for one in self._session.specification.properties if one.kind in meaning]
        return [*found, [DEADLOCK, "reached"]]

    def _look(self, node: int, step: int, texts: int, reasons: int) -> dict[str, Any]:
        trace = self._session.trace(node)
        self._at(node, step)
        return step_view(trace, step, self._meaning, texts, reasons)

    def _search(self, start: int, wanted: str | None, states: int) -> dict[str, Any]:
        if wanted is not None and wanted not in [name for name, _ in self._wanted()]:
            raise Impossible(f"{self._session.specification.name} has no property {wanted!r}")
        found = search_ahead(self._session.specification, self._session.node(start).step.state, wanted, states)
        if not found.steps and found.shows is None:
            return {"words": found.words}
        node = self._session.extend(start, found.steps, found.shows)
        replay(self._session.trace(node))
        return {"words": found.words, "shown": self.shown(node)}

    def _shrunk(self, node: int, objective: Literal["steps", "faults", "servers", "switches"]) -> dict[str, Any]:
        try:
            shrunk = shrink(self._session.trace(node), objective)
        except NotShrinkable as problem:
            raise Impossible(f"this path cannot be shrunk: {problem}") from None
        before, after = (str(getattr(cost, objective)) for cost in (shrunk.before, shrunk.after))
        found = self._session.follow(replay(shrunk.trace))
        words = f"{objective}: {before} before, {after} now" if before != after else f"{objective}: {after}, as before"
        return {"words": words, "shown": self.shown(found) | {"necessary": shrunk.necessary}}

    def _evaluated(self, node: int, expression: str) -> dict[str, Any]:
        try:
            found = history(self._spec, self._session.trace(node), expression)
        except (Refused, TooMuch) as problem:
            raise Impossible(str(problem)) from None
        return {"history": [[one.step, f"fails: {one.text}" if one.fails else one.text] for one in found]}

    def _save(self, node: int) -> dict[str, Any]:
        try:
            path = write(replay(self._session.trace(node)))
        except OSError as problem:
            raise Impossible(f"the trace cannot be written to {FOLDER}: {problem.strerror}") from None
        return {"words": f"saved as {path}"}
