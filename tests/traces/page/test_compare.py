"""Several traces side by side in a real browser: rows, the first divergence in the middle, states beside each other."""

from dataclasses import replace

import pytest
from quorate.checker.browse.command import _comparison, _of_trace
from quorate.checker.browse.session import Session
from quorate.spec.lang.meaning.compile import Meaning
from quorate.traces.comparing.page import comparison, to_html
from quorate.traces.page.document import COMPARING, LARGEST, page
from quorate.traces.page.document import to_html as alone
from quorate.traces.trace import Log, Parting, Step
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def pair(early_commit):
    """The counterexample, and a path that goes another way after its second step."""
    session = Session(early_commit.specification, early_commit.source)
    node = session.path(session.follow(early_commit))[1]
    for label in ("prepare(rm2)", "prepare(rm3)"):
        node = session.take(node, label)
    return early_commit, session.trace(node)


def test_f_two_traces_are_lined_up_and_the_divergence_is_shown(show, pair):
    page = show(to_html(pair))
    assert page.text("#verdict") == "≠ first divergence in row 3"
    assert page.one("#scroll").get_attribute("aria-valuenow") == "3"
    assert page.one(".row.first").get_attribute("data-row") == "2"
    assert [len(page.all(f".trace[data-trace='{number}'] .cell-step")) for number in (0, 1)] == [4, 4]
    assert page.texts(".trace[data-trace='1'] .cell-step.only .sign") == ["≠", "≠"]
    assert "Trace 1: 3. commit" in page.text("#panel") and "Trace 2: 3. prepare(rm2)" in page.text("#panel")
    rows = [" ".join(row.split()) for row in page.texts("#beside tr")]
    assert rows == [
        "place trace 1 trace 2",
        "phase[rm2] Phase.WORKING Phase.PREPARED",
        "sent {} {rm2}",
        "decision Decision.COMMIT None",
    ]


def test_f_the_divergence_stands_in_the_middle_of_long_traces(show, early_commit):
    long = replace(
        early_commit, steps=early_commit.steps[:1] * 60 + early_commit.steps, verdict="undecided", property=None
    )
    other = replace(long, steps=long.steps[:62] + long.steps[:40])
    page = show(to_html([long, other]))
    box = page.script("return document.querySelector('.row.first .back').getBoundingClientRect().y")
    area = page.script("const r = document.getElementById('scroll').getBoundingClientRect(); return [r.y, r.height]")
    assert abs(box - (area[0] + area[1] / 2)) < 120


def test_f_keys_clicks_search_and_the_link(show, pair):
    page = show(to_html(pair))
    page.press("p")
    assert page.script("return location.hash") == "#row=3", "nothing differs before"
    page.press("n", Keys.HOME)
    assert page.script("return location.hash") == "#row=1"
    page.press("v", Keys.ARROW_DOWN)
    assert page.script("return location.hash") == "#row=4"
    page.all(".trace[data-trace='1'] .event")[0].click()
    assert page.script("return location.hash") == "#row=2"
    page.press("/", *"obey", Keys.ENTER)
    assert (page.text("#found"), page.script("return location.hash")) == ("1 row", "#row=4")
    page.press(Keys.ESCAPE, "?")
    assert "first divergence" in page.text("#help")
    page.press(Keys.ESCAPE)
    assert page.requests() == [page.address] and page.complaints() == []


def test_f_order_alone_is_no_difference(show, early_commit):
    session = Session(early_commit.specification, early_commit.source)

    def path(*labels):
        node = session.start(0)
        for label in labels:
            node = session.take(node, label)
        return session.trace(node)

    page = show(to_html([path("prepare(rm1)", "give_up(rm2)"), path("give_up(rm2)", "prepare(rm1)")]))
    assert page.text("#verdict") == "= no difference"
    assert page.texts(".cell-step.moved .sign") == ["⇅", "⇅"]


def logged(trace, name, parting=None):
    """The trace as if it had been read from a log."""
    lines = ("", *(f"{name} zxid {number} <b>" for number in range(1, len(trace.steps))))
    return replace(trace, engine="log of a server", log=Log(name, lines, 3, parting))


def test_f_a_log_stands_beside_the_model_with_its_lines_and_the_guard_that_blocks(show, znodes):
    close = Parting("log.2 zxid 9 create /a/c", ("create", (2, 0)), ())
    blocked = replace(znodes, steps=znodes.steps[:2])
    blocked = logged(replace(blocked, steps=(*blocked.steps, _closed(blocked))), "log.2", close)
    page = show(to_html([logged(znodes, "log.1"), blocked]))
    assert page.text("#verdict") == "≠ first divergence in row 3"
    assert page.text(".of-trace[data-of='0'] .log-line pre") == "log.1 zxid 2 <b>"
    page.press(Keys.END)
    told = page.text(".of-trace[data-of='1'] .parting-block")
    assert "Here the log parts from the specification" in told and "log.2 zxid 9 create /a/c" in told
    assert "create(Path.A_B, session1), which cannot happen here" in told
    assert "✗ false owner in self.live" in " ".join(told.split())
    page.click(".of-trace[data-of='1'] .parting-block .link")
    assert "close_session(session1)" in page.text(".of-trace[data-of='1'] h3"), "the step that wrote what was read"
    assert page.requests() == [page.address] and page.complaints() == []


def test_f_one_log_shows_where_it_parts(show, znodes):
    other = Parting("zxid 9 setData /a,2", ("set_data", (1,)), ("version of /a: the log has 2, the specification 1",))
    page = show(alone(logged(znodes, "log.1", other)))
    assert page.text("#verdict") == "≠ the log parts"
    assert "3 lines of log.1 are a behaviour of Znodes; 3 others say nothing of it." in page.text("#prose")
    assert page.text(".log-line pre") == "log.1 zxid 3 <b>"
    assert "version of /a: the log has 2, the specification 1" in page.text("#parting")
    page.click("#parting .link")
    assert page.text("[aria-selected=true]") == "Alternatives" and "set_data(Path.A)" in page.text("#enabled")
    page.press("s", Keys.HOME)
    assert not page.all("#parting") and not page.all(".log-line")
    assert show(alone(logged(znodes, "log.1"))).text("#verdict") == "✓ the log fits"


def _closed(trace):
    meaning = Meaning(trace.specification)
    label = ("close_session", (0,))
    return Step(label, dict(meaning.successors(trace.steps[-1].state))[label])


def test_f_each_is_opened_alone_from_the_served_comparison(serve, pair):
    page = serve(*(_of_trace(one, None) for one in pair), front=_comparison(pair))
    page.all("#prose a")[1].click()
    page.until(lambda: page.all("[data-tab=explore]"))
    assert page.text("#title") == "TwoPhaseCommit: trace of TwoPhaseCommit, 4 states"


def test_a_comparison_stays_small_and_says_what_it_cuts(early_commit):
    long = replace(early_commit, steps=early_commit.steps * 800)
    data = comparison([long, early_commit])
    assert data["notices"] == ["Trace 1 has 3,200 states; this page compares the first 3,000."]
    assert len(page(data, COMPARING).encode()) <= LARGEST


def test_nothing_in_a_comparison_becomes_markup(show, pair):
    evil = "</script><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">\u2028'"
    data = comparison(pair, ["javascript:document.title='pwned'", "x"])
    for one in data["traces"]:
        one["texts"] = [text + evil for text in one["texts"]]
        one["lanes"] = [lane + evil for lane in one["lanes"]]
        one["headline"] += evil
        one["configuration"] += evil
    data["notices"] = data["configuration"] = [evil]
    page_ = show(page(data, COMPARING))
    page_.press("v", "n", "?")
    assert "pwned" not in page_.script("return document.title")
    assert page_.all("img") == [] and len(page_.all("script")) == 3
    assert page_.complaints() == []
