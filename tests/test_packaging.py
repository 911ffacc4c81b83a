"""The package list in pyproject.toml and the folders on disk say the same."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = ("spec", "impl", "traces", "checker")
    found = {p.parent for folder in folders for p in (ROOT / folder).rglob("__init__.py")}
    names = {"quorate"} | {"quorate." + ".".join(p.relative_to(ROOT).parts) for p in found}
    assert set(listed) == names


def test_top_level_is_the_agreed_one() -> None:
    agreed = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "__init__.py"}
    agreed |= {"spec", "impl", "checker", "traces", "tests", "docs"}
    leftovers = {"build", "quorate.egg-info", "__pycache__"}
    found = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    assert found - leftovers == agreed
