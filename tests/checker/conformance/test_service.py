"""The data service does what `znodes`, `sessions` and `watches` say: every step of small spaces, and random walks."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from quorate.checker.commands.arguments import find_class
from quorate.checker.commands.root import run
from quorate.checker.conformance import Conformance, SessionService, WatchService, every_step, random_walks
from quorate.checker.conformance.command import SERVICES
from quorate.checker.conformance.search import Implementation
from quorate.checker.result import State
from quorate.spec.lang import ir
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared

LARGE: dict[str, dict[str, int]] = {
    "znodes": {"zxids": declared(find_class("znodes"))[0]["zxids"].high, "sessions": 2},
    "sessions": {"sessions": 3, "servers": 3, "requests": 6, "tick": 3, "timeout": 7},
    "watches": {"clients": 2, "changes": 8, "requests": 3, "reconnects": 3},
}


def tree(name: str, *variants: str, **constants: int) -> ir.Specification:
    return read(find_class(name), constants, variants)


def starting(name: str, specification: ir.Specification) -> Callable[[], Implementation]:
    return lambda: SERVICES[f"impl:{name}"](specification)


def compared(name: str, specification: ir.Specification) -> Conformance:
    return every_step(specification, starting(name, specification))


@pytest.mark.parametrize(
    ("name", "constants", "states", "steps"),
    [
        ("znodes", {"zxids": 3, "sessions": 2}, 1_417, 7_766),
        ("sessions", {}, 1_594, 10_074),
        ("watches", {"changes": 1}, 2_634, 6_428),
    ],
)
def test_every_step_of_a_small_space_is_the_services(
    name: str, constants: dict[str, int], states: int, steps: int
) -> None:
    found = compared(name, tree(name, **constants))
    assert found.divergence is None and found.complete
    assert (found.states, found.steps) == (states, steps)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "constants", "states"),
    [
        ("znodes", {"zxids": 4, "sessions": 2}, 15_042),
        ("sessions", {"sessions": 2, "servers": 2, "requests": 1}, 31_796),
        ("watches", {}, 15_012),
        ("watches", {"changes": 1, "requests": 2}, 16_110),
    ],
)
def test_every_step_of_a_larger_space_is_the_services(name: str, constants: dict[str, int], states: int) -> None:
    found = compared(name, tree(name, **constants))
    assert found.divergence is None and found.complete
    assert found.states == states


@pytest.mark.parametrize(("name", "steps"), [("znodes", 4_800), ("sessions", 2_906), ("watches", 4_800)])
def test_long_walks_are_the_services(name: str, steps: int) -> None:
    specification = tree(name, **LARGE[name])
    found = random_walks(specification, starting(name, specification), walks=60, depth=80, seed=1)
    assert found.divergence is None, f"seed 1: {found.divergence}"
    assert found.steps == steps


# The service is right, so a specification with a planted bug must part from it, but for what the maps leave to the
# specification: in which order the leader hears of things.
LEFT = {"move-overtakes"}
VARIANTS = [(name, one) for name in LARGE for one in declared(find_class(name))[1] if one not in LEFT]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_wrong_specification_is_noticed(name: str, variant: str) -> None:
    constants = {"zxids": 4, "sessions": 2} if name == "znodes" else {}
    found = compared(name, tree(name, variant, **constants))
    assert found.divergence is not None
    assert found.divergence.difference
    assert found.divergence.steps[0][0][0] == "init"


def machine(name: str, *variants: str) -> type[RuleBasedStateMachine]:
    """Hypothesis chooses among the steps that can be taken, and shrinks what it chose where the two part."""
    specification = tree(name, *variants, **LARGE[name])
    meaning = Meaning(specification)

    class Both(RuleBasedStateMachine):
        state: State

        @initialize(data=st.data())
        def begin(self, data: st.DataObject) -> None:
            _, self.state = data.draw(st.sampled_from(meaning.initial()))
            self.service = SERVICES[f"impl:{name}"](specification)
            assert self.service.difference(self.state) is None

        def choices(self) -> list[tuple[tuple[str, tuple[object, ...]], State]]:
            return [step for step in meaning.successors(self.state) if not self.service.outside(step[1])]

        @precondition(lambda self: bool(self.choices()))
        @rule(data=st.data())
        def step(self, data: st.DataObject) -> None:
            label, after = data.draw(st.sampled_from(self.choices()))
            self.service.take(label, self.state)
            self.state = after
            assert self.service.difference(after) is None

        @precondition(lambda self: not self.choices())
        @rule()
        def rest(self) -> None:
            """Nothing can happen any more."""

    return Both


QUICK = settings(max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", LARGE)
def test_steps_that_hypothesis_chooses(name: str) -> None:
    run_state_machine_as_test(machine(name), settings=QUICK)


def test_hypothesis_notices_a_wrong_specification() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine("watches", "stays-armed"), settings=settings(QUICK, phases=[Phase.generate]))


# ------------------------------------------------------------------------------------------------- the command


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "impl:sessions"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "impl:sessions sessions=1 servers=3 requests=2 tick=2 timeout=3: "
        "holds for the whole space of this configuration\n"
        "  1,594 distinct states, 10,074 generated, depth 16\n"
        "  checked: conformance\n"
    )


def test_a_divergence_is_a_trace(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    formats = ("junit", "sarif", "text")
    asked = [word for one in formats for word in ("--output-format", one)]
    words = ["check", "impl:watches", "--variant", "stays-armed", *asked, "--output", "a.xml", "--output", "a.sarif"]
    assert run(words) == 1
    out = capsys.readouterr().out
    assert "impl:watches clients=1 changes=2 requests=1 reconnects=1 with stays-armed: violated: conformance\n" in out
    told = "in the service, after the last step: client 1 has the watches none, in the specification getData, exists"
    assert told in out
    assert "       conforms                True → False\n" in out
    assert json.loads((tmp_path / "a.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "Watches.conformance"
    assert 'failures="1"' in (tmp_path / "a.xml").read_text()
    assert run(["trace", "show", "last"]) == 0
    assert "3. delete(None, Path.A)\n" in capsys.readouterr().out
    assert run(["trace", "why", "last"]) == 0
    assert told in capsys.readouterr().out
    assert run(["trace", "shrink", "last"]) == 0
    assert "every step is needed" in capsys.readouterr().out
    assert run(["trace", "eval", "last", "zxid"]) == 0
    assert capsys.readouterr().out.endswith("  3. delete(None, Path.A)\n       1\n")


def test_a_trace_is_replayed_on_a_service(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that does right by now is told from the one that the trace was recorded with."""
    monkeypatch.chdir(tmp_path)
    assert run(["check", "impl:watches", "--variant", "stays-armed", "-q"]) == 1
    monkeypatch.setattr(WatchService, "difference", lambda self, state: None)
    assert run(["trace", "show", "last"]) == 2
    assert "step 3 (delete(None, Path.A)) leads to another state: conforms differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--max-states", "100"], "the limit of 100 states was reached"),
        (["--max-depth", "3"], "the limit of depth 3 was reached"),
        (["--timeout", "0.01"], "the time of 0.01 s was up"),
        (["--memory", "1M"], "the memory of 1.0 MiB was used up"),
    ],
)
def test_limits(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "impl:znodes", "zxids=4", *words]) == 4
    assert f"no violation found, incomplete: {said}\n" in capsys.readouterr().out


def test_an_interrupted_comparison_says_how_far_it_came(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def interrupt(self: SessionService, state: State) -> str | None:
        seen.append(state)
        if len(seen) == 50:
            raise KeyboardInterrupt
        return None

    monkeypatch.setattr(SessionService, "difference", interrupt)
    assert run(["check", "impl:sessions"]) == 130
    assert "incomplete: it was interrupted\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["impl:znode"], "the implementation has no 'impl:znode'; did you mean 'impl:znodes'?"),
        (["impl:watches", "--check-all"], "--check-all is for searches, and impl:watches is a comparison"),
        (["impl:watches", "--property", "conform"], "has no property 'conform'; did you mean 'conformance'?"),
        (["impl:watches", "change=1"], "did you mean 'changes'?"),
    ],
)
def test_mistakes(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", *words]) == 2
    assert said in capsys.readouterr().err
