"""Why a property is false, and why an action cannot happen: as data, ready to be printed.

A `Reason` is one truth with what it rests on: the binding that decides a quantifier, the places read, and the step
that last changed each of them. A step counts as a place's writer when the value there became another one. This
module knows traces and recorded evaluations; rendering is `text.py`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..spec.lang import domains, ir
from ..spec.lang.domains import show
from ..spec.lang.errors import EvaluationError
from ..spec.lang.meaning.evaluate import Case, Part
from ..spec.lang.meaning.interpret import Broken, Disabled, Enabled, Interpreter
from .place import Place, is_call_before, place_of, readings
from .trace import Label, Trace, show_label
from .wording import wording

CASES_SHOWN = 3  # of a quantifier that no single case decides
BINDINGS_LISTED = 5
READS_LISTED = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """A value that was read, and the number of the step that gave the place this value.

    An operand that is not itself a place of the state has no writer.
    """

    place: str
    value: str
    writer: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """An expression, its value, and what the value rests on.

    `binding` holds the names bound for it ("a = rm1"). `note` says what is left out. Where `value` is None the
    expression was never reached.
    """

    text: str
    value: str | None
    binding: tuple[str, ...] = ()
    note: str = ""
    reads: tuple[Seen, ...] = ()
    reasons: "tuple[Reason, ...]" = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """An action instance in a state: taken, enabled, or not; then `reason` is the first guard that fails."""

    label: str
    outcome: str  # "taken", "enabled", "disabled", "fails"
    guard: ir.Span | None = None
    reason: Reason | None = None


def why_violated(trace: Trace) -> Reason | None:
    """The evaluated tree of the property in the last state; None where the trace is not about a property's value."""
    node = trace.property_node()
    if node is None or trace.failure is not None:
        return None
    at = len(trace.steps) - 1
    before = trace.steps[at - 1].state if at else None
    part = Interpreter(trace.specification).explain(node.name, trace.steps[at].state, before)
    return _with_remark(trace, at, node.name, _Explainer(trace, at).reason(part))


def _with_remark(trace: Trace, at: int, name: str, whole: Reason) -> Reason:
    """With what an implementation has to say beyond the text, at the first part."""
    performer = trace.specification.performer
    remark = None if performer is None else performer.remark(name, trace.steps[at].state)
    if remark is None:
        return whole
    first, *rest = whole.reasons
    return replace(whole, reasons=(replace(first, note=remark), *rest))


def alternatives(trace: Trace, number: int) -> list[Alternative]:
    """Every action instance in the state after step `number` (counted from 1), in order."""
    interpreter = Interpreter(trace.specification)
    at = number - 1
    taken = trace.steps[at + 1].label if at + 1 < len(trace.steps) else None
    found: list[Alternative] = []
    for action in trace.specification.actions:
        try:
            for arguments in interpreter.instances(action, trace.steps[at].state):
                found.append(_alternative(_Explainer(trace, at), interpreter, (action.name, arguments), taken))
        except EvaluationError as error:  # what the arguments are drawn from cannot be evaluated
            found.append(Alternative(action.name, "fails", error.span, Reason(error.message, None)))
    return found


def alternative(trace: Trace, number: int, label: Label) -> Alternative:
    """One action instance in the state after step `number`."""
    return _alternative(_Explainer(trace, number - 1), Interpreter(trace.specification), label, None)


def _alternative(explainer: "_Explainer", interpreter: Interpreter, label: Label, taken: Label | None) -> Alternative:
    shown = show_label(interpreter.specification, label)
    match interpreter.attempt(*label, explainer.state):
        case Enabled():
            return Alternative(shown, "taken" if label == taken else "enabled")
        case Disabled(guard, part):
            reason = explainer.reason(part)
            if isinstance(guard, ir.Expect):
                wanted = domains.describe(guard.type)
                reason = Reason(f"{guard.name} = expect({reason.text}, {wanted})", reason.value, reads=reason.reads)
            return Alternative(shown, "disabled", guard.span, reason)
        case Broken(error):
            return Alternative(shown, "fails", error.span, Reason(error.message, None))


class _Explainer:
    """Turns recorded parts into reasons, for one state of a trace."""

    def __init__(self, trace: Trace, at: int) -> None:
        self._trace = trace
        self._at = at
        self._variables = trace.specification.variables
        self.state = trace.steps[at].state
        self._given = frozenset[str]()  # the names whose values the reader has been told
        self._before = False  # within a call in the state before the step

    def reason(self, part: Part, open_up: bool = True) -> Reason:
        """The reason for a part; without `open_up` only its value."""
        text = self._text(part)
        value = _show_value(part)
        if not open_up:
            return Reason(text, value)
        match part.node:
            case ir.Property():
                return Reason(text, value, reasons=tuple(self._truths(part.parts)))
            case ir.Logic(op, items):
                return Reason(text, value, reasons=tuple(self._operands(part, op == "or", items)))
            case ir.Quantified():
                return self._quantified(part, text, value)
            case ir.Call():
                return self._call(part, text, value)
            case _:
                truths = tuple(self._truths(part.parts))
                own = (part,) if not truths else _values(part.parts)
                return Reason(text, value, reads=(*self._computed(part), *self._reads(own)), reasons=truths)

    def _call(self, part: Part, text: str, value: str) -> Reason:
        reads, outer = self._reads(_values(part.parts)), self._before
        self._before = outer or is_call_before(part)
        bodies = self._cases([case for case in part.parts if isinstance(case, Case)])
        self._before = outer
        return Reason(text, value, reads=reads, reasons=bodies)

    def _truths(self, parts: tuple[Part | Case, ...]) -> Iterator[Reason]:
        """The truth values (and named intermediate values) that a value was directly computed from."""
        for part in parts:
            if isinstance(part, Part) and (_is_truth(part) or part.name is not None):
                yield self.reason(part)

    def _operands(self, part: Part, deciding: bool, items: tuple[ir.Expr, ...]) -> Iterator[Reason]:
        """A decided `and` rests on its one false operand, an undecided one on all; what came after was not reached."""
        operands = [own for own in part.parts if isinstance(own, Part)]
        for operand in operands:
            yield self.reason(operand, open_up=part.value is not deciding or operand.value is deciding)
        for item in items[len(operands) :]:
            yield Reason(wording(item), None)

    def _quantified(self, part: Part, text: str, value: str) -> Reason:
        cases = [case for case in part.parts if isinstance(case, Case)]
        deciding = [case for case in cases if case.decides]
        if deciding:
            reads = self._reads(_domains_of(part, deciding[0]))
            others = [", ".join(_binding(case)) for case in deciding[1:]]
            note = _list("also for ", others, BINDINGS_LISTED, "; ")
            return Reason(text, value, note=note, reads=reads, reasons=self._cases(deciding[:1]))
        reads = self._reads(_values(part.parts))
        shown = self._cases(cases[:CASES_SHOWN])
        rest = len(cases) - CASES_SHOWN
        note = "" if cases else "there is nothing to bind the names to"
        return Reason(
            text, value, note=f"and {rest} more cases like these" if rest > 0 else note, reads=reads, reasons=shown
        )

    def _cases(self, cases: list[Case]) -> tuple[Reason, ...]:
        """For each binding its conditions and its body; the first of them carries the binding."""
        found: list[Reason] = []
        for case in cases:
            *held, body = case.parts
            assert isinstance(body, Part)
            outer, self._given = self._given, self._given | {name for name, _, _ in case.binding}
            first, *rest = (*self._truths(tuple(held)), self.reason(body))
            self._given = outer
            found += [replace(first, binding=_binding(case)), *rest]
        return tuple(found)

    def _computed(self, part: Part) -> Iterator[Seen]:
        """The operands that are neither literals nor places, nor names whose values were already given."""
        for own in _values(part.parts):
            assert isinstance(own, Part)
            node = own.node
            while isinstance(node, ir.Convert):
                node = node.item
            given = _is_constant(node) or (isinstance(node, ir.Local) and node.name in self._given)
            if not given and place_of(own, self._variables) is None:
                yield Seen(self._text(own), _show_value(own), None)

    def _reads(self, parts: tuple[Part | Case, ...]) -> tuple[Seen, ...]:
        found = list(dict.fromkeys(readings(parts, self._variables, self._before)))
        return tuple(
            Seen(str(one.place), show(one.type, one.value), self.writer(one.place)) for one in found[:READS_LISTED]
        )

    def writer(self, place: Place) -> int:
        """The number of the step that gave the place the value it has in this state."""
        steps = self._trace.steps
        at = self._at - 1 if place.before else self._at
        now = place.value(steps[at].state, self._variables)
        while at > 0 and place.value(steps[at - 1].state, self._variables) == now:
            at -= 1
        return at + 1

    def _text(self, part: Part) -> str:
        match part.node:
            case ir.Property(name):
                return name
            case ir.Param(name, _, drawn):
                return f"{name} in {wording(drawn)}" if drawn is not None else name
        text = wording(part.node)
        return f"{part.name} = {text}" if part.name is not None else text


def _is_constant(node: ir.Expr | ir.Property | ir.Param) -> bool:
    """Whether a value is written out, so that showing it again says nothing."""
    match node:
        case ir.Literal():
            return True
        case ir.Collect(items) | ir.Make(items):
            return all(_is_constant(item) for item in items)
        case ir.Convert(item):
            return _is_constant(item)
    return False


def _is_truth(part: Part) -> bool:
    return not isinstance(part.node, ir.Property | ir.Literal) and isinstance(part.node.type, domains.Bool)


def _values(parts: tuple[Part | Case, ...]) -> tuple[Part | Case, ...]:
    """The parts that are no truth values: what they read belongs to their parent."""
    return tuple(part for part in parts if isinstance(part, Part) and not _is_truth(part))


def _domains_of(quantified: Part, case: Case) -> tuple[Part | Case, ...]:
    """What the names of this case ranged over: the last evaluation of each domain before it."""
    before = quantified.parts[: quantified.parts.index(case)]
    last = {str(part.node.span): part for part in before if isinstance(part, Part)}
    return _values(tuple(last.values()))


def _binding(case: Case) -> tuple[str, ...]:
    return tuple(f"{name} = {show(kind, value)}" for name, kind, value in case.binding)


def _show_value(part: Part) -> str:
    if isinstance(part.value, bool):
        return "true" if part.value else "false"
    assert not isinstance(part.node, ir.Property)
    return show(part.node.type, part.value)


def _list(before: str, items: list[str], most: int, between: str) -> str:
    if not items:
        return ""
    rest = f"{between}and {len(items) - most} more" if len(items) > most else ""
    return before + between.join(items[:most]) + rest
