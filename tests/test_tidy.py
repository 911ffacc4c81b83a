"""The house's style as a test: sizes, banned names, docstrings. Every message ends in the cure."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("spec", "impl", "traces", "checker")
BANNED_STEMS = {"utils", "helpers", "common", "misc"}
LINES_PER_FILE, LINES_PER_FUNCTION, FILES_PER_FOLDER = 500, 50, 10


def sources(folders: tuple[str, ...] = CODE) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(p for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", list(sources()), ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_tidy(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path}: say in the first lines what this module is"
    assert path.stem not in BANNED_STEMS, f"{path}: name the file after what it does"
    assert text.count("\n") <= LINES_PER_FILE, f"{path}: split the file along its ideas"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            where = f"{path}:{node.lineno}: {node.name} has {length} lines"
            assert length <= LINES_PER_FUNCTION, f"{where}; move its leaves out"


def test_folders_are_small() -> None:
    folders = {p.parent for p in sources()}
    for folder in sorted(folders):
        files = [p for p in folder.glob("*.py") if p.name != "__init__.py"]
        assert len(files) <= FILES_PER_FOLDER, f"{folder}: {len(files)} files; group them in sub-packages"


def test_no_conflict_markers_or_machine_paths() -> None:
    for path in sources((*CODE, "tests")):
        if path == Path(__file__).resolve():
            continue
        text = path.read_text()
        for banned in ("<<<<<<<", "/work/", "/root/"):
            assert banned not in text, f"{path}: remove {banned!r}"
