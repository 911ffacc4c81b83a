"""Where no split is on, a bundled specification is exactly the text without its steps."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from quorate.checker.commands.arguments import bundled, find_class
from quorate.spec.lang.meaning.printer import print_specification
from quorate.spec.lang.reader import read

MENTIONS = re.compile(r"\b(step|abandon|idle|runs_on)\(")


def modules_of(spec: Any) -> list[Path]:
    """The files that a specification's classes stand in."""
    files = [getattr(sys.modules[base.__module__], "__file__", None) for base in spec.__mro__]
    return sorted({Path(file) for file in files if file and "/spec/lang/" not in file})


def with_steps() -> list[str]:
    found = ("\n".join(path.read_text() for path in modules_of(find_class(name))) for name in bundled())
    return [name for name, text in zip(bundled(), found, strict=True) if MENTIONS.search(text)]


def without(text: str) -> str:
    """The text as if it had never heard of steps: these lines are gone, and a thread is always idle."""
    text = re.sub(r"^ *(step|abandon)\(.*\)\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ *@runs_on\(.*\)\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\bidle\(\w+, Thread\.\w+\)", "True", text)
    return re.sub(r"\b(step|abandon|idle|runs_on), |, (step|abandon|idle|runs_on)\b", "", text)


def folded(text: str) -> str:
    """What a thread that is always idle leaves behind."""
    return text.replace("True and ", "").replace(" and True", "")


def test_one_specification_is_split_and_this_test_knows_which() -> None:
    assert with_steps() == ["zookeeper"]


@pytest.mark.parametrize("name", sorted(bundled()))
def test_off_means_atomic(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_class(name)
    tree = read(spec, {}, ())
    assert tree.splits == () and "unfinished" not in {variable.name for variable in tree.variables}
    if name not in with_steps():
        return
    path = Path(sys.modules[spec.__module__].__file__ or "")
    package = tmp_path / "stripped"
    package.mkdir()
    (package / "__init__.py").touch()
    for file in path.parent.glob("*.py"):
        text = without(file.read_text()).replace("from ...lang", "from quorate.spec.lang")
        assert not MENTIONS.search(text)
        (package / file.name).write_text(text.replace("from ...history", "from quorate.spec.history"))
    monkeypatch.syspath_prepend(tmp_path)
    stripped = getattr(import_module(f"stripped.{path.stem}"), spec.__name__)
    for variants in ((), ("log-async", "epoch-before-log", "drain-after-fast-forward"), ("serve-before-apply",)):
        atomic, never = (folded(print_specification(read(one, {}, variants))) for one in (spec, stripped))
        assert atomic == never
    for one in [module for module in sys.modules if module.startswith("stripped")]:
        del sys.modules[one]
