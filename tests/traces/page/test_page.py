"""The page in a real browser, letter by letter: what clicks and keys put on the screen."""

import json
from dataclasses import replace

import pytest
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.traces.export.drawing import to_mermaid
from quorate.traces.export.itf import to_itf
from quorate.traces.export.markdown import to_markdown
from quorate.traces.expression import history
from quorate.traces.page.document import to_html
from quorate.traces.shrinking import shrink
from quorate.traces.store import to_text
from quorate.traces.trace import Step, Trace
from selenium.webdriver.common.keys import Keys

EXPORTS = {"trace.json": to_text, "itf.json": to_itf, "md": to_markdown, "mmd": to_mermaid}


def test_it_opens_at_the_end_and_says_why(show, early_commit):
    page = show(early_commit)
    assert page.text("#title") == "TwoPhaseCommit: counterexample to consistent, 4 states"
    assert page.text("#verdict") == "✗ violated"
    assert page.step == 4
    assert "with a = rm2, b = rm1" in page.text("#panel")


# ------------------------------------------------------------------------------ A: the space–time diagram


def test_a_lanes_roles_and_events(show, early_commit):
    page = show(early_commit, "#tab=step&step=4")
    assert page.texts(".lane-name > text") == ["rm1", "rm2", "rm3", "system"]
    roles = {(band.get_attribute("data-role"), band.get_attribute("fill")) for band in page.all("#canvas .band")}
    assert roles == {("WORKING", "url(#role0)"), ("ABORTED", "url(#role3)"), ("COMMITTED", "url(#role2)")}
    assert page.texts(".role-name") == ["WORKING", "ABORTED", "WORKING", "COMMITTED", "WORKING"]
    page.all("#canvas .event")[0].click()
    assert page.step == 2
    assert "give_up(rm1)" in page.text("#panel")


def test_a_messages_differ_by_their_fate(show, forgotten, follow):
    page = show(forgotten)
    assert [one.get_attribute("class").split()[1] for one in page.all(".message")].count("received") == 3
    (flying,) = page.all(".message.in-flight")
    assert "still in flight at the end" in flying.get_attribute("textContent")
    assert page.texts(".words.in-flight .caption")[0].endswith(" in flight")
    send, flood = ("send", (0, 1, False)), ("flood", (0, 1))
    page = show(follow("post.py", send, ("fetch", (1, 0)), send, flood))
    (lost,) = page.all(".message.dropped, .message.lost")
    (words,) = page.all(".words.dropped, .words.lost")
    assert "✗ dropped" in words.text or "⊘ lost" in words.text
    dashes = {
        page.script("return getComputedStyle(arguments[0]).strokeDasharray", line)
        for line in (lost.find_element("css selector", ".line"), page.one(".message.received .line"))
    }
    assert len(dashes) == 2


def test_a_lane_is_folded_by_a_click_on_its_name(show, early_commit):
    page = show(early_commit)
    page.all(".lane-name > text")[1].click()
    assert page.texts(".lane-name > text") == ["rm1", "⋮", "rm3", "system"]


def test_a_folded_lanes_are_bridged_by_what_happened_through_them(show, relayed):
    page = show(relayed)
    assert page.all(".bridge") == [] and page.all(".message")
    page.all(".lane-name > text")[1].click()
    (bridge,) = page.all(".bridge")
    assert bridge.get_attribute("data-bridge") == "2-5"
    told = "step 2 happened before step 5, through lanes that are folded"
    assert bridge.get_attribute("textContent") == told
    dashes = page.script("return getComputedStyle(arguments[0]).strokeDasharray", page.one(".bridge .line"))
    assert dashes != "none" and page.all(".message") == []
    page.all(".lane-name > text")[1].click()
    assert page.all(".bridge") == []


@pytest.mark.parametrize("step", [1, 10, 12, 18])
def test_a_captions_do_not_cover_each_other(show, commit_without_quorum, step):
    page = show(commit_without_quorum, f"#step={step}")
    page.script("document.getElementById('scroll').scrollTop = 0")
    boxes = page.script(
        "return [...document.querySelectorAll('.words .caption')]"
        ".map((one) => one.getBoundingClientRect()).map((r) => [r.x + 1, r.y + 3, r.right - 1, r.bottom - 3])"
    )
    assert len(boxes) > 8
    for at, (left, top, right, bottom) in enumerate(boxes):
        for a, b, c, d in boxes[:at]:
            assert left >= c or right <= a or top >= d or bottom <= b


def test_b_a_tree_is_shown_as_a_tree(show, znodes):
    page = show(znodes, "#step=3&tab=step")
    assert [" ".join(line.split()) for line in page.texts(".forest li")] == [
        "ROOT",
        "Δ └ A pzxid 1 → 2 cversion 0 → 1 before: since step 2 pin",
        "+ └ A_B Znode(czxid=2, mzxid=2, pzxid=2, version=0, cversion=0, aversion=0, owner=None, container=False) pin",
    ]
    page.click(".forest [data-place='tree[Path.A]'] .link")
    assert page.step == 2
    page.click(".forest [data-place='tree[Path.A]'] [data-pin]")
    assert "tree[Path.A]" in page.text("#pinned")
    page = show(znodes, "#step=4&tab=step")
    went = page.one(".forest [data-place='tree[Path.A_B]']")
    assert went.text.startswith("−") and "went" in went.find_element("css selector", ".sign").get_attribute("class")
    left = "return Number.parseInt(getComputedStyle(arguments[0]).paddingLeft)"
    assert [page.script(left, one) for one in page.all(".forest .name")] == [0, 18, 36]
    page.press("d")
    assert len(page.all(".forest li")) == 3, "what was there before is listed with it"


def test_a_what_a_step_follows_from_is_marked(show, forgotten):
    page = show(forgotten, "#step=4")
    marked = {
        kind: [int(row.get_attribute("data-step")) for row in page.all(f".row.{kind}")] for kind in ("past", "future")
    }
    assert marked == {"past": [2, 3], "future": [5, 6]}


def test_a_another_role_is_chosen(show, forgotten):
    page = show(forgotten)
    before = page.text("#legend")
    options = page.all("#choose-role option")
    if options:
        options[-1].click()
        assert page.text("#legend") != before
    assert "mood" in before


def test_a_half_done_actions_partitions_and_the_dead_are_drawn(show, follow):
    steps = [
        ("write", (0,)),
        ("send", (0, 1)),
        ("crash", (1,)),
        ("receive", (1, 0)),
        ("isolate", (2,)),
        ("promote", (0,)),
    ]
    page = show(follow("storm.py", *steps, ("write_sync", (0,)), splits=("W",)), "#step=7")
    (half,) = page.all(".half.done")
    assert half.get_attribute("data-half") == "2-8"
    told = half.get_attribute("textContent")
    assert "half done since step 2" in told and "ended in step 8" in told
    (cut,) = page.all(".cut")
    assert cut.get_attribute("data-cut") == "server1 server2 | server3"
    assert "partition in steps 6 to 8" in cut.get_attribute("textContent")
    (dead,) = page.all(".message.dead")
    assert "† down" in page.text(".words.dead") and dead.find_elements("css selector", ".tomb")


def test_a_runs_of_local_steps_share_a_row(show, follow):
    steps = [
        ("promote", (0,)),
        ("promote", (1,)),
        ("promote", (2,)),
        ("send", (0, 1)),
        ("crash", (2,)),
        ("receive", (1, 0)),
    ]
    page = show(follow("storm.py", *steps), "#step=7")
    page.press("r")
    assert page.texts(".row .number") == ["1", "⋯", "5", "6", "7"]
    assert page.texts(".row.run .label") == ["3 local steps, 2 to 4"]
    assert [one.text for one in page.all(".event text")] == ["5", "6", "7"]
    page.click(".row.run")
    assert (page.step, len(page.all(".row"))) == (2, 7)
    page.press("r")
    assert "brief" not in page.script("return location.hash")


def test_a_clients_stand_beside_servers(show):
    from quorate.spec.zookeeper.cluster import Cluster

    specification = read(Cluster)
    trace = Trace(specification, "cluster", (Step(*Meaning(specification).initial()[0]),), "undecided", None)
    names = show(trace).texts(".lane-name > text")
    assert [one for one in names if one.startswith("server")] and [one for one in names if one.startswith("client")]


# ---------------------------------------------------------------------------------- B: the step inspector


def test_b_a_step_shows_its_changes_to_the_leaf_and_the_last_writer(show, forgotten):
    page = show(forgotten, "#step=4&tab=step")
    rows = page.texts("#changes tr")
    assert [" ".join(row.split()) for row in rows][:2] == [
        "mood[server1] Mood.WAITING → Mood.IDLE before: since step 2 pin",
        "net - Answer(by=server2, round=1) before: since step 3 pin",
    ]
    page.click("#changes [data-step='2']")
    assert page.step == 2


def test_b_all_values_and_pins(show, early_commit):
    page = show(early_commit, "#step=2&tab=step")
    assert not page.all("#state")
    page.press("d")
    assert [row.split()[0] for row in page.texts("#state tr")][:3] == ["phase[rm1]", "phase[rm2]", "phase[rm3]"]
    page.click("[data-pin='phase[rm2]']")
    assert "Phase.WORKING" in page.text("#pinned")
    page.press("n")
    assert page.step == 4
    assert "Phase.COMMITTED since step 4" in page.text("#pinned")


def test_b_histories_stand_side_by_side(show, relay):
    trace = relay("logs_grow", "forget")
    page = show(trace, "#step=5&tab=step&all=1")
    head, *rows = [" ".join(row.split()) for row in page.texts("[data-histories='log'] tr")]
    assert head.startswith("# server1")
    values = [step.state[[v.name for v in trace.specification.variables].index("log")] for step in trace.steps]
    assert len(rows) == max(map(len, values[4]))


def test_b_expressions_are_rows_of_their_own(show, early_commit):
    words = "sum(1 for r in RM if phase[r] is Phase.WORKING)"
    page = show(to_html(early_commit, {words: history(TwoPhaseCommit, early_commit, words)}), "#step=2&tab=step")
    assert page.texts("#watched tr")[0].startswith(f"{words} 2")
    page.press("n")
    assert page.step == 4


# --------------------------------------------------------------------------------- C: the property matrix


def test_c_a_red_cell_opens_the_evaluated_tree(show, early_commit):
    page = show(early_commit, "#step=1&tab=step")
    signs = page.texts("[data-cell^='consistent:'] text")
    assert signs == ["✓", "✓", "✓", "✗"]
    page.click("[data-cell='consistent:4']")
    assert page.step == 4
    tree = page.text("[data-property=consistent] .tree")
    assert "✗ false" in tree and "with a = rm2, b = rm1" in tree and "phase[rm1] = Phase.ABORTED" in tree
    page.click("[data-property=consistent] .reads [data-step='2']")
    assert page.step == 2


# ---------------------------------------------------------------------------------------- D: alternatives


def test_d_enabled_and_disabled_with_the_first_failing_guard(show, early_commit):
    page = show(early_commit, "#step=2")
    page.press("a")
    enabled = page.texts("#enabled summary")
    assert "✓ taken commit" in [" ".join(one.split()) for one in enabled]
    page.click("#enabled details[data-option='prepare(rm2)'] summary")
    assert "Phase.PREPARED" in page.text("#enabled details[data-option='prepare(rm2)']")
    disabled = page.one("#disabled details[data-option='prepare(rm1)']")
    assert "needs self.phase[r] is Phase.WORKING" in " ".join(disabled.text.split())
    disabled.find_element("css selector", "summary").click()
    assert "phase[rm1] = Phase.ABORTED" in disabled.text


def test_d_around_the_end_alternatives_are_followed_one_step_further(show, early_commit):
    page = show(early_commit, "#step=3&tab=other")
    option = page.one("#enabled details[data-option='prepare(rm2)']")
    option.find_element("css selector", "summary").click()
    assert "Then, 5:" in option.text
    option.find_element("css selector", "[data-next='obey_commit(rm2)'] summary").click()
    assert "Phase.PREPARED → Phase.COMMITTED" in option.text


# ------------------------------------------------------------------------------------------- E: the badge


def test_e_badge_and_prose(show, early_commit, forgotten):
    page = show(early_commit)
    assert page.text("#badge") == "not minimised"
    assert page.text("#prose").startswith("3 steps from an initial state of TwoPhaseCommit, with commit-early, violate")
    assert "rm3 does nothing." in page.text("#prose")
    assert "4 messages: 3 received, 1 in flight at the end." in show(forgotten).text("#prose")


def test_e_the_badge_says_that_it_was_shrunk(show, early_commit):
    shrunk = shrink(wandering(early_commit)).trace
    page = show(shrunk)
    assert page.text("#badge") == "shrunk from 5 to 4 states"


def test_e_needed_steps_are_marked(show, early_commit, follow):
    page = show(early_commit, "#tab=share")
    assert page.text("#needed").startswith("Every step is needed")
    page = show(wandering(early_commit), "#tab=share")
    assert [one.get_attribute("data-step") for one in page.all(".row:has(.needed)")] == ["1", "3", "4", "5"]
    assert page.text("#needed").endswith("The end is also reached without: step 2")
    assert "quorate trace shrink" in page.text("#shrink")


def wandering(early_commit):
    """The counterexample with a step more than it needs."""
    meaning = Meaning(early_commit.specification)
    steps, wanted = [early_commit.steps[0]], [("prepare", (2,)), *(step.label for step in early_commit.steps[1:])]
    for label in wanted:
        steps.append(Step(label, dict(meaning.successors(steps[-1].state))[label]))
    return replace(early_commit, steps=tuple(steps))


# ------------------------------------------------------------------------------------- G: the state graph


def test_g_the_trace_is_a_path_through_the_clusters(show, early_commit):
    page = show(early_commit)
    page.press("t")
    assert "All 623 states" in page.text("#panel")
    assert page.texts("#graph .node.path > text:first-of-type")[0] == "WORK WORK WORK"
    assert len(page.all("#graph .node.here")) == 1
    assert 2 < len(page.all("#graph .node")) <= 150
    assert len(page.all("#graph .edge.path")) == 2
    assert all(int(one.replace(",", "")) > 0 for one in page.texts("#graph .edge.path text"))
    assert "no cycle" in page.text("#components") or "Strongly connected: component 1" in page.text("#components")
    page.one("#graph .node.here").send_keys(Keys.ENTER)
    assert "The trace is here in step 4" in page.text("#group")
    next(one for one in page.all("#choose-graph option") if one.text == "depth").click()
    assert page.texts("#graph .node > text:first-of-type")[0] == "depth 1"


# ------------------------------------------------------------------------------------ H: keys and the link


def test_h_keys(show, early_commit):
    page = show(early_commit, "#step=1&tab=step")
    page.press(Keys.ARROW_RIGHT)
    assert page.step == 2
    page.press(Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    assert page.step == 2
    page.press(Keys.END)
    assert page.step == 4
    page.press(Keys.HOME)
    assert page.step == 1
    page.press("v")
    assert (page.step, page.text("[aria-selected=true]")) == (4, "Why")
    page.press("m")
    assert page.texts(".mark") == ["★"]
    page.press("g", "3", Keys.ENTER)
    page.until(lambda: page.step == 3)  # a dialog says a little later that it was closed
    page.press("?")
    assert "next violation" in page.text("#help")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.one("#help").is_displayed())


def test_h_search(show, early_commit):
    page = show(early_commit, "#step=1")
    page.press("/", *"obey", Keys.ENTER)
    assert page.text("#found") == "1 step"
    assert page.step == 4
    assert page.one(".row.hit").get_attribute("data-step") == "4"
    page.press(Keys.ESCAPE)
    assert not page.all(".row.hit")


def test_h_the_link_restores_the_view(show, early_commit):
    page = show(early_commit, "#step=2&tab=step")
    page.press("d", "m")
    page.click("[data-pin='phase[rm3]']")
    page.all(".lane-name > text")[3].click()
    fragment = page.script("return location.hash")
    again = show(early_commit, fragment)
    assert again.script("return location.hash") == fragment
    assert (again.step, again.texts(".mark")) == (2, ["★"])
    assert "phase[rm3]" in again.text("#pinned")
    assert again.texts(".lane-name > text")[3] == "⋮"


def test_h_a_foreign_link_does_no_harm(show, early_commit):
    page = show(early_commit, "#step=99&tab=<b>&pins=nothing|phase[rm1]&marks=-3,x,2&role=77&graph=x&fold=9&group=5")
    assert page.step == 4
    assert page.texts(".mark") == ["★"]
    assert page.complaints() == []


def test_h_lanes_and_matrix_are_folded_by_keys(show, early_commit):
    page = show(early_commit)
    page.press("l", Keys.ENTER)
    assert page.texts(".lane-name > text")[:2] == ["⋮", "rm2"]
    page.press(Keys.TAB, " ")
    assert page.texts(".lane-name > text")[:3] == ["⋮", "⋮", "rm3"]
    assert page.one("[data-fold='1']").get_attribute("aria-expanded") == "false"
    assert page.all(".cell")
    page.press("k")
    assert not page.all(".cell")
    fragment = page.script("return location.hash")
    assert "plain=1" in fragment and "fold=0%2C1" in fragment
    page.press("k")
    assert page.all(".cell")


# ------------------------------------------------------------------------------------------- I: passing on


def test_i_reproduction_line_and_regression_test(show, early_commit):
    page = show(early_commit)
    page.press("x")
    wanted = "quorate check two-phase-commit managers=3 --variant commit-early --property consistent"
    assert page.text("#reproduce") == wanted
    assert "def test_twophasecommit_consistent() -> None:" in page.text("#pytest")
    page.click("[data-copy=pytest]")
    page.until(lambda: page.text("[data-copy=pytest]") in ("Copied", "Select the text and copy it"))
    assert page.script("return location.href") == page.text("#link")


def test_i_notes_stay_in_the_link_and_in_a_saved_page(show, saved, early_commit):
    page = show(early_commit, "#step=2&tab=step")
    note = "the coordinator has not heard of it <b>yet</b> “\u2028”"
    page.press("c")
    page.one("#note").send_keys("first")
    page.script(
        "const n = document.getElementById('note'); n.value = arguments[0]; n.dispatchEvent(new Event('input'))", note
    )
    assert page.all(".row[data-step='2'] .noted")
    fragment = page.script("return location.hash")
    page = show(early_commit, fragment)
    assert page.one("#note").get_attribute("value") == note
    page.one("#scroll").click()
    page.press("/", *"coordinator", Keys.ENTER)
    assert page.text("#found") == "1 step"
    page.press(Keys.ESCAPE, "x")
    page.click("#save-notes")
    copy = show(saved(".html").decode(), "#step=2&tab=step")
    assert copy.one("#note").get_attribute("value") == note
    assert copy.all(".row[data-step='2'] .noted") and copy.complaints() == []


def test_i_pictures_and_other_formats_are_saved(show, saved, early_commit):
    page = show(early_commit, "#tab=share")
    for form in ("trace.json", "itf.json", "md", "mmd"):
        page.click(f"[data-form='{form}']")
        assert saved(f".{form}").decode() == EXPORTS[form](early_commit)
    page.click("#save-svg")
    picture = saved(".svg").decode()
    assert ">obey_commit(rm2)<" in picture and ">rm3<" in picture and "var(--" in picture
    page.click("#save-png")
    content = saved(".png")
    assert content.startswith(b"\x89PNG") and len(content) > 20_000
    page.click("#save-graph")
    assert ">WORK WORK WORK<" in saved(".graph.svg").decode()
    assert page.complaints() == []


def test_b_the_raw_step(show, early_commit):
    page = show(early_commit, "#step=3&tab=step")
    page.click("#raw summary")
    assert json.loads(page.text("#raw pre")) == {"action": "commit", "arguments": [], "changed": {"decision": "COMMIT"}}
