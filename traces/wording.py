"""An expression in the words of its author: the text that its span covers.

Knows spans and files, nothing of what an expression means.
"""

import linecache

from ..spec.lang import ir


def wording(expression: ir.Expr) -> str:
    """The source text of an expression, on one line."""
    span = expression.span
    lines = [linecache.getline(span.path, number).rstrip("\n") for number in range(span.line, span.end_line + 1)]
    if not any(lines):
        return f"the expression at {span}"
    lines[-1] = lines[-1].encode()[: span.end_column - 1].decode(errors="replace")
    lines[0] = lines[0].encode()[span.column - 1 :].decode(errors="replace")
    return " ".join(line.strip() for line in lines)
