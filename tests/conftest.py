"""Fixtures that many tests share: golden texts, random specifications."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write the golden texts instead of comparing them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Compares a text with tests/golden/<test file>/<test>.txt; `pytest --rewrite` writes it."""
    folder = GOLDEN / Path(str(request.node.path)).stem
    path = folder / f"{request.node.name.replace('/', '_')}.txt"

    def check(text: str) -> None:
        if request.config.getoption("--rewrite"):
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden text {path}; run pytest --rewrite and review it"
        assert text == path.read_text()

    return check


def _beside(name: str) -> ModuleType:
    """A module of the tests folder that is no test."""
    found = importlib.util.spec_from_file_location(name, GOLDEN.parent / f"{name}.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def random_specifications() -> ModuleType:
    """The module tests/random_specifications.py: strategies for small well-typed specifications."""
    return _beside("random_specifications")


@pytest.fixture(scope="session")
def random_trees() -> ModuleType:
    """The module tests/random_trees.py: random trees from a seed, senseless ones and such that are like protocols."""
    return _beside("random_trees")
