"""The import direction of the house: spec and impl know nothing of ours, nothing imports the checker."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A folder may import the folders listed for it, and itself. The longest matching prefix decides.
MAY_IMPORT = {
    "spec.lang": set[str](),
    "spec.zookeeper": {"spec.lang"},
    "spec.classics": {"spec.lang"},
    "spec.relational": {"spec.lang"},
    "impl": set[str](),
    "traces": {"spec"},
    "checker": {"spec", "impl", "traces"},
}


def modules() -> Iterator[Path]:
    for folder in ("spec", "impl", "traces", "checker"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name, relative to the root package, of every import of ours in a file."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            name = ".".join((*base, *(node.module or "").split("."))).strip(".")
            if node.level:
                yield from ((node.lineno, f"{name}.{alias.name}".strip(".")) for alias in node.names)
            elif name.startswith("quorate."):
                yield node.lineno, name.removeprefix("quorate.")
        elif isinstance(node, ast.Import):
            ours = (alias.name for alias in node.names if alias.name.startswith("quorate."))
            yield from ((node.lineno, name.removeprefix("quorate.")) for name in ours)


def layer_of(dotted: str) -> str | None:
    matches = [layer for layer in MAY_IMPORT if dotted == layer or dotted.startswith(layer + ".")]
    return max(matches, key=len, default=None)


@pytest.mark.parametrize("path", list(modules()), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    own = layer_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if own is None:
        assert not list(imported(path)), f"{path}: a package's own docstring file imports nothing"
        return
    for line, name in imported(path):
        target = layer_of(name)
        allowed = target is None or target == own or any(target.startswith(a) for a in MAY_IMPORT[own])
        assert allowed, f"{path}:{line}: {own} must not import {name}; see docs/architecture.md"


def test_a_planted_upward_import_is_seen(tmp_path: Path) -> None:
    assert layer_of("checker.cli") == "checker"
    assert layer_of("spec.lang.ir") == "spec.lang"
    planted = ROOT / "spec" / "lang" / "__planted__.py"
    source = "from ...checker import cli\nimport quorate.checker.bfs\n"
    tree_names = list(_imports_of(source, planted))
    assert [layer_of(name) for name in tree_names] == ["checker", "checker"]


def _imports_of(source: str, path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            yield ".".join((*base, node.module or ""))
        elif isinstance(node, ast.Import):
            yield node.names[0].name.removeprefix("quorate.")
