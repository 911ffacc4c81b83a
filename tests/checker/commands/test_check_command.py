"""`quorate check` from end to end: verdicts, exit codes, formats, stored traces."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from quorate.checker import engines
from quorate.checker.native.compiler import find_compiler
from quorate.checker.result import Result

BUG = ("check", "two-phase-commit", "--variant", "commit-early")
COUNTED = ("--no-dead-values",)


def steady(text: str) -> str:
    """The text without what differs from run to run, or with the text of a specification: time, memory, digests."""
    text = re.sub("[0-9a-f]{16}", "DIGEST", text)
    return re.sub(r"[0-9.]+ s, [0-9.]+ (?:[KMG]i)?B", "TIME, MEMORY", text)


def test_holds(quorate, golden) -> None:
    outcome = quorate("check", "two-phase-commit", "-v", "--engine", "reference", "--no-dead-values")
    assert outcome.code == 0
    assert outcome.err == ""
    golden(steady(outcome.out))


def test_holds_without_symmetry(quorate, golden) -> None:
    outcome = quorate("check", "two-phase-commit", "--no-symmetry", "--engine", "reference", "--no-dead-values")
    assert outcome.code == 0
    golden(steady(outcome.out))


def test_dead_values_are_left_out_unless_states_are_counted(quorate) -> None:
    out = quorate("check", "two-phase-commit", "--engine", "reference").out
    assert "34 distinct states up to renaming of RM (99 without symmetry), 144 generated, depth 11" in out
    line = "dead values left out of the identity of states, which is exact: heard, sent unless decision is None"
    assert line in out
    for asked in (("--identity", "state"), ("--no-dead-values",)):
        out = quorate("check", "two-phase-commit", "--engine", "reference", *asked).out
        assert "80 distinct states" in out and line not in out
    document = json.loads(quorate("check", "two-phase-commit", "--output-format", "json").out)
    assert document["dead_values"] == ["heard, sent unless decision is None"]


def test_violated(quorate, golden, tmp_path: Path) -> None:
    outcome = quorate(*BUG, "--engine", "reference", "--no-dead-values")
    assert outcome.code == 1
    golden(steady(outcome.out))
    (path,) = (tmp_path / ".quorate" / "traces").iterdir()
    assert str(path.relative_to(tmp_path)) in outcome.out


def test_the_command_that_is_printed_repeats_the_run(quorate) -> None:
    words = (
        *BUG,
        "managers=2",
        "--no-symmetry",
        "--property",
        "consistent",
        "--identity",
        "ghosts",
        "--engine",
        "reference",
    )
    first = quorate(*words)
    (printed,) = re.findall("^repeat with: quorate (.*)$", first.out, re.MULTILINE)
    second = quorate(*printed.split())
    assert steady(second.out) == steady(first.out)
    assert set(printed.split()) == set(words)


def test_json(quorate, tmp_path: Path) -> None:
    outcome = quorate(*BUG, "--output-format", "json", "--no-symmetry")
    assert outcome.code == 1
    document = json.loads(outcome.out)
    required = "schema verdict property distinct generated depth actions bounds engine seconds peak_memory trace"
    assert set(required.split()) <= set(document)
    assert (document["schema"], document["verdict"], document["property"]) == (1, "violated", "consistent")
    assert document["depth"] == 4
    assert [step["action"] for step in document["trace"]["steps"]] == ["init", "give_up", "commit", "obey_commit"]
    assert (tmp_path / document["trace"]["path"]).exists()
    assert document["trace"]["path"] == f".quorate/traces/{document['trace']['id']}.json"


def test_json_of_what_holds(quorate) -> None:
    document = json.loads(
        quorate("check", "two-phase-commit", "--no-symmetry", "--no-dead-values", "--output-format", "json").out
    )
    assert (document["verdict"], document["complete"], document["distinct"], document["depth"]) == (
        "holds",
        True,
        288,
        11,
    )
    assert document["trace"] is None
    assert document["witnesses"] == {"all_commit": 11, "all_abort": 4}


def test_one_run_many_reports(quorate, tmp_path: Path) -> None:
    formats = ("--output-format", "json", "--output-format", "markdown", "--output-format", "text")
    outcome = quorate(*BUG, *formats, "--output", "a/result.json", "--output", "result.md")
    assert outcome.code == 1
    assert json.loads((tmp_path / "a" / "result.json").read_text())["verdict"] == "violated"
    assert (tmp_path / "result.md").read_text().startswith("## `two-phase-commit managers=3 with commit-early`")
    assert outcome.out.startswith("two-phase-commit managers=3 with commit-early: violated: consistent")


def test_markdown(quorate, golden) -> None:
    golden(quorate(*BUG, "--output-format", "markdown", "--no-symmetry", "--engine", "reference", *COUNTED).out)


def test_quiet_is_the_verdict_alone(quorate) -> None:
    assert quorate(*BUG, "-q").out == "two-phase-commit managers=3 with commit-early: violated: consistent\n"


def test_the_trace_goes_where_it_is_sent(quorate, tmp_path: Path) -> None:
    assert quorate(*BUG, "--trace", "bug.json").code == 1
    assert (tmp_path / "bug.json").exists()
    assert not (tmp_path / ".quorate").exists()


def test_check_all_groups_what_it_finds(quorate) -> None:
    outcome = quorate(*BUG, "--check-all", "--output-format", "json", "--no-symmetry")
    assert outcome.code == 1
    document = json.loads(outcome.out)
    assert document["complete"] is True
    assert [(one["property"], one["kind"]) for one in document["violations"]] == [("consistent", "invariant")]
    assert document["violations"][0]["count"] > 1
    assert len(document["violations"][0]["trace"]["steps"]) == 4
    count = document["violations"][0]["count"]
    text = quorate(*BUG, "--check-all", "--no-symmetry").out
    assert f"consistent: violated in {count} states, first at depth 4" in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("--variant", "commit-early"), 1),
        (("--variant", "commit-early", "--expect", "violated"), 0),
        (("--expect", "violated"), 1),
        (("--variant", "commit-early", "--exit-zero"), 0),
        (("--variant", "commit-early", "--fail-on", "incomplete"), 1),
        (("--max-depth", "3"), 4),
        (("--max-states", "20"), 4),
        (("--max-depth", "3", "--fail-on", "violation"), 0),
        (("--max-depth", "3", "--exit-zero"), 0),
        (("--fail-on", "vacuous"), 0),
        (("--fail-on", "coverage<100"), 0),
    ],
)
def test_exit_codes(quorate, words: tuple[str, ...], code: int) -> None:
    outcome = quorate("check", "two-phase-commit", *words)
    assert outcome.code == code


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--max-depth", "3"), "the limit of depth 3 was reached"),
        (("--max-states", "20"), "the limit of 20 states was reached"),
        (("--timeout", "0.000001"), "the time of 1e-06 s was up"),
        (("--memory", "1M"), "the memory of 1.0 MiB was used up"),
    ],
)
def test_an_incomplete_search_says_what_stopped_it(quorate, words: tuple[str, ...], sentence: str) -> None:
    outcome = quorate("check", "two-phase-commit", "managers=6", *words, "-q", "--engine", "reference")
    assert (outcome.code, outcome.out) == (
        4,
        f"two-phase-commit managers=6: no violation found, incomplete: {sentence}\n",
    )


def test_without_a_compiler_the_result_says_why_it_is_slow(quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    find_compiler.cache_clear()
    monkeypatch.setenv("QUORATE_CC", "no-such-compiler")
    outcome = quorate("check", "two-phase-commit")
    find_compiler.cache_clear()
    assert outcome.code == 0
    assert "running in Python, slowly: QUORATE_CC is 'no-such-compiler', which does not run" in outcome.out
    assert "reference engine" in outcome.out


def test_a_boundary_is_named(quorate) -> None:
    outcome = quorate("check", "bakery", "numbers=2")
    assert outcome.code == 0
    assert "holds for the whole space of this configuration within the boundary low_numbers" in outcome.out
    assert re.search(
        r"[0-9,]+ generated states outside low_numbers were checked, and not explored further", outcome.out
    )


NEVER = """
from quorate.spec.lang import *


class Never(Spec):
    on: bool = state(False)

    @action
    def flip(self) -> None:
        self.on = not self.on

    @action
    def impossible(self) -> None:
        require(self.on and not self.on)
        self.on = False

    @witness
    def unreachable(self) -> bool:
        \"\"\"It never is.\"\"\"
        return self.on and not self.on
"""


def test_vacuity_is_reported_and_fails_where_asked(quorate, tmp_path: Path) -> None:
    (tmp_path / "never.py").write_text(NEVER)
    outcome = quorate("check", "never.py:Never")
    assert outcome.code == 0
    assert "vacuous: the witness unreachable was not reached" in outcome.out
    assert "never taken: impossible" in outcome.out
    assert quorate("check", "never.py", "--fail-on", "violation,vacuous").code == 6
    assert quorate("check", "never.py", "--fail-on", "coverage<50").code == 0
    assert quorate("check", "never.py", "--fail-on", "coverage<51").code == 6


NOTHING = """
from quorate.spec.lang import *


class Nothing(Spec):
    on: bool = state(False)

    @action
    def flip(self) -> None:
        self.on = not self.on
"""


def test_nothing_checked_has_a_code_of_its_own(quorate, tmp_path: Path) -> None:
    (tmp_path / "nothing.py").write_text(NOTHING)
    assert quorate("check", "nothing.py").code == 0  # that no state is stuck was checked
    outcome = quorate("check", "nothing.py", "--no-deadlock")
    assert outcome.code == 5
    assert "nothing was checked" in outcome.out


STUCK = """
from quorate.spec.lang import *


class Count(Range, low=0, high=2):
    \"\"\"A number.\"\"\"


class Stuck(Spec):
    \"\"\"It counts, and stops.\"\"\"

    count: Count = state(0)

    @action
    def up(self) -> None:
        require(self.count < 2)
        self.count += 1
"""


def test_a_deadlock_is_explained(quorate, tmp_path: Path, golden) -> None:
    (tmp_path / "stuck.py").write_text(STUCK)
    outcome = quorate("check", "stuck.py", "--engine", "reference")
    assert outcome.code == 1
    golden(steady(outcome.out))
    assert quorate("check", "stuck.py", "--no-deadlock").code == 5


def test_an_error_of_the_specification_is_a_mistake_with_its_trace(quorate, tmp_path: Path, golden) -> None:
    (tmp_path / "over.py").write_text(STUCK.replace("        require(self.count < 2)\n", ""))
    outcome = quorate("check", "over.py", "--engine", "reference")
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    golden(steady(outcome.out))


def test_an_interrupted_run_gives_what_it_has(quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engines.check

    def interrupted(*arguments: object) -> Result:
        return replace(real(*arguments), verdict="undecided", reason="interrupted", complete=False)

    monkeypatch.setattr(engines, "check", interrupted)
    outcome = quorate("check", "two-phase-commit", "--no-symmetry", "--no-dead-values")
    assert outcome.code == 130
    assert "no violation found, incomplete: it was interrupted" in outcome.out
    assert "288 distinct states" in outcome.out


def test_an_interrupt_outside_the_search_is_quiet(quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "check", interrupt)
    outcome = quorate("check", "two-phase-commit")
    assert (outcome.code, outcome.out, outcome.err.strip()) == (130, "", "quorate: interrupted")


def test_a_trace_that_does_not_happen_is_our_fault_and_is_not_shown(quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engines.check

    def invent(*arguments: object) -> Result:
        result = real(*arguments)
        assert result.steps is not None
        return replace(result, steps=result.steps[:1] + result.steps[2:])

    monkeypatch.setattr(engines, "check", invent)
    outcome = quorate(*BUG)
    assert outcome.code == 3
    assert outcome.out == ""
    assert "NotABehaviour" in outcome.err


def test_colours_are_for_those_who_want_them(quorate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in quorate(*BUG).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in quorate(*BUG).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in quorate(*BUG).out


def test_a_report_file_has_no_colours(quorate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    quorate(*BUG, "--output", "result.txt")
    assert "\x1b[" not in (tmp_path / "result.txt").read_text()


INITIAL = STUCK.replace(
    "    @action", "    @initial\n    def begin(self) -> None:\n        self.count = self.count + 3\n\n    @action"
)

ASYMMETRIC = """
from quorate.spec.lang import *


class P(Sort, size=3):
    \"\"\"A process.\"\"\"


class Asymmetric(Spec):
    log: Set[P] = state()
    chosen: P | None = state(None)

    @action
    def go(self, p: P) -> None:
        self.log.add(p)

    @action
    def pick(self) -> None:
        require(self.chosen is None)
        self.chosen = max((p for p in P), key=lambda p: p in self.log)
"""


def test_an_error_in_the_initial_states_has_no_trace(quorate, tmp_path: Path) -> None:
    (tmp_path / "begin.py").write_text(INITIAL)
    outcome = quorate("check", "begin.py")
    assert outcome.code == 2
    assert "begin.py:16:22: 3 is outside Count, which is 0..2" in outcome.out
    assert not (tmp_path / ".quorate").exists()


@pytest.mark.parametrize("engine", ["auto", "native", "reference"])
def test_a_specification_that_is_not_symmetric_is_a_mistake(quorate, tmp_path: Path, engine: str) -> None:
    (tmp_path / "asymmetric.py").write_text(ASYMMETRIC)
    assert quorate("check", "asymmetric.py", "--no-symmetry", "--engine", engine).code == 0
    outcome = quorate("check", "asymmetric.py", "--engine", engine)
    assert outcome.code == 2
    assert "the specification is not symmetric, so nothing was decided" in outcome.out
    assert "Declare the Sort `ordered=True`, or check with --no-symmetry" in outcome.out


def test_ctrl_c_gives_partial_results(tmp_path: Path) -> None:
    """A whole process on a terminal: it is interrupted once its first progress line has been seen."""
    master, terminal = os.openpty()
    code = "from quorate.checker.cli import main; main()"
    words = ["check", "two-phase-commit", "managers=9", "--no-symmetry", "--engine", "reference"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=terminal, cwd=tmp_path, text=True
    )
    os.close(terminal)
    try:
        seen = b""
        while b"distinct states" not in seen and select.select([master], [], [], 60)[0]:
            seen += os.read(master, 1000)
        assert b"frontier" in seen
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(master)
    assert process.returncode == 130
    assert "two-phase-commit managers=9: no violation found, incomplete: it was interrupted" in out


def test_a_page_of_the_counterexample(quorate, tmp_path: Path) -> None:
    assert quorate(*BUG, "--html", "out/bug.html").code == 1
    page = (tmp_path / "out" / "bug.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    outcome = quorate("trace", "export", "last", "--format", "html")
    assert outcome.out == page
    outcome = quorate("check", "two-phase-commit", "--html", "none.html")
    assert outcome.code == 0
    assert outcome.err == "quorate: there is no trace to show, so none.html is not written\n"
    assert not (tmp_path / "none.html").exists()


def test_a_page_that_cannot_be_written_is_refused_at_once(quorate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = quorate(*BUG, "--html", "file/bug.html")
    assert outcome.code == 2
    assert "cannot be written" in outcome.err


GHOST = '''
"""A coin."""

from quorate.spec.lang import Spec, action, invariant, require, state, terminal


class Coin(Spec):
    """It is thrown once, and what it showed is remembered in a ghost."""

    thrown: bool = state(False)
    showed_heads: bool = state(False, ghost=True)

    @action
    def tails(self) -> None:
        require(not self.thrown)
        self.thrown = True

    @action
    def heads(self) -> None:
        require(not self.thrown)
        self.thrown = True
        self.showed_heads = True

    @invariant
    def never_heads(self) -> bool:
        """It never shows heads."""
        return not self.showed_heads

    @terminal
    def over(self) -> bool:
        return self.thrown
'''


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_an_invariant_over_a_ghost_is_checked_in_every_state(quorate, tmp_path: Path, engine: str) -> None:
    (tmp_path / "coin.py").write_text(GHOST)
    found = quorate("check", "coin.py", "--engine", engine)
    assert found.code == 1 and "violated: never_heads" in found.out
    assert "ghosts left out" not in found.out
    merged = quorate("check", "coin.py", "--engine", engine, "--identity", "state")
    assert merged.code == 0
    assert "  reads ghosts, and is checked on one way to each state only: never_heads\n" in merged.out
    unread = quorate("check", "coin.py", "--engine", engine, "--property", "deadlock")
    assert unread.code == 0 and "2 distinct states" in unread.out
