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


@pytest.fixture(scope="session")
def random_specifications() -> ModuleType:
    """The module tests/random_specifications.py: strategies for small well-typed specifications."""
    found = importlib.util.spec_from_file_location("random_specifications", GOLDEN.parent / "random_specifications.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["random_specifications"] = module
    found.loader.exec_module(module)
    return module
