"""`list`, `doctor`, `--version`, help, completion, progress."""

import io
import json
import re
import subprocess
import sys

import pytest
from quorate import __version__
from quorate.checker.commands.arguments import bundled
from quorate.checker.model import Progress
from quorate.checker.output.console import ProgressLine, show_memory

DOOR = "from quorate.checker.cli import main; main()"


def test_every_bundled_specification_is_listed(quorate) -> None:
    document = json.loads(quorate("list", "--output-format", "json").out)
    entries = {entry["name"]: entry for entry in document["specifications"]}
    assert set(entries) == set(bundled())
    assert all(entry["sentence"] and entry["properties"] for entry in entries.values())
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name) for name in entries)
    text = quorate("list").out
    for entry in entries.values():
        for one in (*entry["constants"], *entry["variants"], *entry["properties"]):
            assert one["name"] in text


def test_one_specification_is_listed(quorate, golden) -> None:
    golden(quorate("list", "two-phase-commit").out)


def test_doctor(quorate) -> None:
    outcome = quorate("doctor")
    assert outcome.code == 0
    names = [line.split("  ")[0] for line in outcome.out.splitlines()]
    assert {"quorate", "python", "click", "C compiler", "graphviz", "memory"} <= set(names)


def test_version(quorate) -> None:
    assert quorate("--version").out == f"quorate {__version__}\n"


def modules_after(*words: str) -> set[str]:
    """The modules that a process has imported once the command is done."""
    code = f"import sys\ntry:\n    {DOOR}\nexcept SystemExit: pass\nprint(*sys.modules, sep='\\n', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stderr.split())


def test_version_imports_next_to_nothing() -> None:
    """What keeps it far below 100 ms; the figure itself is in tests/benchmarks."""
    assert not {"click", "msgspec", "ast", "quorate.spec", "quorate.checker.commands"} & modules_after("--version")


def test_check_imports_no_heavy_module() -> None:
    heavy = {"rich", "networkx", "pydot", "z3", "asyncio"}
    assert not heavy & modules_after("check", "two-phase-commit", "-q", "--engine", "reference")


@pytest.mark.parametrize(
    "words", [(), ("check",), ("list",), ("trace",), ("trace", "why"), ("trace", "export"), ("doctor",)]
)
def test_help(quorate, words: tuple[str, ...]) -> None:
    outcome = quorate(*words, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: quorate{''.join(' ' + word for word in words)}")
    if words in ((), ("check",), ("list",), ("trace",)):
        assert "Examples:" in outcome.out


def completions(monkeypatch: pytest.MonkeyPatch, quorate, *words: str) -> list[str]:
    monkeypatch.setenv("_QUORATE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(["quorate", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    return [line.partition(",")[2] for line in quorate().out.split()]


def test_completion(quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completions(monkeypatch, quorate, "ch") == ["check"]
    assert "two-phase-commit" in completions(monkeypatch, quorate, "check", "two")
    assert completions(monkeypatch, quorate, "check", "two-phase-commit", "man") == ["managers="]
    assert "--no-symmetry" in completions(monkeypatch, quorate, "check", "two-phase-commit", "--no")
    monkeypatch.setenv("_QUORATE_COMPLETE", "bash_source")
    assert "_quorate_completion" in quorate().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def reports(stream: io.StringIO) -> str:
    line = ProgressLine(stream)
    for tenths in range(250):
        line(Progress(tenths * 100, tenths * 300, 5, 40, tenths / 10, 48 * 2**20))
    line.close()
    return stream.getvalue()


def test_progress_on_a_terminal_is_one_line_twice_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = reports(Terminal())
    assert "\n" not in text
    assert text.count("\r") == 49 + 1  # twice a second for almost 25 seconds, and wiped at the end
    assert "1,000 distinct states, 1,000/s, frontier 40, depth 5, 48 MiB, 1 s" in text


def test_progress_in_a_log_is_a_line_every_ten_seconds() -> None:
    lines = reports(io.StringIO()).splitlines()
    assert lines == [
        "10,000 distinct states, 1,000/s, frontier 40, depth 5, 48 MiB, 10 s",
        "20,000 distinct states, 1,000/s, frontier 40, depth 5, 48 MiB, 20 s",
    ]


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\r" not in reports(Terminal())


def test_memory_for_people() -> None:
    assert [show_memory(n) for n in (12, 2_300, 48 * 2**20, 3 * 2**29)] == ["12 B", "2.2 KiB", "48 MiB", "1.5 GiB"]
