"""Questions as JSON: every kind is answered, everything else is refused in words."""

import json

import pytest
from quorate.checker.browse.session import Impossible
from quorate.traces.store import read


@pytest.fixture
def ask(answers):
    def asked(kind: str, **more):
        answer = answers.answer(json.dumps({"ask": kind, **more}).encode())
        json.dumps(answer)  # whatever is answered can be sent
        return answer

    return asked


@pytest.fixture
def bad(answers, ask):
    """A path that ends in a violation: its node."""
    ask("start", choice=0)
    node = 0
    for step, label in enumerate(("give_up(rm1)", "commit", "obey_commit(rm2)"), start=1):
        node = ask("take", node=node, step=step, label=label)["live"]["node"]
    return node


def test_a_walk_is_shown_as_the_page_shows_a_trace(ask, bad):
    shown = ask("open", node=bad)
    assert shown["headline"] == "counterexample to consistent, 4 states"
    assert list(shown["options"]) == ["4"], "only the alternatives of the last state"
    assert shown["live"]["path"] == (0, 1, 2, 3)
    assert shown["live"]["branches"] == [[3, 4, "obey_commit(rm2)", "violated: consistent"]]
    assert shown["live"]["initial"] == {"count": 1, "listed": [["init", []]]}
    assert ["consistent", "violated"] in shown["live"]["wanted"] and ["all_commit", "reached"] in shown["live"][
        "wanted"
    ]


def test_a_branch_from_the_middle(ask, bad):
    shown = ask("take", node=bad, step=2, label="prepare(rm2)")
    assert [shown["texts"][number] for number in shown["labels"]] == ["init", "give_up(rm1)", "prepare(rm2)"]
    assert [branch[0] for branch in shown["live"]["branches"]] == [4, 3]


def test_a_look_at_an_earlier_step_numbers_on(ask, bad):
    found = ask("look", node=bad, step=1, texts=1000, reasons=50)
    names = {found["texts"][label - 1000]: outcome for label, outcome, *_ in found["options"]}
    assert names["give_up(rm1)"] == "taken" and names["hear(rm1)"] == "disabled"
    assert {option[3] for option in found["options"] if option[1] == "disabled"} <= set(
        range(50, 50 + len(found["reasons"]))
    )
    assert set(found["trees"]) >= {"consistent"}


def test_the_checker_adds_what_it_finds(ask, bad):
    found = ask("search", node=bad, step=2, wanted=None, states=1000)
    assert found["words"] == "consistent is violated 2 steps from here, and no sooner"
    assert found["shown"]["live"]["node"] == bad, "the same steps are the same path"
    nothing = ask("search", node=bad, step=4, wanted="all_abort", states=1000)
    assert "shown" not in nothing and nothing["words"].startswith("all_abort is not reached in any of the ")
    with pytest.raises(Impossible, match="no property 'nonsense'"):
        ask("search", node=bad, step=2, wanted="nonsense", states=1000)


def test_a_path_is_shrunk_and_the_needed_steps_are_known(ask, bad):
    longer = ask("take", node=0, step=1, label="prepare(rm2)")["live"]["node"]
    for step, label in enumerate(("give_up(rm1)", "commit", "obey_commit(rm2)"), start=2):
        longer = ask("take", node=longer, step=step, label=label)["live"]["node"]
    found = ask("shrink", node=longer, objective="steps")
    assert found["words"] == "steps: 5 before, 4 now"
    assert found["shown"]["necessary"] == (True,) * 4
    with pytest.raises(Impossible, match="cannot be shrunk"):
        ask("shrink", node=0, objective="steps")


def test_the_graph_and_an_expression(ask, bad):
    assert ask("space", node=bad)["space"]["complete"]
    found = ask("evaluate", node=bad, expression="phase[rm2]")
    assert found == {"history": [[1, "Phase.WORKING"], [4, "Phase.COMMITTED"]]}
    with pytest.raises(Impossible, match="open"):
        ask("evaluate", node=bad, expression="open('x')")


def test_saving_writes_a_trace_into_its_folder_and_nothing_else(ask, bad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ask("save", node=bad)["words"]
    (path,) = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert words == f"saved as {path.relative_to(tmp_path)}"
    assert path.parent == tmp_path / ".quorate" / "traces"
    assert read(path).property == "consistent"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"ask": "eval"}',
        b'{"ask": "open"}',
        b'{"ask": "open", "node": -1}',
        b'{"ask": "open", "node": 1e99}',
        b'{"ask": "open", "node": "0"}',
        b'{"ask": "open", "node": 0, "path": "/etc/passwd"}',
        b'{"ask": "save", "node": 99}',
        b'{"ask": "take", "node": 0, "step": 9, "label": "commit"}',
        b'{"ask": "shrink", "node": 0, "objective": "everything"}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_anything_else_is_refused_in_words(answers, body):
    answers.front()
    with pytest.raises(Impossible):
        answers.answer(body)
