"""A project outside the repository uses the plugin: its tests are red, then green."""

import os
import re
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
    assert "trace in:    .quorate/traces/" in out and "page in:     .quorate/traces/" in out
    assert "Traceback" not in out
    (project / "spec_lock.py").write_text(SPEC.replace("GUARD", "len(self.holders) == 0"))
    code, out = run_pytest(project, "--quorate-profile", "ci")
    assert code == 0, out
    assert "4 passed, 1 xfailed" in out


def test_the_readmes_project_is_red_and_then_green(tmp_path: Path) -> None:
    """The files, the outcomes and the cure are the README's."""
    text = (Path(quorate.__file__).parent / "README.md").read_text()
    files = dict(re.findall(r"<!-- file: (.*?) -->\n```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert set(files) == {"spec_lock.py", "pyproject.toml"}
    for name, body in files.items():
        (tmp_path / name).write_text(body)
    red, green = re.findall(r"^\$ pytest -q -rfp\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    code, out = run_pytest(tmp_path, "-q", "-rfp")
    assert (code, outcomes(out)) == (1, sorted(red.splitlines()))
    assert "why exclusive is violated" in out and "page in:     .quorate/traces/" in out
    (page,) = (tmp_path / ".quorate" / "traces").glob("*.html")
    assert page.read_text().startswith("<!doctype html>")
    (cure,) = re.findall(r"^```diff\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    before, after = ("".join(line[1:] for line in cure.splitlines(True) if line[0] in kept) for kept in (" -", " +"))
    assert files["spec_lock.py"].count(before) == 1
    (tmp_path / "spec_lock.py").write_text(files["spec_lock.py"].replace(before, after))
    code, out = run_pytest(tmp_path, "-q", "-rfp")
    assert (code, outcomes(out)) == (0, sorted(green.splitlines()))


def outcomes(out: str) -> list[str]:
    return sorted(line.partition(" - ")[0] for line in out.splitlines() if line.startswith(("FAILED", "PASSED")))


def test_an_item_for_each_property_and_configuration(project: Path) -> None:
    (project / "spec_lock.py").write_text(SPEC.replace("GUARD", "len(self.holders) == 0"))
    (project / "pyproject.toml").write_text(
        '[[tool.quorate.check]]\nname = "careful"\nspecification = "spec_lock.py"\nproperties = ["exclusive"]\n'
        '[[tool.quorate.check]]\nname = "careless"\nspecification = "spec_lock.py:Lock"\nvariants = ["careless"]\n'
        'expect = "violated"\n[[tool.quorate.check]]\nspecification = "zab"\n'
    )
    code, out = run_pytest(project, "spec_lock.py")
    assert code == 0
    assert outcomes(out) == [
        "PASSED spec_lock.py::Lock[careful]::exclusive",
        "PASSED spec_lock.py::Lock[careless]::violated",
    ]


def test_a_wrong_list_is_an_error_of_collection(project: Path) -> None:
    (project / "pyproject.toml").write_text('[[tool.quorate.check]]\nspecification = "spec_lock.py"\nvariant = "x"\n')
    code, out = run_pytest(project, "spec_lock.py")
    assert code == 2
    assert "unknown key 'variant'; did you mean 'variants'?" in out and "Traceback" not in out


def test_a_trace_becomes_a_test(project: Path) -> None:
    """It fails as long as the steps can be taken and end as they did, and passes when the cure forbids them."""
    quorate_command = [sys.executable, "-c", "from quorate.checker.cli import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(Path(quorate.__file__).parent.parent)}
    for words in (
        ["check", "spec_lock.py", "-q"],
        ["trace", "export", "last", "--format", "pytest", "--output", "test_old.py"],
    ):
        subprocess.run([*quorate_command, *words], cwd=project, env=environment, check=False, timeout=60)
    code, out = run_pytest(project, "test_old.py")
    assert code == 1 and outcomes(out) == ["FAILED test_old.py::test_lock_exclusive"]
    (project / "spec_lock.py").write_text(SPEC.replace("GUARD", "len(self.holders) == 0"))
    code, out = run_pytest(project, "test_old.py")
    assert code == 0 and outcomes(out) == ["PASSED test_old.py::test_lock_exclusive"]


def test_a_specification_that_is_refused_is_an_error_of_collection(project: Path) -> None:
    (project / "spec_lock.py").write_text(SPEC.replace("GUARD", "print(3)"))
    code, out = run_pytest(project)
    assert code == 2
    assert "error during collection" in out and "print" in out and "Traceback" not in out


def test_the_plugin_is_an_entry_point() -> None:
    import tomllib

    project = tomllib.loads((Path(quorate.__file__).parent / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"quorate": "quorate.checker.pytest_plugin"}
