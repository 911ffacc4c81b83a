"""`quorate ci`: what a project lists is what is checked; the exit code is the worst; the history shows what changed."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
import quorate
from quorate.checker.ci.history import Row, trend

CAREFUL = '[[tool.quorate.check]]\nname = "careful"\nspecification = "lock.py"\nengine = "reference"\n'
CARELESS = (
    '[[tool.quorate.check]]\nname = "careless"\nspecification = "lock.py:Lock"\nvariants = ["careless"]\n'
    'engine = "reference"\n'
)


def test_what_holds_and_what_is_expected_passes(project) -> None:
    project.lists(CAREFUL + CARELESS + 'expect = "violated"\n')
    code, out, err = project.quorate("ci")
    assert (code, err) == (0, "")
    assert out == (
        "ok     careful: holds for the whole space of this configuration\n       2 states; first run\n"
        "ok     careless: violated: exclusive, as expected\n       3 states; first run\n\n2 checks, 0 failed\n"
    )


def test_a_violation_fails_and_is_explained(project) -> None:
    project.lists(CAREFUL + CARELESS)
    code, out, _ = project.quorate("ci")
    assert code == 1
    assert "FAILED careless: violated: exclusive\n" in out
    assert "why exclusive is violated in state 3: At most one client holds the lock." in out
    assert out.endswith("2 checks, 1 failed\n")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ('expect = "violated"\n', 1),
        ("max-depth = 1\n", 4),
        ('max-depth = 1\nfail-on = "violation"\n', 0),
        ('fail-on = "coverage<100"\n', 0),
        ('timeout = "1h"\nmemory = "2G"\n', 0),
    ],
)
def test_the_exit_code_is_that_of_the_check(project, more: str, code: int) -> None:
    project.lists(CAREFUL + more)
    assert project.quorate("ci")[0] == code


def test_the_worst_check_decides(project) -> None:
    project.lists(CAREFUL + "max-depth = 1\n" + CARELESS)
    assert project.quorate("ci")[0] == 1


@pytest.mark.parametrize("words", [("ci", "no-such"), ("ci", "careful", "no-such")])
def test_a_gate_that_matches_nothing_fails(project, words: tuple[str, ...]) -> None:
    project.lists(CAREFUL)
    code, out, err = project.quorate(*words)
    assert (code, out) == (5, "")
    assert err == "quorate: nothing was checked: no check of pyproject.toml matches 'no-such'\n"


@pytest.mark.parametrize("text", ["", "[tool.quorate]\n", "[tool.other]\nx = 1\n"])
def test_a_project_without_checks_fails(project, text: str) -> None:
    project.lists(text)
    code, _, err = project.quorate("ci")
    assert code == 5
    assert err == "quorate: nothing was checked: pyproject.toml has no [[tool.quorate.check]]\n"


def test_names_choose(project) -> None:
    project.lists(CAREFUL + CARELESS)
    code, out, _ = project.quorate("ci", "careful*")
    assert code == 0 and "careless" not in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[", "pyproject.toml is no TOML: "),
        ("[tool.quorate]\nchecks = []\n", "holds [[tool.quorate.check]] tables and nothing else"),
        ("[tool]\nquorate = 3\n", "holds [[tool.quorate.check]] tables and nothing else"),
        ("tool = 3\n", "[tool] is no table"),
        ("[tool.quorate.check]\nspecification = 'lock.py'\n", "is one table; write [[tool.quorate.check]]"),
        ("[tool.quorate]\ncheck = [3]\n", "check 1: Expected `object`, got `int`"),
        ("[[tool.quorate.check]]\n", "check 1: Object missing required field `specification`"),
        (CAREFUL + "expct = 'violated'\n", "check 1 has the unknown key 'expct'; did you mean 'expect'?"),
        (CAREFUL + "expect = 'broken'\n", "check 1: Invalid enum value 'broken' - at `$.expect`"),
        (CAREFUL + "workers = 0\n", "workers are 1 to 1024"),
        (CAREFUL + "timeout = 'soon'\n", "'soon' is not a duration"),
        (CAREFUL + "fail-on = 'vacous'\n", "--fail-on does not know 'vacous'; did you mean 'vacuous'?"),
        (
            CAREFUL + "variants = ['carless']\n",
            "check 'careful': Lock has no variant 'carless'; did you mean 'careless'?",
        ),
        (CAREFUL + "properties = ['exclusiv']\n", "Lock has no property 'exclusiv'; did you mean 'exclusive'?"),
        (CAREFUL + CAREFUL, "lists 'careful' twice; give each check a name of its own"),
        ("[[tool.quorate.check]]\nspecification = 'paxo'\n", "there is no specification 'paxo'; did you mean 'paxos'?"),
    ],
)
def test_mistakes_are_named_with_their_cure(project, text: str, message: str) -> None:
    project.lists(text)
    code, out, err = project.quorate("ci")
    assert (code, out) == (2, "")
    assert message in err


def test_a_missing_file_is_a_mistake(project) -> None:
    assert project.quorate("ci")[::2] == (2, "quorate: pyproject.toml cannot be read: No such file or directory\n")


def test_the_trend_is_that_against_the_last_run(project) -> None:
    project.lists(CAREFUL)
    project.quorate("ci")
    code, out, _ = project.quorate("ci")
    assert code == 0
    assert re.search(r"2 states; same counts, 0\.\d\d s → 0\.\d\d s\n", out)
    project.lists(CARELESS.replace('"careless"\n', '"careful"\n', 1))
    code, out, _ = project.quorate("ci")
    assert code == 1
    assert "holds (complete) → violated (invariant), 2 → 3 states, 2 → 3 in depth" in out


def test_a_changed_specification_is_said() -> None:
    row = Row("a", "1", "holds", "complete", 0, 80, 328, 11, 1.0, 1)
    assert trend(row, None) == "first run"
    assert trend(row, row) == "same counts, 1.00 s → 1.00 s"
    other = Row("a", "2", "holds", "complete", 0, 2_000, 328, 11, 0.5, 1)
    assert trend(other, row) == "80 → 2,000 states, 1.00 s → 0.50 s; the specification has changed"


def test_a_damaged_history_is_said_and_hides_no_verdict(project) -> None:
    project.lists(CARELESS)
    (project.folder / ".quorate").mkdir()
    (project.folder / ".quorate" / "history.sqlite").write_bytes(b"no database" * 100)
    code, out, err = project.quorate("ci")
    assert code == 1 and "first run" in out
    assert "quorate: no history: .quorate/history.sqlite cannot be used as a history: file is not a database" in err


def test_a_history_of_another_format_is_left_alone(project) -> None:
    project.lists(CAREFUL)
    (project.folder / ".quorate").mkdir()
    path = project.folder / ".quorate" / "history.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    before = path.read_bytes()
    code, _, err = project.quorate("ci")
    assert code == 0 and "has format 9; this program keeps format 1" in err
    assert path.read_bytes() == before


def test_counterexamples_that_nobody_expected_get_pages(project) -> None:
    project.lists(CAREFUL + CARELESS)
    assert project.quorate("ci", "--pages", "out/pages")[0] == 1
    (page,) = (project.folder / "out" / "pages").iterdir()
    (trace,) = (project.folder / ".quorate" / "traces").glob("*.json")
    assert page.name == f"{trace.stem}.html" and page.read_text().startswith("<!doctype html>")
    project.lists(CAREFUL + CARELESS + 'expect = "violated"\n')
    assert project.quorate("ci", "--pages", "none")[0] == 0
    assert not (project.folder / "none").exists()
    project.lists(CARELESS)
    (project.folder / "file").write_text("")
    code, _, err = project.quorate("ci", "--pages", "file/below")
    assert code == 2 and "the pages cannot be written to file/below" in err


def test_one_run_gives_many_reports(project) -> None:
    project.lists(CAREFUL + CARELESS)
    words = ["--output-format", "junit", "--output", "a.xml", "--output-format", "sarif", "--output", "a.sarif"]
    code, out, _ = project.quorate("ci", *words, "--output-format", "jsonl")
    assert code == 1
    assert [json.loads(line)["verdict"] for line in out.splitlines()] == ["holds", "violated"]
    assert (project.folder / "a.xml").read_text().count("<testsuite ") == 2
    (run,) = json.loads((project.folder / "a.sarif").read_text())["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["Lock.exclusive"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "lock.py"


def test_the_project_checks_its_own_specifications() -> None:
    root = Path(quorate.__file__).parent
    assert "\n.venv/bin/quorate ci\n" in (root / ".ci" / "run").read_text()
    from quorate.checker.ci.wanted import read_wanted

    expected = {one.expect for one in read_wanted(root / "pyproject.toml")}
    assert expected == {"holds", "violated"}
