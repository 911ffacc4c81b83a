"""The state graphs of docs/specifications, as Mermaid flow charts. Not a test: test_docs.py loads and prints them.

A graph has all states of one configuration, up to renaming and without ghosts, in groups: states of which the same is
said are drawn as one, with their number. Steps that stay within a group are drawn only where every state stands alone.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from quorate.checker.reference.symmetry import Symmetry
from quorate.spec.lang import domains, ir
from quorate.spec.lang.domains import Plain, show
from quorate.spec.lang.meaning.compile import Meaning
from quorate.traces.export.graph import MOST_NODES


@dataclass(frozen=True)
class View:
    """A state that can be asked: for the value of a variable, for its text, for an entry of it and the type of that."""

    specification: ir.Specification
    values: dict[str, Plain]

    def kind(self, name: str) -> Any:
        return next(variable.type for variable in self.specification.variables if variable.name == name)

    def text(self, name: str) -> str:
        return shown(self.kind(name), self.values[name])

    def entries(self, name: str) -> list[tuple[str, Any, Plain]]:
        """Of a map: every key, with the type and the value of its entry."""
        kind = self.kind(name)
        keys = (shown(kind.key, key) for key in domains.values(kind.key))
        return [(key, kind.value, value) for key, value in zip(keys, self.values[name], strict=True)]

    def column(self, name: str) -> list[str]:
        """Of a map: the text of every entry."""
        return [shown(kind, value) for _, kind, value in self.entries(name)]

    def records(self, name: str) -> list[tuple[str, dict[str, Plain]]]:
        """Of a map with a single key to a sequence of records: their names and fields."""
        ((_, kind, items),) = self.entries(name)
        found = [(kind.item.records[tag], parts) for tag, parts in items]
        return [(r.name, dict(zip((f for f, _ in r.fields), parts, strict=True))) for r, parts in found]


def shown(kind: Any, value: Plain) -> str:
    """A value as text; a member of an Enum by its lower-case name."""
    return show(kind, value).rpartition(".")[2].lower()


def zab(view: View) -> str:
    """What every server does, and in which phase."""
    return "<br>".join(map(", ".join, zip(view.column("role"), view.column("phase"), strict=True)))


def election(view: View) -> str:
    """What every server does, and for whom it votes."""
    lines = []
    for role, waits, vote, (server, *_) in zip(
        view.column("role"), view.values["wait_notmsg"], view.values["current_vote"], view.entries("role"), strict=True
    ):
        does = "waits" if role == "looking" and waits else {"looking": "looks", "following": "follows"}.get(role)
        lines.append(f"{server} leads" if does is None else f"{server} {does}, vote server{vote[2] + 1}")
    return "<br>".join(lines)


def znodes(view: View) -> str:
    """What a single write has changed."""
    lines = [f"{path}: {stat}" for path, kind, node in view.entries("tree") for stat in [_stat(kind, node)] if stat]
    lines += ["no session" for _ in range(view.values["live"] == 0)]
    return "<br>".join(lines) or f"only zxid {view.text('zxid')}"


def _stat(kind: Any, node: Plain) -> str:
    if node is None:
        return ""
    stat = dict(zip((field for field, _ in kind.item.fields), node, strict=True))
    new = stat.pop("czxid") != 0
    owner, container = stat.pop("owner"), stat.pop("container")
    changed = [f"{field} {value}" for field, value in stat.items() if value]
    return ", ".join(["new"] * new + ["ephemeral"] * (owner is not None) + ["container"] * container + changed)


def sessions(view: View) -> str:
    """What there is to say of a single session."""
    status, left, silent = view.column("status")[0], view.column("left")[0], view.column("silent")[0]
    if status == "new":
        return "not opened"
    sent, done = view.values["sent"][0], view.values["done"][0]
    under_way = view.values["passed"][0][0] is not None
    request = "request under way" if under_way else "one ephemeral" if done and status == "open" else ""
    gone = "request done" if done else "request refused" if sent else ""
    rest = f"{left} left" if status == "open" else f"silent {silent}"
    where = ["connected" if view.values["at"][0] is not None else "away"] if status == "open" else []
    return "<br>".join(filter(None, [", ".join([status, *where]), rest, request or gone]))


def watches(view: View) -> str:
    """What is under way to the client."""
    under_way = [name.lower() for name, _ in view.records("connection")]
    written = "written" if view.values["zxid"] else "nothing written"
    return f"{written}<br>under way: {', '.join(under_way) or 'nothing'}"


def cluster(view: View) -> str:
    """Whether the client is connected, what it has asked for, and what has been written and seen."""
    asked = [name.lower() for name, _ in view.records("queue")]
    where = "away" if view.values["at"][0] is None else f"asks: {asked[0]}" if asked else "asks nothing"
    seen = "seen" if view.values["seen"][0] else "not seen"
    return f"{where}<br>" + (f"one write, {seen}" if view.values["log"] else "no write")


def flowchart(specification: ir.Specification, says: Callable[[View], str], direction: str, apart: bool) -> str:
    """The graph; an edge carries the names of all actions between two groups. `apart`: no groups, every state alone."""
    states, steps = explored(specification)
    names = [variable.name for variable in specification.variables]
    texts = [says(View(specification, dict(zip(names, state, strict=True)))) for state in states]
    sizes = Counter(texts)
    apart = apart or len(sizes) == len(texts)
    order = list(sizes)
    groups = list(range(len(states))) if apart else [order.index(text) for text in texts]
    labels = texts if apart else [f"{text}<br>({sizes[text]:,} state{'s' * (sizes[text] > 1)})" for text in order]
    assert len(labels) <= MOST_NODES, f"{len(labels)} nodes are too many to read"
    edges: dict[tuple[int, int], list[str]] = {}
    for a, b, action in steps:
        if groups[a] != groups[b] or apart:
            found = edges.setdefault((groups[a], groups[b]), [])
            found += [action] if action not in found else []
    lines = [f'    s{n}["{label}"]' for n, label in enumerate(labels, 1)]
    lines += [f"    s{a + 1} -->|{'<br>'.join(actions)}| s{b + 1}" for (a, b), actions in edges.items()]
    return "\n".join(["", "```mermaid", f"flowchart {direction}", *lines, "```", "", ""])


def explored(specification: ir.Specification) -> tuple[list[Plain], list[tuple[int, int, str]]]:
    """All states up to renaming, without ghosts and within the boundary, and the steps between them."""
    kept = [n for n, variable in enumerate(specification.variables) if not variable.ghost]
    kinds = [specification.variables[n].type for n in kept]
    symmetry = Symmetry(set().union(*map(domains.sorts_within, kinds)), kinds)
    meaning = Meaning(specification)
    boundaries = [one.name for one in specification.properties if one.kind == "boundary"]
    numbers: dict[Any, int] = {}
    states: list[Plain] = []

    def number(state: Plain) -> int:
        key = symmetry.canonical(tuple(state[n] for n in kept)).values
        if key not in numbers:
            numbers[key] = len(numbers)
            states.append(state)
        return numbers[key]

    def steps() -> Iterator[tuple[int, int, str]]:
        for source, state in enumerate(states):  # grows while it is walked
            for label, after in meaning.successors(state):
                if all(meaning.holds(name, after) for name in boundaries):
                    yield source, number(after), label[0]

    for _, state in meaning.initial():
        number(state)
    return states, list(steps())
