"""The page in a real browser: what it shows of a trace, and that it asks nobody for anything."""

from quorate.traces.page.document import LARGEST, to_html


def test_it_shows_the_end_and_why(show, early_commit):
    page = show(early_commit)
    assert page.text("#title") == "counterexample to consistent, 4 states"
    assert page.text("#verdict") == "✗ violated"
    assert page.step == 4
    assert "with a = rm2, b = rm1" in page.text("#panel")


def test_no_request_leaves_the_page(show, forgotten):
    page = show(forgotten)
    page.press("a", "w", "t", "x", "?")
    assert page.requests() == [page.address]
    assert page.complaints() == []


def test_it_is_small(early_commit):
    assert len(to_html(early_commit).encode()) < LARGEST / 4
