"""The served page in a real browser: walking, branching, asking the checker, saving; and what it may not."""

import pytest
from quorate.checker.browse.answers import Answers
from quorate.checker.browse.session import Session
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import load, read
from quorate.traces.store import read as read_trace
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def early(early_commit) -> Answers:
    """Two-phase commit with its counterexample of 4 states."""
    session = Session(early_commit.specification, early_commit.source)
    session.follow(early_commit)
    return Answers(session, TwoPhaseCommit)


@pytest.fixture
def fresh() -> Answers:
    """Two-phase commit for two managers, where nothing has happened yet."""
    return Answers(Session(read(TwoPhaseCommit, {"managers": 2}, ["commit-early"]), "two-phase-commit"), TwoPhaseCommit)


def press(page, *keys):
    for key in keys:
        page.press(key)
        page.settle()


def test_a_walk_begins_at_an_initial_state_and_takes_what_is_clicked(serve, fresh):
    page = serve(fresh)
    assert (page.step, page.text("[aria-selected=true]")) == (1, "Alternatives")
    page.click("[data-take='give_up(rm1)']")
    page.settle()
    page.click("[data-take='commit']")
    page.settle()
    assert page.step == 3
    assert len(page.all(".row")) == 3
    assert "needs self.phase[r] is Phase.WORKING" in " ".join(page.text("#disabled").split())


def test_keys_take_step_back_and_branch(serve, fresh):
    page = serve(fresh)
    press(page, "1", "1", "1")
    first = page.texts(".row .label title")
    press(page, Keys.BACKSPACE, Keys.BACKSPACE, "2")
    assert (page.step, len(page.all(".row"))) == (3, 3)
    press(page, "e")
    assert [one.get_attribute("aria-current") for one in page.all("#branches button")] == ["true", None]
    page.all("#branches button")[1].click()
    page.settle()
    assert page.texts(".row .label title") == first and page.step == 4
    press(page, "9")
    assert page.step == 4, "there is no ninth action"


def test_why_not_is_asked_of_any_step(serve, early):
    page = serve(early, fragment="#step=1&tab=other")
    page.settle()
    page.until(lambda: page.all("#disabled"))
    option = page.one("#disabled details[data-option='hear(rm1)']")
    option.find_element("css selector", "summary").click()
    assert "sent = {}" in option.text and "initially" in option.text
    press(page, "w")
    page.settle()
    page.until(lambda: page.all("[data-property=consistent] .tree"))
    assert "✗ false" in page.text("[data-property=consistent] .tree")


def test_the_checker_runs_from_where_one_stands(serve, fresh):
    page = serve(fresh)
    page.click("[data-take='give_up(rm1)']")
    page.settle()
    press(page, "e")
    page.click("#search-ahead")
    page.settle()
    page.until(lambda: "consistent is violated" in page.text("#told"))
    assert page.text("#told").startswith("consistent is violated 2 steps from here, and no sooner")
    assert (page.step, page.text("#verdict")) == (4, "✗ violated")
    press(page, "e")
    next(one for one in page.all("#wanted option") if one.text == "all_abort reached").click()
    page.one("#states").clear()
    page.one("#states").send_keys("3")
    page.click("#search-ahead")
    page.settle()
    assert "all_abort is not reached in" in page.text("#told")


def test_a_path_is_saved_as_a_trace(serve, early, tmp_path):
    page = serve(early, fragment="#tab=explore&step=4")
    page.click("#save-path")
    page.settle()
    page.until(lambda: "saved as .quorate/traces/" in page.text("#told"))
    (path,) = [one for one in tmp_path.rglob("*.json") if one.parent.name == "traces"]
    assert read_trace(path).property == "consistent"


def test_a_path_is_shrunk(serve, early):
    page = serve(early, fragment="#tab=explore&step=4")
    page.click("[data-shrink=servers]")
    page.settle()
    page.until(lambda: page.text("#told").startswith("servers: 2, as before"))


def test_expressions_become_rows(serve, early):
    page = serve(early, fragment="#tab=step&step=1")
    page.one("#expression").send_keys("phase[rm2]", Keys.ENTER)
    page.until(lambda: page.all("#watched tr"))
    assert page.texts("#watched tr")[0].startswith("phase[rm2] Phase.WORKING initially")
    page.one("#scroll").click()
    page.press("n")
    assert page.step == 4
    page.one("#expression").send_keys("open('x')", Keys.ENTER)
    page.until(lambda: len(page.all("#watched tr")) == 2)
    assert "open" in page.texts("#watched tr")[1] and "E4" in page.text("#told")
    assert "watch=phase" in page.script("return location.hash")


def test_the_graph_is_asked_for(serve, early):
    page = serve(early)
    press(page, "t")
    page.until(lambda: page.all("#graph .node.here"))
    assert "All 623 states" in page.text("#panel")


def test_only_its_own_server_is_asked(serve, early):
    page = serve(early, fragment="#step=2&tab=other")
    press(page, "t", "e", "s", "w")
    asked = page.requests()
    assert len(asked) >= 2
    assert {one.rpartition("/")[2].partition("#")[0] for one in asked} == {"", "ask"}
    assert all(one.startswith(page.address.partition("#")[0]) for one in asked)
    assert (page.complaints(), page.all("#told")) == ([], [])
    page.script("fetch('http://127.0.0.1:9/').catch(() => 0)")
    page.until(lambda: any("Content Security Policy" in one for one in page.complaints()))


EVIL = '''"""</script><script>document.title='pwned'</script>"""
from enum import Enum

from quorate.spec.lang import Map, Sort, Spec, action, invariant, state


class Thing(Sort, size=2):
    """<img src=x onerror="document.title='pwned'">"""


class Evil(Spec):
    """</script><script>document.title='pwned'</script> ' " ` ${1} \u2028 \u2029"""

    on: Map[Thing, bool] = state(False)

    @action
    def click(self, t: Thing) -> None:
        """<b onmouseover="document.title='pwned'">\u2028</b>"""
        self.on[t] = True  # <script>

    @invariant
    def never(self) -> bool:
        """<script>document.title='pwned'</script>"""
        return not any(self.on[t] for t in Thing)
'''


def test_nothing_of_a_specification_or_an_answer_becomes_markup(serve, tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>.py"
    path.write_text(EVIL, encoding="utf-8")
    page = serve(Answers(Session(read(load(str(path))), f"{path.name}:Evil"), load(str(path))))
    page.click("[data-take='click(thing1)']")
    page.settle()
    press(page, "e", "s", "w", "a", "t", "x", "?", Keys.ESCAPE, "s")
    page.one("#expression").send_keys("'<img src=x onerror=alert(1)>'", Keys.ENTER)
    page.settle()
    page.until(lambda: page.all("#watched tr"))
    assert "pwned" not in page.script("return document.title")
    assert page.all("img") == [] and len(page.all("script")) == 3
    assert page.complaints() == []


def test_a_server_that_has_gone_is_said(serve, fresh, monkeypatch):
    page = serve(fresh)
    page.script("window.fetch = () => Promise.reject(new TypeError('gone'))")
    page.click("[data-take='give_up(rm1)']")
    page.until(lambda: page.all("#told"))
    assert "The server does not answer" in page.text("#told")
    assert page.step == 1


def test_any_initial_state_can_be_the_start(serve):
    from quorate.spec.classics.ewd840 import Ewd840

    page = serve(Answers(Session(read(Ewd840, {"nodes": 2}), "ewd840"), Ewd840), fragment="#tab=explore&step=1")
    starts = page.all("#initial button")
    assert len(starts) > 2
    told = page.texts("#initial li")[1]
    starts[1].click()
    page.settle()
    assert page.step == 1 and len(page.all(".row")) == 1
    assert page.texts(".row .label title")[0] in told
