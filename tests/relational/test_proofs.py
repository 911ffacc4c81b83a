"""The proofs: all obligations of the bundled theories, and what happens when something is missing or wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from quorate.checker.relational import cores
from quorate.checker.relational.counterexample import Counterexample, differences
from quorate.checker.relational.graph import GraphError, dot, graph, write
from quorate.checker.relational.obligations import EVERYWHERE, Hypothesis, Obligation, obligations
from quorate.checker.relational.prove import Options, Result, Verdict, problem_of, prove
from quorate.checker.relational.report import report
from quorate.checker.relational.solver.discharge import Outcome, Settings, Status, discharge
from quorate.checker.relational.table import table
from quorate.spec.relational import forall, implies
from quorate.spec.relational.theory import Conjunct, Kind
from quorate.spec.relational.zookeeper import THEORIES, Epochs, Zab, Znodes
from quorate.spec.relational.zookeeper.zab import Txn, Value

HERE = Options(jobs=1)


def only(*names: str) -> Options:
    return Options(jobs=1, only=lambda obligation: obligation.name in names)


def single(result: Result) -> Counterexample:
    (outcome,) = result.of(Status.REFUTED)
    assert outcome.counterexample is not None
    return outcome.counterexample


@pytest.mark.parametrize(("name", "count"), [("epochs", 20), ("election", 59), ("znodes", 118)])
def test_the_small_theories_hold_without_stored_cores(name: str, count: int) -> None:
    result = prove(name, Settings(), Options(jobs=1, use_cores=False))
    assert result.verdict is Verdict.HOLDS
    assert len(result.outcomes) == count


def test_zab_holds_on_two_processes_with_stored_cores() -> None:
    result = prove("zab")
    assert result.verdict is Verdict.HOLDS
    assert len(result.outcomes) == 287
    assert not result.undecidable
    assert [o.obligation for o in result.outcomes] == [o.name for o in obligations(Zab())]


@pytest.mark.parametrize("name", THEORIES)
def test_the_stored_cores_are_of_this_text(name: str) -> None:
    """Every obligation that an action touches has a core, and its digest is that of today's text."""
    theory = THEORIES[name]
    stored = cores.load(cores.beside(theory))
    todo = {o.name: o.digest() for o in obligations(theory()) if not o.unchanged}
    assert {name: core.digest for name, core in stored.items()} == todo


def test_a_version_overflows_at_32_bits() -> None:
    """Over unbounded integers a version never decreases; over ZooKeeper's it does, at 2147483647."""
    question = only("set_data / versions_grow")
    assert prove("znodes", Settings(), question).verdict is Verdict.HOLDS
    example = single(prove("znodes", Settings(rlimit=100_000, integers="int32"), question))
    assert example.before.lookup.functions["version"] == {(0,): 2147483647}
    assert example.after.lookup.functions["version"] == {(0,): -2147483648}


def test_a_counterexample_is_a_table(golden: Callable[[str], None]) -> None:
    result = prove("zab", Settings(), only("append / logs_are_prefixes"), "append-with-gap")
    golden(table(Zab("append-with-gap"), single(result)) + "\n")


def test_a_counterexample_is_minimal() -> None:
    """No sort can be smaller, no fact can go: the smallest gap needs one server, two epochs, two transactions."""
    example = single(prove("zab", Settings(), only("append / logs_are_prefixes"), "append-with-gap"))
    assert dict(example.before.sizes) == {"Server": 1, "Epoch": 2, "Txn": 2, "Value": 1, "Majority": 1}
    assert list(differences(example)) == [("+", "log", (0, 1, 1, 0))]
    assert example.facts <= example.facts_found


def test_a_conjunct_left_out_is_noticed() -> None:
    problem = problem_of(Epochs, without=frozenset({"acknowledges_once"}))
    result = prove(problem, Settings(), HERE)
    assert [o.obligation for o in result.of(Status.REFUTED)] == [
        "establish / one_leader",
        "establish / leader_has_quorum",
    ]


def test_few_resources_end_undecided() -> None:
    settings = Settings(rlimit=1, counterexamples=False)
    result = prove("zab", settings, only("establish / no_loss", "commit / no_loss"))
    assert result.verdict is Verdict.UNDECIDED
    (outcome,) = result.of(Status.UNDECIDED)
    assert outcome.how == "Z3 gave up: the resource limit was reached"
    assert "undecided: establish / no_loss: Z3 gave up" in report(result)


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_time_ends_undecided(jobs: int) -> None:
    result = prove("epochs", Settings(), Options(jobs=jobs, seconds=0))
    assert result.verdict is Verdict.UNDECIDED
    assert {o.how for o in result.outcomes} == {"the time limit was reached"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_memory_ends_undecided(jobs: int) -> None:
    """In one process as in several; afterwards the limit is gone."""
    only_establish = Options(jobs=jobs, use_cores=False, only=lambda o: o.action == "establish")
    result = prove("epochs", Settings(memory_megabytes=1), only_establish)
    assert result.verdict is Verdict.UNDECIDED
    touched = [o for o in result.outcomes if o.how != "unchanged by the action"]
    assert touched and {o.status for o in touched} == {Status.UNDECIDED}
    assert all("memory limit" in o.how for o in touched), {o.how for o in touched}
    assert prove("epochs", Settings(), replace(only_establish, jobs=1)).verdict is Verdict.HOLDS


def test_nothing_asked_is_not_proved() -> None:
    assert prove("epochs", Settings(), only()).verdict is Verdict.UNDECIDED


def test_a_wrong_core_is_only_a_bad_guess(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    cores.store(path, "Epochs", (cores.Core("establish / one_leader", "?", ("nonsense",)),))
    monkeypatch.setattr(cores, "beside", lambda theory: path)
    result = prove("epochs", Settings(), only("establish / one_leader"))
    assert result.verdict is Verdict.HOLDS
    assert result.outcomes[0].how == "all hypotheses"


def test_cores_survive_the_file(tmp_path: Path) -> None:
    some = (cores.Core("a / b", "0", ("b", "c")), cores.Core("a / c", "1", ()))
    cores.store(tmp_path / "x", "T", some)
    assert tuple(cores.load(tmp_path / "x").values()) == some
    assert cores.load(tmp_path / "missing") == {}


@pytest.mark.parametrize("content", ["{", '{"theory":1,"cores":[]}', " " * (cores.MOST_BYTES + 1)])
def test_a_broken_core_file_says_what_to_do(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(cores.CoreError, match="delete it and prove with --store"):
        cores.load(path)


def test_the_proof_graph_shows_who_keeps_whom_true(golden: Callable[[str], None]) -> None:
    drawn = graph(Epochs(), prove("epochs", Settings(), HERE))
    assert drawn.edges["acknowledges_once", "one_leader"]["actions"] == ("establish",)
    golden(dot(drawn))


def test_the_failing_node_is_marked(tmp_path: Path) -> None:
    result = prove("epochs", Settings(), HERE, "accept-again")
    drawn = graph(Epochs(), result)
    assert drawn.nodes["acknowledges_once"]["status"] is Status.REFUTED
    write(drawn, tmp_path / "proof.svg")
    assert "#fecaca" in (tmp_path / "proof.svg").read_text()
    with pytest.raises(GraphError, match=r"\.svg or \.dot"):
        write(drawn, tmp_path / "proof.png")


def test_every_inductive_conjunct_of_zab_is_in_the_graph() -> None:
    drawn = graph(Zab(), prove("zab", Settings(), only()))
    assert {c.name for c in Zab().conjuncts()} < set(drawn.nodes)


def test_obligations_of_untouched_relations_need_no_solver() -> None:
    """`promise` changes two relations; conjuncts that mention neither are among the hypotheses word for word."""
    promise = [o for o in obligations(Zab()) if o.action == "promise"]
    touched = {o.conjunct.name for o in promise if not o.unchanged}
    assert "commits_agree" not in touched
    assert {"promises_once", "no_loss"} <= touched


def follows(goal: Conjunct, *from_these: str) -> Outcome:
    """Whether a formula follows from conjuncts in a state, without a step."""
    hypotheses = tuple(Hypothesis(name, Zab().claim(name).formula) for name in from_these)
    asked = Obligation(EVERYWHERE, goal, (), hypotheses, (), goal.formula)
    return discharge(Zab(), asked, Settings(counterexamples=False, persistent=False))


def test_what_makes_redundant_conjuncts_redundant() -> None:
    """What docs/proofs.md says of the three that the proof does without."""
    theory = Zab()
    quorum = follows(theory.claim("start_has_quorum"), "started_by_leader", "leader_has_quorum", "promising_leaves")
    assert (quorum.status, len(quorum.core)) == (Status.PROVED, 3)
    others = [c.name for c in theory.conjuncts() if c.kind is Kind.INVARIANT and c.name != "joining_leaves"]
    assert follows(theory.claim("joining_leaves"), *others).status is Status.REFUTED
    others = [c.name for c in theory.conjuncts() if c.kind is Kind.INVARIANT and c.name != "proposals_started"]
    assert follows(theory.claim("proposals_started"), *others).status is Status.REFUTED, "epoch zero might propose"
    started = forall(
        Txn, lambda z: forall(Value, lambda v: implies(theory.proposed(z, v), theory.started(theory.epoch(z))))
    )
    half = Conjunct("epochs of proposals have started", "", Kind.INVARIANT, started)
    assert follows(half, "proposals_have_quorum", "joins_started").status is Status.PROVED


def test_a_lemma_uses_only_what_it_names() -> None:
    def hypotheses(obligation: Obligation) -> set[str]:
        return {h.name for h in obligation.hypotheses}

    todo = {o.name: o for o in obligations(Zab())}
    assert hypotheses(todo["deliver / delivered_in_some_epoch"]) == {"delivered_in_some_epoch"}
    assert hypotheses(todo["every state / prefix_order"]) == {"delivered_in_some_epoch", "total_order"}
    assert "delivered_in_some_epoch" not in hypotheses(todo["deliver / no_loss"])


def test_znodes_say_that_they_are_outside_the_fragment() -> None:
    result = prove("znodes", Settings(), only("start / root_exists"))
    assert "Path → Path because of function parent" in report(result)
    assert not problem_of(Znodes).deviations
