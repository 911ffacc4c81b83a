"""The command line, run inside the test's own process and folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from quorate.checker.commands.root import run


@dataclass(frozen=True)
class Outcome:
    """What a command line did."""

    code: int
    out: str
    err: str


@pytest.fixture
def quorate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Runs `quorate …` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def command(*words: str) -> Outcome:
        code = run(list(words))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return command


@pytest.fixture
def stored(quorate, tmp_path: Path) -> Path:
    """The trace file of two-phase commit's seeded bug."""
    assert quorate("check", "two-phase-commit", "--variant", "commit-early", "--no-symmetry").code == 1
    (path,) = (tmp_path / ".quorate" / "traces").iterdir()
    return path
