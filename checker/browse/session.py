"""A walk through a specification's states by hand: a tree of steps, in which nothing is ever lost.

Every step is taken by the tree-walking interpreter, so a path is a behaviour by construction. Knows specifications and
traces; nothing of pages, files, or the network.
"""

from dataclasses import dataclass
from typing import Literal

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.interpret import Broken, Disabled, Enabled, Interpreter
from ...traces.replay import failing
from ...traces.trace import DEADLOCK, Failure, Label, Log, State, Step, Trace, show_label

MOST_NODES = 50_000
ENGINE = "browse"
Verdict = Literal["violated", "reached", "undecided"]


class Impossible(Exception):
    """What was asked cannot be done here; the text says why, and where there is one, the cure."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree: a step, and the node it was taken from (None: it is an initial state)."""

    parent: int | None
    step: Step


@dataclass(frozen=True, slots=True)
class End:
    """What the path to a node shows, and who found it."""

    verdict: Verdict
    property: str | None
    failure: Failure | None = None
    engine: str = ENGINE
    seed: int | None = None
    log: Log | None = None


class Session:
    """One specification, and the steps taken in it so far. Nodes are numbered from 0 in the order they were met."""

    def __init__(self, specification: ir.Specification, source: str) -> None:
        self.specification, self.source = specification, source
        self.nodes: list[Node] = []
        self._interpreter = Interpreter(specification)
        self._numbers: dict[tuple[int | None, Label], int] = {}
        self._ends: dict[int, End] = {}
        self.initial = tuple(Step(label, state) for label, state in self._interpreter.initial())
        if not self.initial:
            raise Impossible(f"{specification.name} has no initial state in this configuration")

    def start(self, choice: int) -> int:
        """The node of the initial state with this number."""
        if not 0 <= choice < len(self.initial):
            raise Impossible(f"there are {len(self.initial)} initial states, numbered from 0")
        return self._add(None, self.initial[choice])

    def take(self, number: int, label: str) -> int:
        """The node that the action instance (`prepare(rm1)`) leads to from a node; raises Impossible."""
        state = self.node(number).step.state
        found = self._instance(label, number)
        match self._interpreter.attempt(*found, state):
            case Enabled(after):
                return self._add(number, Step(found, after))
            case Disabled(guard):
                raise Impossible(f"{label} is not enabled there: {guard.span} stops it")
            case Broken(error):
                raise Impossible(f"{label} fails there: {error}")

    def _instance(self, label: str, number: int) -> Label:
        state, name = self.node(number).step.state, label.partition("(")[0]
        for action in self.specification.actions:
            if action.name == name:
                try:
                    for arguments in self._interpreter.instances(action, state):
                        if show_label(self.specification, (name, arguments)) == label:
                            return name, arguments
                except EvaluationError as error:
                    raise Impossible(f"{label} fails there: {error}") from None
        raise Impossible(f"{self.specification.name} has no step {label!r} there")

    def follow(self, trace: Trace) -> int:
        """The node at the end of a trace of this specification, which must have been replayed; keeps what it shows."""
        number = self._add(None, trace.steps[0])
        for step in trace.steps[1:]:
            number = self._add(number, step)
        self._ends[number] = End(trace.verdict, trace.property, trace.failure, trace.engine, trace.seed, trace.log)
        return number

    def extend(self, number: int, steps: tuple[Step, ...], shows: tuple[Verdict, str] | None) -> int:
        """The node at the end of more steps after a node, and what is known of it."""
        for step in steps:
            number = self._add(number, step)
        if shows is not None:
            self._ends[number] = End(*shows)
        return number

    def _add(self, parent: int | None, step: Step) -> int:
        key = parent, step.label
        if key not in self._numbers:
            if len(self.nodes) == MOST_NODES:
                raise Impossible(
                    f"{MOST_NODES:,} steps were taken, which is the most; save what you need and begin anew"
                )
            self._numbers[key] = len(self.nodes)
            self.nodes.append(Node(parent, step))
        return self._numbers[key]

    def node(self, number: int) -> Node:
        """The node with this number; raises Impossible."""
        if not 0 <= number < len(self.nodes):
            raise Impossible(f"there is no state with the number {number} in this session; it was started anew since")
        return self.nodes[number]

    def path(self, number: int) -> tuple[int, ...]:
        """The numbers of the nodes from an initial state to this one."""
        found, at = [number], self.node(number).parent
        while at is not None:
            found.append(at)
            at = self.nodes[at].parent
        return tuple(reversed(found))

    def leaves(self) -> tuple[int, ...]:
        """The nodes that nothing was tried from: the ends of the branches, in the order they were met."""
        parents = {node.parent for node in self.nodes}
        return tuple(number for number in range(len(self.nodes)) if number not in parents)

    def trace(self, number: int) -> Trace:
        """The path to a node as a trace; what it shows is what was said of it, else what is plain to see at its end."""
        end, steps = self.end(number), tuple(self.nodes[one].step for one in self.path(number))
        shows = (end.verdict, end.property, end.failure)
        return Trace(self.specification, self.source, steps, *shows, end.engine, end.seed, end.log)

    def end(self, number: int) -> End:
        """What the path to a node shows."""
        if number not in self._ends:
            node = self.node(number)
            before = None if node.parent is None else self.nodes[node.parent].step.state
            self._ends[number] = self._seen(node.step.state, before)
        return self._ends[number]

    def _seen(self, state: State, before: State | None) -> End:
        """The first property that is false in a state, a check that fails in or after it, a deadlock, or nothing."""
        interpreter, own = self._interpreter, self.specification
        failed = failing(interpreter, state, before)
        if failed is not None:
            return End("undecided", None, Failure(failed[0], str(failed[1].span), failed[1].message))
        for one in own.properties:
            asked = one.kind == "invariant" or (one.kind == "step_invariant" and before is not None)
            if asked and not interpreter.holds(one.name, state, before):
                return End("violated", one.name)
        intended = [one.name for one in own.properties if one.kind == "terminal"]
        if interpreter.successors(state) or any(interpreter.holds(name, state) for name in intended):
            return End("undecided", None)
        return End("violated", DEADLOCK)
