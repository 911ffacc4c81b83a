"""A project of its own in an empty folder, and the command line in it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from quorate.checker.commands.root import run

LOCK = '''
"""A lock that two clients can hold, unless it is careful."""

from quorate.spec.lang import Set, Sort, Spec, action, invariant, require, state, variant, witness

careless = variant("careless", "The lock is given to whoever asks.")


class Client(Sort, size=2):
    """Somebody who wants the lock."""


class Lock(Spec):
    """Clients take a lock and give it back."""

    holders: Set[Client] = state()

    @action
    def acquire(self, c: Client) -> None:
        require(c not in self.holders)
        require(careless or len(self.holders) == 0)
        self.holders.add(c)

    @action
    def release(self, c: Client) -> None:
        require(c in self.holders)
        self.holders.discard(c)

    @invariant
    def exclusive(self) -> bool:
        """At most one client holds the lock."""
        return len(self.holders) <= 1

    @witness
    def held(self) -> bool:
        """Somebody holds the lock."""
        return len(self.holders) == 1
'''


@dataclass(frozen=True)
class Project:
    """A folder with a specification, and what commands do there."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def lists(self, text: str) -> None:
        (self.folder / "pyproject.toml").write_text(text)

    def quorate(self, *words: str) -> tuple[int, str, str]:
        code = run(list(words))
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "lock.py").write_text(LOCK)
    return Project(tmp_path, capsys)
