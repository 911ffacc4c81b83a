"""A trace as a Markdown text for an issue or a step summary: the steps as a table, then the sequence diagram."""

from ...spec.lang.domains import show
from ..changes import changed_variables
from ..text import headline, render_why
from ..trace import Trace, configuration, show_label
from ..why import why_violated
from .drawing import to_mermaid


def to_markdown(trace: Trace) -> str:
    """The whole trace as Markdown."""
    node = trace.property_node()
    lines = [
        f"### {_cell(headline(trace))}",
        "",
        f"`{trace.source} {configuration(trace.specification)}`".replace(" `", "`"),
    ]
    if node is not None and node.doc:
        lines += ["", f"> {' '.join(node.doc.split())}"]
    lines += ["", "| step | action | what changes |", "|---:|---|---|", *_rows(trace)]
    if trace.failure is not None:
        lines += ["", f"`{trace.failure.during}` fails at {trace.failure.place}: {trace.failure.message}"]
    reason = why_violated(trace)
    if reason is not None:
        lines += ["", "```text", render_why(trace, reason).rstrip(), "```"]
    return "\n".join([*lines, "", "```mermaid", to_mermaid(trace).rstrip(), "```"]) + "\n"


def _rows(trace: Trace) -> list[str]:
    variables, rows = trace.specification.variables, []
    for number, step in enumerate(trace.steps, start=1):
        if number == 1:
            changes = [f"{v.name} = {show(v.type, value)}" for v, value in zip(variables, step.state, strict=True)]
        else:
            found = changed_variables(variables, trace.steps[number - 2].state, step.state)
            changes = [f"{change.place}  {change.what}" for change in found]
        label = show_label(trace.specification, step.label)
        rows.append(f"| {number} | `{_cell(label)}` | {'<br>'.join(f'`{_cell(one)}`' for one in changes)} |")
    return rows


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
