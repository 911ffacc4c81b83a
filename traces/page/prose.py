"""What a trace shows, in sentences: the badge and the paragraph above the diagram.

Every number is counted from the trace. Knows traces and their diagram, nothing of pages.
"""

import re
from collections import Counter
from collections.abc import Iterator

from ..export.diagram import SYSTEM, Diagram
from ..shrinking import SHRUNK
from ..trace import DEADLOCK, Trace, action_of, show_label

# How an engine's traces relate to the shortest ones. What is not listed makes no promise.
ORIGINS = {
    "reference": ("shortest", "found breadth first: there is no shorter one"),
    "native": ("shortest", "found breadth first: there is no shorter one"),
    "native, random walks": ("random walk", "met by a random walk: a shorter one may exist"),
    "log of a server": ("from a log", "read from the log of a server: nothing in it was chosen"),
    "browse": ("by hand", "walked by hand: a shorter one may exist"),
    "symbolic": ("shortest", "found by bounded checking, length by length: there is no shorter one"),
}


def badge(trace: Trace) -> tuple[str, str]:
    """A word about where the trace is from, and the sentence behind it."""
    engine, shrunk, length = trace.engine.partition(SHRUNK)
    if shrunk and length.isdecimal():
        states = len(trace.steps)
        return f"shrunk from {length} to {states} states", f"found by {engine or 'an engine'}, then shrunk by replay"
    if trace.engine in ORIGINS:
        return ORIGINS[trace.engine]
    source = f"from the engine {trace.engine}" if trace.engine else "from a file that names no engine"
    return "not minimised", f"{source}: a shorter one may exist"


def paragraph(trace: Trace, found: Diagram) -> str:
    """The trace in a few sentences."""
    return " ".join([*_claim(trace), *_who(found), *_messages(found), *_ending(trace)])


def _claim(trace: Trace) -> Iterator[str]:
    own, steps = trace.specification, len(trace.steps) - 1
    way = "The initial state itself" if steps == 0 else f"{_count(steps, 'step')} from an initial state"
    with_variants = f", with {' and '.join(own.variants)}," if own.variants else ""
    node = trace.property_node()
    sentence = f" (“{_sentence(node.doc)}”)" if node is not None and node.doc else ""
    verb = "violates" if steps == 0 else "violate"
    if trace.log is not None:
        yield from _logged(trace)
    elif trace.failure is not None:
        fails = f"{trace.failure.during}, which fails: {trace.failure.message}"
        yield f"{way} of {own.name}{with_variants} lead to {fails}."
    elif trace.property == DEADLOCK:
        yield f"{way} of {own.name}{with_variants} lead to a state in which nothing can happen any more."
    elif trace.property is None or trace.verdict == "undecided":
        yield f"{way} of {own.name}{with_variants.rstrip(',')}."
    elif trace.verdict == "reached":
        yield f"{way} of {own.name}{with_variants} reach {trace.property}{sentence}."
    else:
        yield f"{way} of {own.name}{with_variants} {verb} {trace.property}{sentence}."


def _logged(trace: Trace) -> Iterator[str]:
    """How far a log is a behaviour of the specification."""
    log, name = trace.log, trace.specification.name
    assert log is not None
    yield f"{_count(len(trace.steps) - 1, 'line')} of {log.name} are a behaviour of {name}; {log.left_out} others say"
    yield "nothing of it."
    if log.parting is not None and log.parting.label is not None:
        yield "The next line parts from the specification."
    elif log.parting is not None:
        yield "For the next line the specification has no word."


def _who(found: Diagram) -> Iterator[str]:
    counted = Counter(found.lanes[event.lane] for event in found.events)
    acting = [lane for lane in found.lanes if counted[lane] and lane != SYSTEM]
    if acting:
        first, *rest = acting
        others = "".join(f", {lane} {counted[lane]}" for lane in rest)
        system = f"; {counted[SYSTEM]} belong{'s' if counted[SYSTEM] == 1 else ''} to nobody" if counted[SYSTEM] else ""
        yield f"{first} takes {_count(counted[first], 'step')}{others}{system}."
        taking_part = {found.lanes[other] for event in found.events for other in event.others} | {SYSTEM}
        idle = [lane for lane in found.lanes if not counted[lane] and lane not in taking_part]
        if idle:
            yield f"{' and '.join(idle)} {'does' if len(idle) == 1 else 'do'} nothing."


def _messages(found: Diagram) -> Iterator[str]:
    fates = Counter(message.fate for message in found.messages)
    if fates:
        told = [f"{fates[fate]} {fate}" for fate in ("received", "lost", "in flight") if fates[fate]]
        end = " at the end" if fates["in flight"] else ""
        yield f"{_count(fates.total(), 'message')}: {', '.join(told)}{end}."


def _ending(trace: Trace) -> Iterator[str]:
    if len(trace.steps) > 1:
        last = trace.steps[-1]
        action = action_of(trace.specification, last.label[0])
        does = f": {_without_asides(_sentence(action.doc))}" if action is not None and action.doc else "."
        yield f"The last step is {show_label(trace.specification, last.label)}{does}"


def _sentence(doc: str) -> str:
    return " ".join(doc.split("\n\n")[0].split())


def _without_asides(sentence: str) -> str:
    """Without what stands in brackets: references to papers and to Java."""
    return re.sub(r" ?\([^()]*\)", "", sentence)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
