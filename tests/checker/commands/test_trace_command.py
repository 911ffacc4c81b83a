"""`quorate trace`: what was stored is replayed, shown, explained, compared and exported."""

import json
from pathlib import Path

import pytest

SPEC = """
from quorate.spec.lang import *


class Count(Range, low=0, high=2):
    \"\"\"A number.\"\"\"


class Counter(Spec):
    count: Count = state(0)

    @action
    def up(self) -> None:
        require(self.count < 2)
        self.count += 1

    @invariant
    def low(self) -> bool:
        \"\"\"The count stays low.\"\"\"
        return self.count < 2
"""


def test_show(quorate, stored: Path, golden) -> None:
    outcome = quorate("trace", "show", stored.stem[:6])
    assert outcome.code == 0
    golden(outcome.out)


def test_show_properties(quorate, stored: Path) -> None:
    assert quorate("trace", "show", str(stored), "--properties").out == (
        "counterexample to consistent, 4 states: ✓ true, ✗ false, ! cannot be evaluated\n"
        "  step\n"
        "              1234\n"
        "  consistent  ✓✓✓✗\n"
        "  all_commit  ✗✗✗✗\n"
        "  all_abort   ✗✗✗✗\n"
    )


def test_show_full(quorate, stored: Path) -> None:
    assert quorate("trace", "show", str(stored), "--full").out.count("decision") == 4


def test_why(quorate, stored: Path, golden) -> None:
    golden(quorate("trace", "why", stored.stem).out)


def test_why_an_action_is_not_enabled(quorate, stored: Path, golden) -> None:
    golden(quorate("trace", "why", stored.stem, "--step", "2", "--action", "hear").out)


def test_why_an_instance_is_not_enabled(quorate, stored: Path) -> None:
    text = quorate("trace", "why", stored.stem, "--step", "2", "--action", "give_up( rm1 )").out
    assert "disabled  give_up(rm1)\n" in text
    assert "phase[rm1] = Phase.ABORTED  (since step 2, give_up(rm1))" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--step", "9"), "the trace has 4 steps; there is no step 9"),
        (("--step", "0"), "0 is not in the range"),
        (("--action", "comit"), "no action 'comit'; did you mean 'commit'?"),
        (("--action", "hear(rm7)"), "hear(rm7) is no instance of the action in this state; there are: hear(rm1)"),
    ],
)
def test_wrong_questions(quorate, stored: Path, words: tuple[str, ...], message: str) -> None:
    outcome = quorate("trace", "why", stored.stem, *words)
    assert outcome.code == 2
    assert message in outcome.err


def test_diff(quorate, stored: Path, tmp_path: Path, golden) -> None:
    quorate(
        "check", "two-phase-commit", "managers=2", "--variant", "commit-early", "--trace", "other.json", "--no-symmetry"
    )
    golden(quorate("trace", "diff", stored.stem, "other.json").out)
    assert "the traces are the same" in quorate("trace", "diff", stored.stem, stored.stem).out


def test_diff_of_different_specifications(quorate, stored: Path, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(SPEC)
    assert quorate("check", "counter.py", "--trace", "counter.json").code == 1
    outcome = quorate("trace", "diff", stored.stem, "counter.json")
    assert outcome.code == 2
    assert "TwoPhaseCommit and Counter have different variables" in outcome.err


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("itf", '{\n "#meta"'),
        ("dot", "digraph"),
        ("svg", "<?xml"),
        ("graphml", "<graphml"),
        ("mermaid", "sequenceDiagram"),
        ("markdown", "### counterexample"),
        ("json", '{\n "quorate_trace": 1'),
        ("timeline", "counterexample"),
        ("timeline-svg", "<svg"),
        ("html", "<!doctype html>"),
    ],
)
def test_export(quorate, stored: Path, tmp_path: Path, form: str, begins: str) -> None:
    printed = quorate("trace", "export", stored.stem, "--format", form)
    assert printed.code == 0
    assert printed.out.startswith(begins)
    assert quorate("trace", "export", stored.stem, "--format", form, "--output", "out/file").code == 0
    assert (tmp_path / "out" / "file").read_text() == printed.out


def test_the_exported_json_is_the_trace_file(quorate, stored: Path) -> None:
    assert quorate("trace", "export", stored.stem, "--format", "json").out == stored.read_text()


def test_a_trace_of_a_users_file(quorate, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(SPEC)
    assert quorate("check", "counter.py:Counter", "--trace", "t.json").code == 1
    assert "up" in quorate("trace", "show", "t.json").out


def test_a_trace_of_a_specification_that_has_changed(quorate, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(SPEC)
    (tmp_path / "changed.py").write_text(SPEC.replace("self.count += 1", "self.count = 2"))
    assert quorate("check", "counter.py", "--trace", "t.json").code == 1
    outcome = quorate("trace", "show", "t.json", "--spec", "changed.py:Counter")
    assert outcome.code == 2
    assert "(its text has changed since): step 2 (up) leads to another state: count differ" in outcome.err


def test_a_trace_cannot_make_us_import_a_file_elsewhere(
    quorate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trace file from somewhere else names a Python file: it is not run unless the user says so."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "counter.py").write_text(SPEC)
    assert quorate("check", str(elsewhere / "counter.py"), "--trace", "t.json").code == 1
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    (elsewhere / "counter.py").write_text(SPEC + "\nraise SystemExit('it was run')\n")
    outcome = quorate("trace", "show", "../t.json")
    assert outcome.code == 2
    assert "which is not a file below this folder; if you trust it, name it: --spec" in outcome.err
    assert "it was run" not in outcome.err


def test_a_forged_trace_is_refused(quorate, stored: Path) -> None:
    content = json.loads(stored.read_text())
    content["trace"]["verdict"] = "reached"
    stored.write_text(json.dumps(content))
    outcome = quorate("trace", "show", stored.stem)
    assert outcome.code == 2
    assert "its content does not match its digest: the file was damaged or edited" in outcome.err


def test_an_ambiguous_name_is_refused(quorate, stored: Path) -> None:
    twin = stored.with_name(stored.stem[:4] + "ffff.json")
    twin.write_bytes(stored.read_bytes())
    outcome = quorate("trace", "show", stored.stem[:4])
    assert outcome.code == 2
    assert "2 traces in .quorate/traces begin with" in outcome.err


def test_the_newest_trace_is_called_last(quorate, stored: Path) -> None:
    first = quorate("trace", "show", "last").out
    assert quorate("check", "two-phase-commit", "managers=2", "--variant", "commit-early").code == 1
    second = quorate("trace", "show", "last").out
    assert "rm3" in first
    assert "rm3" not in second


def test_without_traces_there_is_no_last(quorate) -> None:
    outcome = quorate("trace", "show", "last")
    assert outcome.code == 2
    assert "there is no trace in .quorate/traces yet; a check that finds a violation stores one" in outcome.err


def test_export_of_the_clustered_state_graph(quorate, stored: Path) -> None:
    for form, begins in (("space-dot", "digraph"), ("space-svg", "<?xml"), ("space-graphml", "<graphml")):
        outcome = quorate("trace", "export", stored.stem, "--format", form, "--by", "depth")
        assert (outcome.code, outcome.out[: len(begins)]) == (0, begins)
    outcome = quorate("trace", "export", stored.stem, "--format", "space-dot", "--by", "colour")
    assert outcome.code == 2
    assert "not grouped by 'colour'; there is: phase" in outcome.err
    outcome = quorate("trace", "export", stored.stem, "--format", "dot", "--by", "depth")
    assert outcome.code == 2


def test_a_trace_is_shrunk_stored_and_shown(quorate, stored: Path) -> None:
    outcome = quorate("trace", "shrink", str(stored), "--for", "servers", "--output", "less.json")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0] == "no simpler trace was found: 4 → 4 states, 0 → 0 faults, 2 → 2 servers, 1 → 1 switches"
    assert [line[:9] for line in lines[2:6]] == ["    1. * ", "    2. * ", "    3. * ", "    4. * "]
    assert lines[-1] == "trace in: less.json"
    assert quorate("trace", "show", "less.json").code == 0


def test_an_unknown_fault_is_a_mistake(quorate, stored: Path) -> None:
    outcome = quorate("trace", "shrink", str(stored), "--fault", "give")
    assert outcome.code == 2
    assert "has no action 'give'; did you mean 'give_up'?" in outcome.err


def test_eval_shows_an_expression_where_its_value_changes(quorate, stored):
    shown = quorate("trace", "eval", str(stored), "phase[rm2]")
    assert (shown.code, shown.out) == (
        0,
        "phase[rm2]\n  1. init\n       Phase.WORKING\n  4. obey_commit(rm2)\n       Phase.COMMITTED\n",
    )
    full = quorate("trace", "eval", str(stored), "self.phase[rm2] is Phase.WORKING", "--full")
    assert full.out.count("True") == 3 and full.out.count("False") == 1


def test_eval_refuses_what_is_not_in_the_language(quorate, stored):
    for words in ("phase[", "open('x')", "nonsense", "1" * 501):
        refused = quorate("trace", "eval", str(stored), words)
        assert (refused.code, refused.out) == (2, "") and refused.err.startswith("quorate: ")


def test_expressions_are_watched_in_the_page_only(quorate, stored):
    plain = quorate("trace", "export", str(stored), "--format", "html")
    watched = quorate("trace", "export", str(stored), "--format", "html", "--watch", "phase[rm1]")
    assert (plain.code, watched.code) == (0, 0) and plain.out != watched.out
    refused = quorate("trace", "export", str(stored), "--format", "svg", "--watch", "phase[rm1]")
    assert (refused.code, refused.err) == (2, "quorate: --watch adds rows to the html page, not to svg\n")
    assert quorate("trace", "export", str(stored), "--format", "html", "--watch", "nonsense").code == 2


def test_a_comparison_is_written_as_a_page(quorate, stored, tmp_path):
    page = tmp_path / "both.html"
    assert quorate("trace", "diff", str(stored), str(stored), "--format", "html", "--output", str(page)).code == 0
    assert page.read_text().startswith("<!doctype html>")
    assert quorate("trace", "diff", str(stored), str(stored), "--output", str(page)).code == 0
    assert "the traces are the same" in page.read_text()
