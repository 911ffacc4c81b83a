"""Which engine answers by default: the reference engine where the space is small, else the native one, after a look."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import engines
from quorate.checker.model import Options
from quorate.checker.native import compiler
from quorate.checker.native.engine import Native
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read


@pytest.fixture(autouse=True)
def _nothing_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("QUORATE_CACHE", str(tmp_path))
    compiler._cache.cache_clear()
    yield
    monkeypatch.undo()
    compiler._cache.cache_clear()


@pytest.mark.parametrize("managers, engine, distinct", [(3, "reference", 288), (7, "native", 296_448)])
def test_the_engine_that_ends_soonest_answers(managers: int, engine: str, distinct: int) -> None:
    found = engines.check(read(TwoPhaseCommit, {"managers": managers}, []), Options(symmetry=False))
    assert (found.engine, found.verdict, found.distinct) == (engine, "holds", distinct)


def test_a_symmetry_is_tested_before_the_native_engine_relies_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """However soon the model is compiled: here before the reference engine has begun."""

    def at_once(work: Callable[[], Any]) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(work())
        return done

    monkeypatch.setattr(engines, "beside", at_once)
    monkeypatch.setattr("quorate.checker.reference.search.PAUSE", 0)
    seen: list[int] = []
    before: list[list[int]] = []

    def native(*given: Any) -> Native:
        before.append(list(seen))
        return Native(*given)

    monkeypatch.setattr(engines, "Native", native)
    options = Options(progress=lambda progress: seen.append(progress.distinct))
    found = engines.check(read(TwoPhaseCommit, {"managers": 6}, []), options)
    assert (found.engine, found.verdict) == ("native", "holds")
    assert len(before[0]) > 3 and max(before[0]) < engines.SELF_TESTED
