"""mypy (strict) and pyright (strict) accept a correct specification and find every mistake in a wrong one."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import quorate

TYPED = Path(__file__).parent / "typed"
PACKAGE = Path(quorate.__file__).parent


def mypy(path: Path, folder: Path) -> set[int]:
    path = Path(shutil.copy(path, folder))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder), "--show-error-end", str(path)]
    found = run(command, folder)
    assert found.returncode in (0, 1), found.stdout + found.stderr
    return {int(line) for line in re.findall(rf"{path.name}:(\d+):.*: error:", found.stdout)}


def pyright(path: Path, folder: Path) -> set[int]:
    path = Path(shutil.copy(path, folder))
    settings = {"typeCheckingMode": "strict", "include": [str(path)], "extraPaths": [str(folder)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "-p", str(folder)]
    found = run(command, folder)
    report = json.loads(found.stdout)
    return {d["range"]["start"]["line"] + 1 for d in report["generalDiagnostics"] if d["severity"] == "error"}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """In a folder of its own, where the package is found under its name as an installed one would be."""
    link = folder / "quorate"
    if not link.exists():
        link.symlink_to(PACKAGE)
    environment = {**os.environ, "MYPYPATH": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def marked(path: Path) -> set[int]:
    return {n for n, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# error")}


@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda f: f.__name__)
def test_a_correct_specification_is_accepted(checker: Callable[[Path, Path], set[int]], tmp_path: Path) -> None:
    assert checker(TYPED / "good.py", tmp_path) == set()


@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda f: f.__name__)
def test_every_mistake_is_found(checker: Callable[[Path, Path], set[int]], tmp_path: Path) -> None:
    path = TYPED / "bad.py"
    assert len(marked(path)) > 10
    assert checker(path, tmp_path) == marked(path)


def test_the_correct_one_reads() -> None:
    from quorate.spec.lang.reader import load, read

    tree = read(load(str(TYPED / "good.py")), {"epochs": 4})
    assert [action.name for action in tree.actions] == ["receive", "propose", "take", "compare"]
    assert tree.actions[2].params[0].drawn is not None
