"""The page as a file: it asks nobody, no text becomes markup or script, it stays small, and long traces open."""

import re
from dataclasses import replace

import pytest
from quorate.checker.browse.answers import Answers
from quorate.checker.browse.session import Session
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import domains
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.traces.comparing.page import to_html as side_by_side
from quorate.traces.page.document import LARGEST, page, to_html
from quorate.traces.page.repeat import regression_test
from quorate.traces.page.view import view
from quorate.traces.trace import Failure, Log, Parting, Step, Trace

EVIL = (
    "</script><script>document.title='pwned'</script>"
    "<img src=x onerror=\"document.title='pwned'\">'\"`${1}\u2028\u2029&lt;%CODE%"
)


def test_no_request_leaves_the_page(show, forgotten):
    opened = show(forgotten)
    opened.press("a", "w", "t", "x", "s", "d", "?")
    assert opened.requests() == [opened.address]
    assert opened.complaints() == []


def test_the_policy_forbids_what_is_not_its_own(show, forgotten):
    opened = show(forgotten)
    opened.script(
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    )
    opened.script("const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i)")
    assert opened.script("return document.title") != "1"
    assert opened.blocked() == ["csp"]
    assert any("Content Security Policy" in one for one in opened.complaints())


def poisoned(trace: Trace) -> Trace:
    """The trace with every name and text of its specification replaced by something that wants to be markup."""
    own = trace.specification

    def evil(kind):
        if isinstance(kind, domains.Map):
            return replace(kind, value=evil(kind.value))
        if isinstance(kind, domains.Enumeration):
            return replace(kind, members=tuple(f"{member}{EVIL}" for member in kind.members))
        return kind

    variables = tuple(replace(one, type=evil(one.type)) for one in own.variables)
    actions = tuple(replace(one, doc=EVIL) for one in own.actions)
    properties = tuple(replace(one, doc=EVIL) for one in own.properties)
    specification = replace(own, name=own.name, doc=EVIL, variables=variables, actions=actions, properties=properties)
    return replace(trace, specification=specification, source=EVIL, engine=EVIL, failure=Failure(EVIL, EVIL, EVIL))


def test_nothing_in_a_trace_becomes_markup_or_script(show, early_commit):
    data = view(poisoned(early_commit))
    data["texts"] = [text + EVIL for text in data["texts"]]
    data["lanes"] = [lane + EVIL for lane in data["lanes"]]
    data["notices"] = [EVIL]
    for space in data["space"]["views"]:
        space["nodes"] = [[name + EVIL, *rest] for name, *rest in space["nodes"]]
    text = page(data)
    assert EVIL not in text and "pwned" not in text
    opened = show(text, "#step=2&find=%3Cscript%3E&pins=%3Cimg%20src%3Dx%3E")
    for key in "stwxad?":
        opened.press(key)
    assert "pwned" not in opened.script("return document.title")
    assert opened.all("img") == [] and len(opened.all("script")) == 3
    assert EVIL.split("\u2028")[0] in opened.script("return document.getElementById('notices').textContent")
    assert opened.complaints() == []


def test_it_is_small_and_the_same_every_time(early_commit, forgotten):
    text = to_html(early_commit)
    assert text == to_html(early_commit)
    assert len(text.encode()) < LARGEST / 3
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)


@pytest.fixture(scope="module")
def marathon():
    """A walk of a given length through the election of five."""
    from quorate.spec.zookeeper.zab import Zab

    specification = read(Zab, {"servers": 5, "timeouts": 4, "transactions": 2, "epochs": 3})
    meaning = Meaning(specification)

    def walk(length: int) -> Trace:
        label, state = meaning.initial()[0]
        steps = [Step(label, state)]
        while len(steps) < length:
            found = meaning.successors(state)
            if not found:  # at rest: the tour begins again, which the page does not mind
                found = meaning.initial()
            label, state = found[len(steps) * 7919 % len(found)]
            steps.append(Step(label, state))
        return Trace(specification, "zab", tuple(steps), "undecided", None)

    return walk


def test_a_thousand_steps_of_five_servers_are_drawn_in_sight_only(show, marathon):
    text = page(view(marathon(1000), instances=300, states=300))
    assert len(text.encode()) <= LARGEST
    opened = show(text, "#step=1")
    assert len(opened.all(".row")) < 80
    opened.script("document.getElementById('scroll').scrollTop = 17000")
    opened.until(lambda: opened.all(".row[data-step='505']"))
    assert len(opened.all(".row")) < 80
    opened.press("g", *"900", "\n")
    opened.until(lambda: opened.step == 900)
    assert opened.one(".row.here").is_displayed()


def test_more_than_ten_thousand_steps_are_cut_with_a_notice(show, follow, relay):
    ask = relay("logs_grow", "forget")
    long = replace(ask, steps=ask.steps * 1800, verdict="undecided", property=None)
    opened = show(page(view(long, instances=0, states=0)))
    assert "The trace has 10,800 states; this page shows the last 10,000." in opened.text("#notices")
    assert opened.texts(".row.here .number") == ["10800"]
    opened.press("\ue011")  # Home
    assert opened.texts(".row.here .number") == ["801"]


def test_the_regression_test_fails_while_the_fault_is_there(early_commit):
    names: dict = {}
    exec(regression_test(early_commit), names)
    with pytest.raises(AssertionError):
        names["test_twophasecommit_consistent"]()
    cured = replace(early_commit, specification=replace(early_commit.specification, variants=()))
    exec(regression_test(cured), names)
    names["test_twophasecommit_consistent"]()


def test_text_is_legible_in_both_themes(show, early_commit):
    """WCAG AA: 4.5 to 1 for every text against what is behind it."""
    for theme in ("light", "dark"):
        opened = show(early_commit, "#step=2&all=1&tab=step")
        opened.script("document.documentElement.dataset.theme = arguments[0]", theme)
        opened.press("c")
        opened.one("#note").send_keys("A note")
        opened.one("#tabs button").click()
        for key in "swatxr":
            opened.press(key)
            poor = opened.script(CONTRAST)
            assert poor == [], (theme, key)


def test_the_storm_is_legible_too(show, follow):
    """Marks of messages, brackets and partitions."""
    steps = [
        ("write", (0,)),
        ("send", (0, 1)),
        ("crash", (1,)),
        ("receive", (1, 0)),
        ("isolate", (2,)),
        ("promote", (0,)),
    ]
    for theme in ("light", "dark"):
        opened = show(follow("storm.py", *steps, splits=("W",)))
        opened.script("document.documentElement.dataset.theme = arguments[0]", theme)
        assert opened.script(CONTRAST) == [], theme


def test_walking_and_comparing_are_legible_too(show, serve, early_commit):
    session = Session(early_commit.specification, early_commit.source)
    node = session.path(session.follow(early_commit))[1]
    other = session.trace(session.take(node, "prepare(rm2)"))
    for theme in ("light", "dark"):
        opened = show(side_by_side([early_commit, other]))
        opened.script("document.documentElement.dataset.theme = arguments[0]", theme)
        assert opened.script(CONTRAST) == [], theme
        opened = serve(Answers(session, TwoPhaseCommit), fragment="#tab=explore&step=1")
        opened.script("document.documentElement.dataset.theme = arguments[0]", theme)
        for key in "eas":
            opened.press(key)
            opened.settle()
            assert opened.script(CONTRAST) == [], (theme, key)


def test_trees_logs_and_folded_lanes_are_legible_too(show, znodes, relayed):
    parting = Parting("zxid 9 setData /a,2", ("set_data", (1,)), ("version of /a: the log has 2, the specification 1",))
    log = replace(znodes, log=Log("log.1", ("", "one", "two", "three"), 3, parting))
    for theme in ("light", "dark"):
        opened = show(log, "#step=4&tab=step&all=1")
        opened.script("document.documentElement.dataset.theme = arguments[0]", theme)
        assert opened.all("#parting") and opened.all(".forest li") and opened.script(CONTRAST) == [], theme
        opened = show(relayed, "#fold=1&step=2")
        opened.script("document.documentElement.dataset.theme = arguments[0]", theme)
        assert opened.all(".bridge") and opened.script(CONTRAST) == [], theme


def test_on_paper_every_row_is_there_and_nothing_to_press(show, commit_without_quorum):
    opened = show(commit_without_quorum)
    opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        opened.script("dispatchEvent(new Event('beforeprint'))")
        assert len(opened.all(".row")) == 18 and not opened.one("#tools").is_displayed()
        assert opened.script("return getComputedStyle(document.getElementById('scroll')).overflow") == "visible"
        assert opened.text("#tabs") == "Why", "the panel that is open says what it is"
        below = "return arguments[0].getBoundingClientRect().bottom"
        assert opened.script(below, opened.one("#canvas")) <= opened.script(below, opened.one("#timeline"))
        opened.script("dispatchEvent(new Event('afterprint'))")
    finally:
        opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_narrow_window_cuts_nothing_off(show, commit_without_quorum):
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    opened = show(commit_without_quorum)
    opened.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        opened.until(lambda: opened.script("return innerWidth") == 400)
        assert opened.script("return document.documentElement.scrollWidth") <= 400
        for name in ("#find", "#goto-button", "#theme-button", "#help-button", "[data-tab=share]"):
            box = opened.script("return arguments[0].getBoundingClientRect().toJSON()", opened.one(name))
            assert box["left"] >= 0 and box["right"] <= 400, name
    finally:
        opened.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_five_servers_have_their_lanes_in_sight(show, marathon):
    opened = show(page(view(marathon(120), instances=0, states=0)), "#step=110")
    right = opened.script("return document.getElementById('scroll').getBoundingClientRect().right")
    for one in opened.all(".lane-name")[:5]:
        assert opened.script("return arguments[0].getBoundingClientRect().right", one) <= right
    for text in opened.all(".event text"):
        words, circle = opened.script(WIDTHS, text)
        assert words < circle, "the number of a step fits into its circle"


def test_keyboard_alone_reaches_everything(show, early_commit):
    """Whatever can be clicked has the focus or a key of its own; the focus can be seen."""
    opened = show(early_commit, "#tab=other&step=2")
    names = opened.script(REACHED)
    assert names == [], "clickable without focus or key"
    opened.press("\ue004")  # Tab
    assert opened.script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


# Clickable things that neither take the focus nor have another way by a key: rows and events are chosen with arrows and
# g, cells with w.
REACHED = """
const byKeys = ".row, .event, .cell";
return [...document.querySelectorAll("button, a, select, input, textarea, summary, [role=button], [role=tab]")]
  .filter((one) => one.tabIndex < 0 && !one.closest("dialog") && !one.matches(byKeys))
  .map((one) => one.outerHTML.slice(0, 80));
"""

# Of a text, and of the circle or the square that it stands in.
WIDTHS = """
const box = arguments[0].parentNode.querySelector("circle:not(.reached), rect");
return [arguments[0], box].map((one) => one.getBoundingClientRect().width);
"""

CONTRAST = """
const rgb = (colour) => (colour.match(/[0-9.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
  .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
function behind(element) {
  for (let at = element; at; at = at.parentElement) {
    const own = rgb(getComputedStyle(at).backgroundColor);
    if (own.length === 3 || own[3] === 1) return own;
  }
  return [255, 255, 255];
}
const poor = [];
for (const element of document.querySelectorAll("body *")) {
  if (element.closest("svg, script, style, dialog, noscript, .unseen") || !element.offsetParent) continue;
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push([element.className, element.textContent.slice(0, 30), ratio.toFixed(2)]);
}
for (const element of document.querySelectorAll("#canvas text, #graph text")) {
  const [a, b] = [light(rgb(getComputedStyle(element).fill)), light(behind(element))];
  const boxed = element.closest(".cell, .event, .node, .row.here, .row.hit");
  const box = boxed && boxed.querySelector("rect, circle");
  const fill = box ? rgb(getComputedStyle(box).fill) : [];
  const back = fill.length === 3 || fill[3] === 1 ? light(fill) : b;
  const ratio = (Math.max(a, back) + 0.05) / (Math.min(a, back) + 0.05);
  if (ratio < 4.5) poor.push([element.getAttribute("class"), element.textContent.slice(0, 30), ratio.toFixed(2)]);
}
return poor;
"""
