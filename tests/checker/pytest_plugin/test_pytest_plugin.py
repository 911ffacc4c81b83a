"""A project outside the repository uses the plugin: its tests are red, then green."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import quorate

SPEC = '''
"""A lock."""

from quorate.spec.lang import Set, Sort, Spec, action, invariant, require, state, variant

careless = variant("careless", "The lock is given to whoever asks.")


class Client(Sort, size=2):
    """Somebody who wants the lock."""


class Lock(Spec):
    """Clients take a lock and give it back."""

    holders: Set[Client] = state()

    @action
    def acquire(self, c: Client) -> None:
        require(c not in self.holders)
        require(careless or GUARD)
        self.holders.add(c)

    @action
    def release(self, c: Client) -> None:
        require(c in self.holders)
        self.holders.discard(c)

    @invariant
    def exclusive(self) -> bool:
        """At most one client holds the lock."""
        return len(self.holders) <= 1
'''

TESTS = """
import pytest
from quorate.checker.pytest_plugin import spec_test


def test_the_lock(check):
    assert check("spec_lock.py").result.distinct == 2


@spec_test("spec_lock.py", variants=["careless"], expect="violated")
def test_a_known_mistake_is_found(report):
    assert report.result.property == "exclusive"


@pytest.mark.xfail(reason="known", strict=True)
def test_a_known_bug(check):
    check("spec_lock.py", variants=["careless"])
"""


def run_pytest(folder: Path, *words: str) -> tuple[int, str]:
    paths = os.pathsep.join([str(Path(quorate.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "quorate.checker.pytest_plugin", "-rA", *words]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_lock.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "spec_lock.py").write_text(SPEC.replace("GUARD", "True"))
    return tmp_path


def test_a_project_is_red_and_then_green(project: Path) -> None:
    code, out = run_pytest(project)
    assert code == 1
    assert "FAILED spec_lock.py::Lock::exclusive" in out and "PASSED spec_lock.py::Lock::deadlock" in out
    assert "why exclusive is violated in state 3: At most one client holds the lock." in out
    assert "trace in:    .quorate/traces/" in out
    assert "Traceback" not in out
    (project / "spec_lock.py").write_text(SPEC.replace("GUARD", "len(self.holders) == 0"))
    code, out = run_pytest(project, "--quorate-profile", "ci")
    assert code == 0, out
    assert "4 passed, 1 xfailed" in out


def test_a_specification_that_is_refused_is_an_error_of_collection(project: Path) -> None:
    (project / "spec_lock.py").write_text(SPEC.replace("GUARD", "print(3)"))
    code, out = run_pytest(project)
    assert code == 2
    assert "error during collection" in out and "print" in out and "Traceback" not in out


def test_the_plugin_is_an_entry_point() -> None:
    import tomllib

    project = tomllib.loads((Path(quorate.__file__).parent / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"quorate": "quorate.checker.pytest_plugin"}
