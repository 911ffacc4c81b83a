"""The page of a proof: every counterexample as a table, the graph as a picture, and nothing in it that could run."""

import base64
import re
from html.parser import HTMLParser

import pytest
from quorate.checker.relational import page
from quorate.checker.relational.graph import GraphError
from quorate.checker.relational.prove import Options, Result, problem_of, prove
from quorate.checker.relational.solver.discharge import Settings
from quorate.spec.relational import Formula, Relation, Sort, Theory, invariant, relation
from quorate.spec.relational.zookeeper import Epochs, Zab

HERE = Options(jobs=1)


class Reader(HTMLParser):
    """The tags of a page, and its text by tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.tags[-1][0] if self.tags else "", data))


def broken() -> tuple[Zab, Result]:
    only = Options(jobs=1, only=lambda obligation: obligation.name == "append / logs_are_prefixes")
    return Zab("append-with-gap"), prove("zab", Settings(), only, "append-with-gap")


def test_a_counterexample_is_a_table_with_what_the_step_changes() -> None:
    found = Reader(page.to_html(*broken(), "quorate prove zab --any-size"))
    texts = [text for _, text in found.texts]
    assert "violated: 1 obligation refuted; the proof breaks there" in texts[0]
    assert [text for tag, text in found.texts if tag == "th"][:4] == ["server", "epoch", "before", "step"]
    assert ("span", "+ log(t1, v0)") in found.texts
    assert [attributes["class"] for tag, attributes in found.tags if tag == "span"] == ["added"]
    assert any(text.startswith("A counterexample to induction") for text in texts)
    rows = [attributes.get("class") for tag, attributes in found.tags if tag == "tr"]
    assert rows.count("refuted") == 1


def test_the_picture_marks_the_failing_node() -> None:
    text = page.to_html(*broken(), "")
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
    assert picture is not None
    drawn = base64.b64decode(picture[1]).decode()
    assert drawn.count("#fecaca") == 1
    assert "logs_are_prefixes" in drawn[drawn.index("#fecaca") - 400 : drawn.index("#fecaca") + 400]


def test_a_proof_that_holds_names_who_keeps_whom_true() -> None:
    text = page.to_html(Epochs(), prove("epochs", Settings(), HERE), "")
    assert "acknowledges_once (establish)" in text
    assert "refuted" not in [attributes.get("class") for _, attributes in Reader(text).tags]


def test_without_graphviz_the_table_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> bytes:
        raise GraphError("Graphviz (`dot`) is not installed")

    monkeypatch.setattr(page, "svg", missing)
    text = page.to_html(Epochs(), prove("epochs", Settings(), HERE), "")
    assert "<img" not in text and "No picture: Graphviz" in text and "acknowledges_once (establish)" in text


class Node(Sort):
    """A node."""


class Hostile(Theory):
    """Texts that would be markup."""

    sorts = (Node,)
    rows = (Node,)
    at: Relation[Node] = relation("n is there")

    @invariant
    def there(self, n: Node) -> Formula:
        """</td></tr></table><script>alert(1)</script><img src=x onerror=alert(2)> & "quoted"."""
        return self.at(n)


def test_no_text_becomes_markup() -> None:
    """The policy allows no script; and no text of a theory, nor of the command, ends up as a tag."""
    result = prove(problem_of(Hostile), Settings(), HERE)
    text = page.to_html(Hostile(), result, "quorate <script>alert(3)</script>")
    tags = [tag for tag, _ in Reader(text).tags]
    assert "script" not in tags and tags.count("img") == 1
    assert not any(name.startswith("on") for _, attributes in Reader(text).tags for name in attributes)
    policy = next(a["content"] for tag, a in Reader(text).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and "default-src 'none'" in policy and "script-src" not in policy
    shown = " ".join(text for _, text in Reader(text).texts)
    assert "<script>alert(1)</script>" in shown and "<script>alert(3)</script>" in shown
