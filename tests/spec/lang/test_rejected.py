"""The negative corpus: one illegal specification per file, its first comment (or its name) says the code."""

from collections.abc import Callable
from pathlib import Path

import pytest
from quorate.spec.lang.errors import CODES, Refused
from quorate.spec.lang.reader import load, read

CORPUS = sorted((Path(__file__).parent / "rejected").glob("*.py"))
# Codes that a text alone does not bring about, but a configuration: wrong constants, splits that are on.
ELSEWHERE = {"E005", "E319", "E320"}


def refusals(path: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        read(load(str(path)))
    return caught.value


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_refused_with_its_code(path: Path) -> None:
    expected = path.stem.split("_")[0].upper()
    found = refusals(path).refusals
    assert [refusal.code for refusal in found] == [expected], "\n".join(map(str, found))
    assert found[0].span.path.endswith(path.name)
    assert found[0].message and found[0].cure


def test_the_corpus_covers_every_code() -> None:
    covered = {path.stem.split("_")[0].upper() for path in CORPUS}
    assert len(CORPUS) >= 60
    assert CODES.keys() - covered - ELSEWHERE == set()


def test_comments_agree_with_names() -> None:
    for path in CORPUS:
        text = path.read_text()
        assert not text or text.startswith(f"# {path.stem.split('_')[0].upper()}\n"), path


def test_refusals_as_printed(golden: Callable[[str], None]) -> None:
    """All messages in one text, to be read as users read them."""
    printed = []
    for path in CORPUS:
        text = str(refusals(path)).replace(str(path.parent) + "/", "").replace(str(Path.cwd()) + "/", "")
        printed.append(text.replace("tests/spec/lang/rejected/", ""))
    golden("\n\n".join(printed) + "\n")
