"""Space–time diagrams drawn: as text, as SVG, and as a Mermaid sequence diagram.

Time runs downwards, one row per step; a full circle is where it happens, an empty one who takes part in it. Fates of
messages differ in shape, not in colour alone: an arrow arrives, a lost message ends in a cross, one in flight ends open
at the bottom.
"""

from collections import Counter
from collections.abc import Iterator
from html import escape

from ..text import headline
from ..trace import Trace, show_label
from .bands import halves
from .diagram import Diagram, Event, Message, diagram

NARROW_LANE, WIDE_LANE = 130, 320  # pixels, by the longest message
LETTER = 7
ROW_HEIGHT = 34
HEAD = 56


def to_timeline(trace: Trace) -> str:
    """The diagram as text: a column per lane, arrows in the row in which a message is received.

    A lane is doubled while an action is half done there.
    """
    found, half = diagram(trace), list(halves(trace))
    width = max(12, *(len(name) + 2 for name in found.lanes))
    lines = [headline(trace), " " * 5 + "".join(f"{name:^{width}}" for name in found.lanes).rstrip()]
    for event in found.events:
        arrived = [m for m in found.messages if m.received == event.number]
        sent = [m for m in found.messages if m.sent == event.number]
        notes = [
            event.label,
            *(f"← {m.text} of step {m.sent}" + (" (lost)" if m.fate == "lost" else "") for m in arrived),
        ]
        notes += list(dict.fromkeys(f"→ {m.text}" for m in sent))
        notes += [f"(what step {one.first} began is {one.outcome})" for one in half if one.last == event.number]
        within = {one.lane for one in half if one.first < event.number < (one.last or event.number + 1)}
        lines.append(f"{event.number:>4} {_row(found, event, arrived, width, within)}  {'  '.join(notes)}")
    lines += half_done(trace)
    flying = [m for m in found.messages if m.fate == "in flight"]
    lines += [f"in flight at the end: {m.text} of step {m.sent}, from {found.lanes[m.sender]}" for m in flying]
    return "\n".join(lines) + "\n"


def half_done(trace: Trace) -> list[str]:
    """A line for each action that is half done at the end of a trace."""
    open_ones = (one for one in halves(trace) if one.outcome == "open")
    began = ((one.first, show_label(trace.specification, trace.steps[one.first - 1].label)) for one in open_ones)
    return [f"half done at the end: {label} of step {number}" for number, label in began]


def _row(found: Diagram, event: Event, arrived: list[Message], width: int, within: set[int]) -> str:
    """One row; `within` are the lanes in which an action is half done."""
    cells = [" "] * (width * len(found.lanes))
    centres = [lane * width + width // 2 for lane in range(len(found.lanes))]
    for lane, centre in enumerate(centres):
        cells[centre] = "║" if lane in within else "│"
    for other in event.others:
        for position in range(*sorted((centres[event.lane], centres[other]))):
            cells[position] = "╌"
    for other in event.others:
        cells[centres[other]] = "○"
    for message in arrived:
        start, end = centres[message.sender], centres[event.lane if message.receiver is None else message.receiver]
        for position in range(min(start, end) + 1, max(start, end)):
            cells[position] = "─"
        if start != end:
            cells[end - 1 if start < end else end + 1] = "×" if message.fate == "lost" else ">" if start < end else "<"
    cells[centres[event.lane]] = "●"
    return "".join(cells)


def to_mermaid(trace: Trace) -> str:
    """The diagram as a Mermaid sequence diagram."""
    found = diagram(trace)
    lines = ["sequenceDiagram", *(f"    participant L{i} as {_plain(name)}" for i, name in enumerate(found.lanes))]
    for event in found.events:
        ends = sorted((event.lane, *event.others))
        over = f"L{ends[0]},L{ends[-1]}" if event.others else f"L{event.lane}"
        lines.append(f"    Note over {over}: {event.number}. {_plain(event.label)}")
        for message in found.messages:
            if message.received == event.number:
                arrow = "-x" if message.fate == "lost" else "->>"
                lines.append(f"    L{message.sender}{arrow}L{message.receiver}: {_plain(message.text)}")
    for message in found.messages:
        if message.fate == "in flight":
            lines.append(f"    Note over L{message.sender}: in flight: {_plain(message.text)}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text without what Mermaid would read as its own syntax."""
    return text.replace("#", "#35;").replace(";", "#59;").replace("\n", " ")


def to_timeline_svg(trace: Trace) -> str:
    """The diagram as one self-contained SVG."""
    found = diagram(trace)
    longest = max((len(message.text) for message in found.messages), default=0)
    lane_width = max(NARROW_LANE, min(WIDE_LANE, longest * LETTER + 30))
    height = HEAD + ROW_HEIGHT * (len(found.events) + 2)
    width = (
        lane_width * len(found.lanes) + 30 + LETTER * max((len(event.label) + 5 for event in found.events), default=0)
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = [f'{head} font-family="monospace" font-size="12">', f"<title>{escape(headline(trace))}</title>", _STYLE]
    places = [lane_width // 2 + lane_width * lane for lane in range(len(found.lanes))]
    for x, name in zip(places, found.lanes, strict=True):
        lines.append(f'<text class="name" x="{x}" y="30" text-anchor="middle">{escape(name)}</text>')
        lines.append(f'<line class="lane" x1="{x}" y1="40" x2="{x}" y2="{height - 8}"/>')
    drawn: Counter[tuple[int, int, int | None, int | None]] = Counter()
    for message in found.messages:
        course = (message.sender, message.sent, message.receiver, message.received)
        lines += _svg_message(places, len(found.events) + 2, message, drawn[course])
        drawn[course] += 1
    for event in found.events:
        y = _y(event.number)
        for other in event.others:
            lines.append(f'<line class="part" x1="{places[event.lane]}" y1="{y}" x2="{places[other]}" y2="{y}"/>')
            lines.append(f'<circle class="other" cx="{places[other]}" cy="{y}" r="5"/>')
        lines.append(f'<circle cx="{places[event.lane]}" cy="{y}" r="5"/>')
        label = escape(f"{event.number}. {event.label}")
        lines.append(f'<text x="{lane_width * len(found.lanes) + 10}" y="{y + 4}">{label}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


_STYLE = (
    "<style>svg{background:#fff}.lane{stroke:#999}.name{font-weight:bold}"
    ".message{stroke:#225ea8;stroke-width:1.5;fill:none}.flying{stroke-dasharray:5 4}"
    ".part{stroke:#000;stroke-dasharray:2 3}.other{stroke:#000;fill:#fff}"
    ".text{fill:#225ea8;paint-order:stroke;stroke:#fff;stroke-width:3}</style>"
)


def _svg_message(places: list[int], last: int, message: Message, earlier: int) -> Iterator[str]:
    """An arrow with its text; `earlier` messages took the same course, so their texts are above this one."""
    x1, y1 = places[message.sender], _y(message.sent)
    shift = 13 * earlier
    if message.received is None or message.receiver is None:
        y2 = _y(last)
        yield f'<line class="message flying" x1="{x1}" y1="{y1}" x2="{x1 + 30}" y2="{y2}"/>'
        yield f'<text class="text" x="{x1 + 34}" y="{y2 + shift}">{escape(message.text)}</text>'
        return
    x2, y2 = places[message.receiver], _y(message.received)
    yield f'<line class="message" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
    if message.fate == "lost":
        yield f'<path class="message" d="M{x2 - 6} {y2 - 6}l12 12m0 -12l-12 12"/>'
    elif x1 != x2:
        side = -1 if x1 < x2 else 1
        yield f'<path class="message" d="M{x2 + side * 5} {y2}l{side * 8} -4m{-side * 8} 4l{side * 8} 4"/>'
    middle = f'x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 4 + shift}" text-anchor="middle"'
    yield f'<text class="text" {middle}>{escape(message.text)}</text>'


def _y(number: int) -> int:
    return HEAD + ROW_HEIGHT * (number - 2)
