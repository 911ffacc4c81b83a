"""The C text of one function while it is written: lines, fresh names, storage for large values, run-time checks.

A `Unit` holds what the functions of one model share: places where a run-time check may stop, constants, and
functions that belong to a type. Knows C's surface and spans; nothing of types or expressions.
"""

from dataclasses import dataclass, field

from ....spec.lang import ir


@dataclass(slots=True)
class Unit:
    """What all functions of one model share. `sites[k - 1]` is where run-time check k stands."""

    sites: list[ir.Span] = field(default_factory=list)
    top: list[str] = field(default_factory=list)  # constants and functions of types, in order of need
    made: dict[tuple[object, ...], str] = field(default_factory=dict)
    stopping: set[str] = field(default_factory=set)  # helper functions that contain a run-time check

    def site(self, span: ir.Span) -> int:
        """The number of a run-time check."""
        self.sites.append(span)
        return len(self.sites)

    def constant(self, numbers: list[int]) -> str:
        """The name of an array of words."""
        text = ", ".join(f"{number}ull" for number in numbers)
        key = ("constant", text)
        if key not in self.made:
            self.made[key] = f"constant_{len(self.made) + 1}"
            self.top.append(f"OWN const u64 {self.made[key]}[] = {{{text}}};")
        return self.made[key]


@dataclass(slots=True)
class Body:
    """One C function under construction. `stop` is the statement that leaves it when a run-time check fails."""

    unit: Unit
    stop: str
    lines: list[str] = field(default_factory=list)
    hoisted: list[str] = field(default_factory=list)
    depth: int = 1
    names: dict[str, int] = field(default_factory=dict)
    stops: bool = False

    def line(self, text: str) -> None:
        """One statement."""
        self.lines.append("    " * self.depth + text)

    def open(self, head: str) -> None:
        """Begins a block: `head {`."""
        self.line(f"{head} {{" if head else "{")
        self.depth += 1

    def close(self, tail: str = "") -> None:
        """Ends a block; a tail like `else` begins the next."""
        self.depth -= 1
        self.line(f"}} {tail} {{" if tail else "}")
        if tail:
            self.depth += 1

    def fresh(self, stem: str) -> str:
        """A name not yet used in this function."""
        stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in stem)
        self.names[stem] = self.names.get(stem, 0) + 1
        return f"{stem}_{self.names[stem]}"

    def storage(self, words: int, stem: str = "t") -> str:
        """An array that lives as long as the function."""
        name = self.fresh(stem)
        self.hoisted.append(f"u64 {name}[{words}]; (void){name};")
        return name

    def variable(self, ctype: str, stem: str, initial: str = "0") -> str:
        """A variable that lives as long as the function."""
        name = self.fresh(stem)
        self.hoisted.append(f"{ctype} {name} = {initial}; (void){name};")
        return name

    def check(self, failing: str, span: ir.Span) -> None:
        """Stops when the condition `failing` is true: an error of the specification."""
        self.stops = True
        self.line(f"if (rarely({failing})) {{ cx->site = {self.unit.site(span)}; {self.stop} }}")

    def propagate(self) -> None:
        """Leaves when a called function stopped."""
        self.stops = True
        self.line(f"if (rarely(cx->site != 0)) {{ {self.stop} }}")

    def render(self, head: str) -> str:
        """The whole function."""
        top = ["    " + text for text in self.hoisted]
        return "\n".join([f"{head} {{", *top, *self.lines, "}"])


def inner(text: str) -> str:
    """An expression without the parentheses around all of it, for places that need none."""
    if text.startswith("(") and _closing(text) == len(text) - 1:
        return text[1:-1]
    return text


def _closing(text: str) -> int:
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return position
    return -1
