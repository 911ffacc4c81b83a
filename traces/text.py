"""Traces and explanations for a terminal: what a page shows, in plain text.

Shows changed values only unless asked for all. Colour comes from the caller as a `Paint`; without one the text is
plain. This module decides about layout alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..spec.lang import domains, ir
from ..spec.lang.domains import Plain, show
from .changes import changes
from .comparing.align import Alignment
from .comparing.difference import Divergence
from .export.trees import difference, trees
from .expression import Value
from .trace import DEADLOCK, State, Step, Trace, show_label
from .why import Alternative, Reason, Seen, alternative

Paint = Callable[[str, str], str]  # (what the text is, the text) -> the text, possibly coloured
WIDE = 100  # a value longer than this is shown part by part
LONG = 160  # an expression longer than this is cut; its parts are shown below it


def plain(_: str, text: str) -> str:
    """No colours."""
    return text


def render_trace(trace: Trace, full: bool = False, paint: Paint = plain) -> str:
    """The steps of a trace: the initial state, then what each step changed (or, if `full`, all values)."""
    lines = [paint("title", headline(trace))]
    before: Step | None = None
    for number, step in enumerate(trace.steps, start=1):
        lines.append(f"{number:>3}. {paint('label', show_label(trace.specification, step.label))}")
        if trace.log is not None and trace.log.lines[number - 1]:
            lines.append(f"       {paint('dim', trace.log.lines[number - 1])}")
        rows = _values(trace, step) if full or before is None else _differences(trace, before, step)
        lines.extend(_aligned(rows, "       ", paint))
        before = step
    if trace.failure is not None:
        lines.append(f"     {paint('label', trace.failure.during)} fails: {paint('false', trace.failure.message)}")
        lines.append(f"       at {trace.failure.place}")
    lines.extend(_parting_lines(trace, paint))
    return "\n".join(lines) + "\n"


def render_log(trace: Trace, paint: Paint = plain) -> str:
    """How much of a log is a behaviour of the specification, and where it parts from it."""
    log, taken = trace.log, len(trace.steps) - 1
    assert log is not None
    title = f"{log.name}: {taken} line{'s' if taken != 1 else ''} of it are a behaviour of {trace.specification.name}"
    parts = log.parting is not None and log.parting.label is not None
    whole = "to its end" if log.parting is None else "then it parts" if parts else "as far as the specification goes"
    left = f"lines that say nothing of it: {log.left_out}"
    return "\n".join([paint("title", f"{title}, {whole}"), f"  {left}", *_parting_lines(trace, paint)]) + "\n"


def _parting_lines(trace: Trace, paint: Paint) -> Iterator[str]:
    """What a log has next that is no step of the specification, and why not."""
    parting = trace.log.parting if trace.log is not None else None
    if parting is None:
        return
    if parting.label is None:
        yield f"     {paint('label', 'the log goes on')} with what the specification has no word for"
    else:
        name = show_label(trace.specification, parting.label)
        yield f"     {paint('false', 'the log parts from the specification')} in the next line, which is {name}"
    yield f"       {paint('dim', parting.line)}"
    yield from (f"       {difference}" for difference in parting.differences)
    if parting.label is not None and not parting.differences:
        yield from _disabled_lines(trace, [alternative(trace, len(trace.steps), parting.label)], paint)


MARKS = {"1": ("true", "✓"), "0": ("false", "✗"), "x": ("false", "!"), " ": ("title", " ")}
MOST_COLUMNS = 80


def render_properties(trace: Trace, courses: Mapping[str, str], paint: Paint = plain) -> str:
    """The table of properties by steps; as many tables, one below the other, as the width of a terminal demands."""
    wide = max(map(len, courses), default=0)
    lines = [paint("title", headline(trace)) + ": ✓ true, ✗ false, ! cannot be evaluated"]
    for first in range(1, len(trace.steps) + 1, MOST_COLUMNS):
        steps = range(first, min(first + MOST_COLUMNS, len(trace.steps) + 1))
        lines.append(f"  {'step':{wide}}  {''.join(str(number // 10 % 10 or ' ') for number in steps)}".rstrip())
        lines.append(f"  {'':{wide}}  {''.join(str(number % 10) for number in steps)}")
        for name, course in courses.items():
            marks = "".join(paint(*MARKS[course[number - 1]]) for number in steps)
            lines.append(f"  {name:{wide}}  {marks}".rstrip())
    return "\n".join(lines) + "\n"


def headline(trace: Trace) -> str:
    """What the trace shows, in one line."""
    length = f"{len(trace.steps)} state{'s' if len(trace.steps) > 1 else ''}"
    if trace.failure is not None:
        return f"trace to an error of the specification, {length}"
    if trace.log is not None:
        return f"{trace.log.name} as a behaviour of {trace.specification.name}, {length}"
    if trace.property is None:
        return f"trace of {trace.specification.name}, {length}"
    if trace.verdict == "violated":
        return f"counterexample to {trace.property}, {length}"
    return f"trace to {trace.property}, {length}"


def _values(trace: Trace, step: Step) -> Iterator[tuple[str, str]]:
    for variable, value in zip(trace.specification.variables, step.state, strict=True):
        yield from _wrapped(variable.name, variable.type, value)


def _wrapped(place: str, kind: domains.Type, value: Plain) -> Iterator[tuple[str, str]]:
    """A value on one line, or a wide Map entry by entry."""
    text = show(kind, value)
    if len(text) <= WIDE or not isinstance(kind, domains.Map):
        yield place, text
        return
    for key, entry in zip(domains.values(kind.key), value, strict=True):
        yield from _wrapped(f"{place}[{show(kind.key, key)}]", kind.value, entry)


def _differences(trace: Trace, before: Step, step: Step) -> Iterator[tuple[str, str]]:
    found = list(_changes(trace.specification, before.state, step.state))
    yield from found or [("", "(nothing changes)")]


def _changes(specification: ir.Specification, before: State, after: State) -> Iterator[tuple[str, str]]:
    """What differs between two states: trees as trees, everything else place by place."""
    forest = {tree.position: tree for tree in trees(specification)}
    for position, variable in enumerate(specification.variables):
        if position in forest and before[position] != after[position]:
            yield variable.name, ""
            for one in difference(forest[position], before[position], after[position]):
                name = f"{'  ' * one.depth}{one.sign or ' '} {one.name}"
                yield name, ", ".join(f"{place} {what}".strip() for place, what in one.what)
        else:
            for change in changes(variable.name, variable.type, before[position], after[position]):
                yield change.place, change.what


def _aligned(rows: Iterable[tuple[str, str]], indent: str, paint: Paint) -> Iterator[str]:
    table = list(rows)
    width = min(40, max((len(place) for place, _ in table), default=0))
    for place, text in table:
        yield f"{indent}{paint('place', place)}{' ' * (width - len(place))}  {text}".rstrip()


def render_history(
    trace: Trace, expression: str, values: Sequence[Value], full: bool = False, paint: Paint = plain
) -> str:
    """The value of an expression after every step, or after those since which it is another."""
    by_step = {value.step: value for value in values}
    lines, current = [paint("title", expression)], values[0]
    for number, step in enumerate(trace.steps, start=1):
        current = by_step.get(number, current)
        if full or current.step == number:
            shown = f"{paint('false', 'fails')}: {current.text}" if current.fails else current.text
            lines.append(f"{number:>3}. {paint('label', show_label(trace.specification, step.label))}")
            lines.append(f"       {shown}")
    return "\n".join(lines) + "\n"


def render_why(trace: Trace, reason: Reason, paint: Paint = plain) -> str:
    """The property's sentence, and its tree with the truth value of every part."""
    node = trace.property_node()
    assert node is not None
    outcome = "holds" if reason.value == "true" else "is violated"
    place = "step" if node.kind == "step_invariant" else "state"
    sentence = f": {_first_sentence(node.doc)}" if node.doc else ""
    lines = [paint("title", f"why {node.name} {outcome} in {place} {len(trace.steps)}{sentence}")]
    for part in reason.reasons:
        lines.extend(_reason_lines(trace, part, "  ", paint))
    return "\n".join(lines) + "\n"


def _first_sentence(doc: str) -> str:
    return " ".join(doc.split("\n\n")[0].split())


def _reason_lines(trace: Trace, reason: Reason, indent: str, paint: Paint) -> Iterator[str]:
    if reason.binding:
        yield f"{indent}with {', '.join(reason.binding)}"
    if reason.value is None:
        yield f"{indent}{paint('dim', f'not reached  {_cut(reason.text)}')}"
        return
    truth = reason.value in ("true", "false")
    head = paint(reason.value if truth else "place", f"{reason.value:<5}")
    yield f"{indent}{head}  {_cut(reason.text)}"
    for seen in reason.reads:
        yield f"{indent}       {seen_line(trace, seen, paint)}"
    for part in reason.reasons:
        yield from _reason_lines(trace, part, indent + "  ", paint)
    if reason.note:
        yield f"{indent}       {paint('dim', reason.note)}"


def seen_line(trace: Trace, seen: Seen, paint: Paint = plain) -> str:
    """A value that was read, and the step that wrote it."""
    if seen.writer is None:
        return f"{paint('place', _cut(seen.place))} = {seen.value}"
    step = trace.steps[seen.writer - 1]
    label = show_label(trace.specification, step.label)
    origin = f"since step {seen.writer}, {label}" if seen.writer > 1 else "initially"
    return f"{paint('place', seen.place)} = {seen.value}  {paint('dim', f'({origin})')}"


def _cut(text: str) -> str:
    return text if len(text) <= LONG else text[: LONG - 1] + "…"


def render_alternatives(trace: Trace, number: int, found: list[Alternative], paint: Paint = plain) -> str:
    """What can happen after a step, and for what cannot, the first guard that fails."""
    step = show_label(trace.specification, trace.steps[number - 1].label)
    lines = [paint("title", f"in state {number}, after {step}")]
    for one in found:
        if one.outcome != "disabled":
            lines.append(_alternative_line(one, paint))
    disabled = [one for one in found if one.outcome == "disabled"]
    groups: dict[object, list[Alternative]] = {}
    for one in disabled:
        groups.setdefault((one.label.partition("(")[0], str(one.guard), tuple(_false_parts(one.reason))), []).append(
            one
        )
    for group in groups.values():
        lines.extend(_disabled_lines(trace, group, paint))
    if not found:
        lines.append("  no instance: there is nothing to draw its arguments from")
    return "\n".join(lines) + "\n"


def _alternative_line(one: Alternative, paint: Paint) -> str:
    if one.outcome == "fails":
        return f"  {paint('false', 'fails   ')}  {one.label}: {one.reason.text if one.reason else ''} ({one.guard})"
    return f"  {paint('true', f'{one.outcome:<8}')}  {one.label}"


def _false_parts(reason: Reason | None) -> Iterator[str]:
    """What is false about a guard, in words: instances that share it are shown together."""
    if reason is not None and reason.value == "false":
        yield reason.text
        for part in reason.reasons:
            yield from _false_parts(part)


def _disabled_lines(trace: Trace, group: list[Alternative], paint: Paint) -> Iterator[str]:
    first, rest = group[0], len(group) - 1
    labels = ", ".join(one.label for one in group)
    if len(labels) > WIDE:
        labels = f"{first.label} and {rest} more instance{'s' if rest > 1 else ''}"
    yield f"  {paint('false', 'disabled')}  {labels}"
    if first.reason is not None:
        of = f" of {first.label}" if rest else ""
        yield paint("dim", f"            the first guard{of} that fails, at {first.guard}:")
        yield from _reason_lines(trace, first.reason, "            ", paint)


def render_deadlock(trace: Trace, found: list[Alternative], paint: Paint = plain) -> str:
    """Why nothing can happen in the last state."""
    assert trace.property == DEADLOCK
    title = f"why no step can happen in state {len(trace.steps)}"
    rest = render_alternatives(trace, len(trace.steps), found, paint).split("\n", 1)[1]
    return f"{paint('title', title)}\n{rest}"


def render_difference(left: Trace, right: Trace, divergence: Divergence, paint: Paint = plain) -> str:
    """The common steps by name, then both continuations with what they change."""
    lines = [paint("title", f"{len(left.steps)} and {len(right.steps)} states, the first {divergence.common} the same")]
    lines.extend(f"  configuration: {one}" for one in divergence.configuration)
    common = divergence.common
    for number, step in enumerate(left.steps[:common], start=1):
        lines.append(f"  {number:>3}. {show_label(left.specification, step.label)}")
    if common == len(left.steps) == len(right.steps):
        lines.append("  the traces are the same")
        lines.extend([*_parting_lines(left, paint), *_parting_lines(right, paint)])
    else:
        lines.extend(_continuation("left", left, common, paint))
        lines.extend(_continuation("right", right, common, paint))
        lines.extend(_parting(left, right, common, paint))
    return "\n".join(lines) + "\n"


def render_alignment(left: Trace, right: Trace, found: Alignment, paint: Paint = plain) -> str:
    """What is the same in two traces when steps are lined up by their causes, and where they first part."""
    kinds = Counter(cell.kind for row in found.rows for cell in row if cell is not None)
    told = [f"{kinds['same'] // 2} steps are the same"]
    told += [f"{kinds['moved'] // 2} in another order"] if kinds["moved"] else []
    told += [f"{kinds['alike'] // 2} after another past"] if kinds["alike"] else []
    told += [f"{kinds['only']} in one of them only"] if kinds["only"] else []
    lines = [f"{paint('title', 'lined up by their causes')}: {', '.join(told)}"]
    if found.first is None:
        return "\n".join([*lines, "  they differ in nothing but the order of independent steps"]) + "\n"
    for side, trace, cell in zip(("left", "right"), (left, right), found.rows[found.first], strict=True):
        if cell is None:
            lines.append(f"  {side} has no such step")
        else:
            label = show_label(trace.specification, trace.steps[cell.step - 1].label)
            lines.append(f"  they part at {side} step {cell.step}, {paint('label', label)}")
    return "\n".join(lines) + "\n"


def _continuation(side: str, trace: Trace, common: int, paint: Paint) -> Iterator[str]:
    yield paint("label", f"{side}, from step {common + 1}" if common < len(trace.steps) else f"{side} ends here")
    for number, step in enumerate(trace.steps[common:], start=common + 1):
        yield f"  {number:>3}. {show_label(trace.specification, step.label)}"
        before = trace.steps[number - 2] if number > 1 else None
        rows = _differences(trace, before, step) if before else _values(trace, step)
        yield from _aligned(rows, "       ", paint)
    yield from _parting_lines(trace, paint)


def _parting(left: Trace, right: Trace, common: int, paint: Paint) -> Iterator[str]:
    """What differs between the two states right after the parting."""
    variables = left.specification.variables
    if variables != right.specification.variables or common >= min(len(left.steps), len(right.steps)):
        return
    found = list(_changes(left.specification, left.steps[common].state, right.steps[common].state))
    yield paint("label", f"state {common + 1}, left → right")
    yield from _aligned(found or [("", "(the same state)")], "       ", paint)
