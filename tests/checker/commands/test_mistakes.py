"""No mistake of a user ends in a traceback: one message that says what, where, why and the cure; exit code 2."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = "from quorate.spec.lang import *\n\n\n"

FILES = {
    "empty.py": b"",
    "blank.py": b"\n\n  \n",
    "binary.py": b"\x7fELF\x02\x01\x00\xff\xfe" * 40,
    "nul.py": b"x = 1\0",
    "syntax.py": b"class Broken(:\n    pass\n",
    "no_spec.py": b"x = 1\n",
    "raises.py": b"import nowhere_to_be_found\n",
    "exits.py": b"raise SystemExit(7)\n",
    "loops.py": HEAD.encode()
    + b"class Loops(Spec):\n    x: bool = state(False)\n\n    @action\n    def go(self) -> None:\n"
    b"        while self.x:\n            self.x = False\n",
    "types.py": HEAD.encode()
    + b"class Types(Spec):\n    x: bool = state(False)\n\n    @action\n    def go(self) -> None:\n        self.x = 3\n",
    "two.py": HEAD.encode() + b"class One(Spec):\n    pass\n\n\nclass Two(Spec):\n    pass\n",
    "no_action.py": HEAD.encode() + b"class Still(Spec):\n    x: bool = state(False)\n",
    "notes.txt": b"hello\n",
}

MISTAKES = [
    (("check",), "Missing argument 'SPECIFICATION'"),
    (("chek",), "there is no command 'chek'; did you mean 'check'?"),
    (("check", "two-phase-commit", "--varant", "x"), "No such option"),
    (("check", "two-phase-comit"), "did you mean 'two-phase-commit'?"),
    (("check", "zzzz"), "there is no specification 'zzzz'; see `quorate list`"),
    (("check", "two-phase-commit", "manager=3"), "no constant 'manager'; did you mean 'managers'? (it has: managers)"),
    (("check", "two-phase-commit", "managers=many"), "managers=many: 'many' is not a whole number"),
    (("check", "two-phase-commit", "managers=3.5"), "'3.5' is not a whole number"),
    (("check", "two-phase-commit", "managers="), "'' is not a whole number"),
    (
        ("check", "two-phase-commit", "managers=0"),
        "out of bounds: managers (number of resource managers) is at least 1",
    ),
    (("check", "two-phase-commit", "managers=-1"), "out of bounds"),
    (("check", "two-phase-commit", "managers=99999999999999999999999"), "out of bounds"),
    (("check", "two-phase-commit", "managers"), "'managers' is not of the form name=value"),
    (("check", "two-phase-commit", "managers=2", "managers=3"), "managers is given twice"),
    (("check", "two-phase-commit", "--variant", "early"), "no variant 'early'; did you mean 'commit-early'?"),
    (("check", "two-phase-commit", "--property", "consitent"), "did you mean 'consistent'?"),
    (("check", "two-phase-commit", "--timeout", "soon"), "'soon' is not a duration; write seconds, or 90s, 5m, 2h"),
    (("check", "two-phase-commit", "--memory", "lots"), "'lots' is not a size; write bytes, or 500M, 2G"),
    (("check", "two-phase-commit", "--max-states", "0"), "0 is not in the range"),
    (("check", "two-phase-commit", "--fail-on", "vacous"), "did you mean 'vacuous'?"),
    (("check", "two-phase-commit", "--output", "a", "--output", "b"), "2 --output but 1 --output-format"),
    (
        ("check", "two-phase-commit", "--output-format", "markdown", "--output-format", "text"),
        "only one format can go to stdout",
    ),
    (("check", "two-phase-commit", "--output", "notes.txt/x"), "notes.txt/x cannot be written: notes.txt is no folder"),
    (("check", "two-phase-commit", "--trace", "notes.txt/x/y"), "notes.txt/x/y cannot be written"),
    (("check", "two-phase-commit", "--output", "folder"), "is a directory"),
    (("check", "folder"), "folder is a directory"),
    (("check", "folder:Spec"), "folder is a directory"),
    (("check", "missing.py"), "missing.py does not exist"),
    (("check", "missing.py:Spec"), "missing.py does not exist"),
    (("check", "empty.py"), "empty.py is empty"),
    (("check", "blank.py"), "blank.py is empty"),
    (("check", "binary.py"), "not a readable text"),
    (("check", "nul.py"), "not"),
    (("check", "syntax.py"), "syntax.py:1:14: E001: the text is not Python"),
    (("check", "no_spec.py"), "no_spec.py has 0 specifications"),
    (("check", "no_spec.py:Spec"), "no_spec.py has no specification 'Spec'"),
    (("check", "raises.py"), "No module named 'nowhere_to_be_found'"),
    (("check", "exits.py"), "SystemExit: 7"),
    (("check", "loops.py"), "loops.py:9:9: E101: 'while' is not in the language"),
    (("check", "types.py"), "types.py:9:18:"),
    (("check", "two.py"), "two.py has 2 specifications; name one"),
    (("check", "two.py:Three"), "two.py has no specification 'Three'"),
    (("check", "no_action.py"), "E310"),
    (("check", "notes.txt"), "notes.txt"),
    (("list", "two-phase"), "did you mean 'two-phase-commit'?"),
    (("trace",), "Usage: quorate trace"),
    (("trace", "show", "nothing"), "there is no file 'nothing', and no trace in .quorate/traces"),
    (("trace", "show", "missing.json"), "missing.json cannot be read: No such file or directory"),
    (("trace", "show", "folder"), "folder cannot be read: Is a directory"),
    (("trace", "show", "empty.py"), "empty.py is no trace that can be shown"),
    (("trace", "why", "binary.py"), "binary.py is no trace that can be shown"),
    (("trace", "export", "nothing"), "Missing option '--format'"),
    (("trace", "diff", "binary.py", "empty.py"), "no trace that can be shown"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_a_mistake_is_one_message(quorate, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    outcome = quorate(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert message in outcome.err
    assert "Traceback" not in outcome.err
    assert "internal error" not in outcome.err


@pytest.mark.parametrize("words", [("check", "loops.py"), ("check", "two-phase-commit", "managers=x")])
def test_where_json_was_asked_for_a_mistake_is_json(quorate, tmp_path: Path, words: tuple[str, ...]) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    outcome = quorate(*words, "--output-format", "json")
    assert outcome.code == 2
    document = json.loads(outcome.out)
    assert document["schema"] == 1
    assert document["verdict"] == "error"
    if "loops.py" in words:
        (error,) = document["errors"]
        assert (error["code"], error["file"], error["line"]) == ("E101", "loops.py", 9)


def test_a_fault_of_ours_leaves_a_report(quorate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("a planted fault")

    monkeypatch.setattr("quorate.checker.commands.inventory.describe", explode)
    outcome = quorate("list")
    assert outcome.code == 3
    assert "internal error: ZeroDivisionError: a planted fault" in outcome.err
    assert "Traceback" not in outcome.err
    (report,) = (tmp_path / ".quorate" / "reports").iterdir()
    assert str(report.relative_to(tmp_path)) in outcome.err
    assert "a planted fault" in report.read_text()
    assert "['list']" in report.read_text()


VOCABULARY = """
check list trace show why diff export doctor two-phase-commit managers=2 managers=x =3 x= --variant commit-early
--property consistent --split all --identity label --no-symmetry --check-all --max-depth 2 --timeout 1s --seed -1
--output-format json markdown --quiet -v --fail-on vacuous --expect violated --format itf nothing.json . -- -
"""
WORDS = st.sampled_from(VOCABULARY.split()) | st.text(max_size=6).filter(lambda text: "\0" not in text)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.lists(WORDS, max_size=6))
def test_no_command_line_is_a_fault_of_ours(quorate, words: list[str]) -> None:
    outcome = quorate(*words)
    assert outcome.code in (0, 1, 2, 4, 5, 6)
    assert "internal error" not in outcome.err
