"""Source files as syntax trees with spans: finding the text of a class or function that Python has imported.

This module knows Python's `ast` and nothing of the language.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from .ir import Span


class SourceMissing(Exception):
    """The text of a class or function cannot be found."""


@dataclass(frozen=True)
class Source:
    """One file: its path as shown to people, its text, and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def span(self, node: ast.AST) -> Span:
        """Where a node stands. Columns are counted in characters, as editors do."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", line) or line
        end_column = getattr(node, "end_col_offset", column) or column
        return Span(self.path, line, self._characters(line, column), end_line, self._characters(end_line, end_column))

    def line(self, number: int) -> str:
        """The text of one line, counted from 1."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def functions(self) -> dict[tuple[str, int], ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods by name and first line, which is that of a decorator if there is one."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        firsts = (min([node.lineno, *(one.lineno for one in node.decorator_list)]) for node in nodes)
        return {(node.name, first): node for node, first in zip(nodes, firsts, strict=True)}

    def _characters(self, line: int, offset: int) -> int:
        text = self.line(line)
        return (
            min(offset, len(text)) + 1 if text.isascii() else len(text.encode()[:offset].decode(errors="replace")) + 1
        )


@cache
def source_of(filename: str) -> Source:
    """The parsed file. Raises SourceMissing, or SyntaxError as Python does."""
    try:
        text = Path(filename).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SourceMissing(f"the source of {filename} cannot be read: {problem}") from problem
    return Source(_shown(filename), text, ast.parse(text, filename))


def _shown(filename: str) -> str:
    """The path relative to where the user stands, if it lies below; for bundled files, from the package on."""
    path = Path(filename)
    package = Path(__file__).resolve().parents[2]
    if path.is_relative_to(package):
        return str(path.relative_to(package))
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def class_node(cls: type) -> tuple[Source, ast.ClassDef]:
    """The definition of a class that stands at the top level of its module."""
    source = source_of(_file_of(cls))
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            return source, node
    raise SourceMissing(f"the class {cls.__name__} is not defined at the top level of {source.path}")


def function_node(function: Callable[..., Any]) -> tuple[Source, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The definition of a function or method, decorated or not."""
    code = inspect.unwrap(function).__code__
    source = source_of(code.co_filename)
    node = source.functions.get((code.co_name, code.co_firstlineno))
    if node is None:
        raise SourceMissing(f"the source of {function.__name__} is not in {source.path}; define it with `def`")
    return source, node


def _file_of(cls: type) -> str:
    try:
        return inspect.getfile(cls)
    except (TypeError, OSError) as problem:
        raise SourceMissing(f"the class {cls.__name__} has no source file") from problem
