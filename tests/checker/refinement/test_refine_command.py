"""`quorate refine SPEC split=… --of split=…`: what splitting adds at rest."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from quorate.checker.commands.mistakes import Mistake
from quorate.checker.refinement.command import refine

SMALL = ("zookeeper", "servers=2", "transactions=1", "crashes=1", "epochs=2")


def run(*words: str, code: int) -> str:
    result = CliRunner().invoke(refine, words, standalone_mode=False)
    assert result.exception is None, result.exception
    assert result.return_value == code, result.output
    return result.output


def test_a_split_of_uptodate_makes_no_difference_without_faults() -> None:
    out = run("zookeeper", "servers=2", "crashes=0", "split=UP", code=0)
    assert out == (
        "zookeeper: split=UP of split=none: at rest it shows only what the coarser one shows\n"
        "  57 states, 49 at rest; the coarser one: 49 at rest\n"
    )


def test_a_crash_between_log_and_epoch_is_a_difference(tmp_path: Path) -> None:
    file = tmp_path / "difference.json"
    out = run(*SMALL, "split=NL", "--trace", str(file), code=1)
    assert "split=NL of split=none: it comes to rest where the coarser one never does" in out
    assert "crash(server" in out and file.exists()


def test_finer_is_compared_with_fine_and_a_limit_is_said() -> None:
    assert "split=NL,UP of split=NL" in run(*SMALL, "split=NL,UP", "--of", "split=NL", code=0)
    assert "undecided: the limit of states was reached" in run(*SMALL, "split=all", "--max-states", "20", code=4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name what is split once: split=NL,SY or split=all"),
        (("split=",), "'split=' is not of the form split=NL,SY, split=all or split=none"),
        (("split=NL", "--of", "NL"), "'NL' is not of the form"),
        (("split=NL", "--of", "split=NL"), "split=NL splits nothing that split=NL does not"),
    ],
)
def test_a_mistake_is_answered(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(refine, ["zookeeper", *words], standalone_mode=False)
    assert isinstance(result.exception, Mistake) and said in str(result.exception)
