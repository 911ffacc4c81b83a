"""An expression in the words of its author: the text that its span covers.

Knows spans and files, nothing of what an expression means.
"""

import linecache
import re
from pathlib import Path

from ..spec.lang import ir

PACKAGE = Path(__file__).resolve().parent.parent  # the paths of bundled specifications begin here


def wording(expression: ir.Expr) -> str:
    """The source text of an expression, on one line."""
    span = expression.span
    bundled = PACKAGE / span.path
    path = str(bundled if bundled.exists() else span.path)
    lines = [linecache.getline(path, number).rstrip("\n") for number in range(span.line, span.end_line + 1)]
    if not any(lines):
        return f"the expression at {span}"
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    text = " ".join(line.strip() for line in lines)
    return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", text)
