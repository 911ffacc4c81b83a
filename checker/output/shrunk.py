"""A shrunk trace in words: what became less, the steps, and which of them are needed."""

from pathlib import Path

from ...traces.shrinking import Shrunk
from ...traces.shrinking.cost import Objective
from ...traces.text import Paint, plain
from ...traces.trace import show_label


def render_shrunk(shrunk: Shrunk, objective: Objective, path: Path, paint: Paint = plain) -> str:
    """The whole answer of `quorate trace shrink`."""
    before, after = shrunk.before, shrunk.after
    counts = [
        f"{before.steps} → {after.steps} states",
        f"{before.faults} → {after.faults} faults",
        f"{before.servers} → {after.servers} servers",
        f"{before.switches} → {after.switches} switches",
    ]
    simpler = "simpler" if after.key(objective) < before.key(objective) else "no simpler trace was found"
    lines = [f"{paint('title', simpler)}: {', '.join(counts)}"]
    lines.append(f"  counted as faults: {', '.join(shrunk.faults) or 'no action'}")
    for number, (step, needed) in enumerate(zip(shrunk.trace.steps, shrunk.necessary, strict=True), start=1):
        label = show_label(shrunk.trace.specification, step.label)
        lines.append(f"{number:>5}. {'*' if needed else ' '} {paint('label', label)}")
    if all(shrunk.necessary):
        lines.append("  every step is needed: without any of them the end is another")
    return "\n".join([*lines, f"trace in: {path}"]) + "\n"
