"""What can be wrong with a specification: refusals when it is read, and errors when it is evaluated.

Every refusal has a stable code from `CODES`; docs and tests are printed from that table. This module knows spans,
not Python's `ast` and not the tree.
"""

from dataclasses import dataclass

from .ir import Span

# code -> (title, cure). A title says what is wrong in general; the message of a refusal says what was found.
CODES: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a text is not a specification. `cure` is a sentence that says what to write instead."""

    code: str
    span: Span
    message: str
    cure: str
    source_line: str = ""

    def __str__(self) -> str:
        head = f"{self.span}: {self.code}: {self.message}; {self.cure}"
        if not self.source_line:
            return head
        width = self.span.end_column - self.span.column if self.span.end_line == self.span.line else 0
        width = max(1, width or len(self.source_line.rstrip()) - self.span.column + 1)
        return f"{head}\n    {self.source_line}\n    {' ' * (self.span.column - 1)}{'^' * width}"


class Refused(Exception):
    """A specification was refused; carries every refusal found, in order of their places."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("\n".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


class EvaluationError(Exception):
    """A run-time check of the specification failed: out of range, over capacity, None read, index outside."""

    def __init__(self, span: Span | None, message: str) -> None:
        super().__init__(f"{span}: {message}" if span else message)
        self.span = span
        self.message = message
