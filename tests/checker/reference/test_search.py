"""The reference engine: exact counts, shortest real traces, every kind of property, limits, errors."""

from dataclasses import replace
from itertools import pairwise

import pytest
from quorate.checker.model import Limits, Options
from quorate.checker.reference import check
from quorate.checker.reference.search import Search
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import ir
from quorate.spec.lang.domains import Bool, Int, Map, Range, Seq, Set, Sort
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.reader import read

S = ir.Span("tiny.py", 1, 1, 1, 1)
EPOCH = Range("Epoch", 0, 3)
SERVER = Sort("Server", 3)
PLAIN = Options(symmetry=False)


def two_phase_commit(managers, *variants):
    return read(TwoPhaseCommit, {"managers": managers}, variants)


def lit(kind, value):
    return ir.Literal(value, type=kind, span=S)


def local(kind, name):
    return ir.Local(name, type=kind, span=S)


def variable_read(name, kind, before=False):
    return ir.Read(name, before, type=kind, span=S)


def compare(op, left, right):
    return ir.Compare(op, left, right, type=Bool(), span=S)


def assign(name, kind, value):
    return ir.Assign(ir.Target(name, (), kind, span=S), value, span=S)


def require(test):
    return ir.Require(test, span=S)


def action(name, *body, params=()):
    return ir.Action(name, params, body, span=S)


def prop(name, kind, test):
    return ir.Property(name, kind, (ir.Return(test, span=S),), span=S)


def variable(name, kind, initial, ghost=False):
    return ir.Variable(name, kind, lit(kind, initial), ghost, span=S)


def specification(variables, actions, properties=(), initial=(), functions=()):
    parts = (tuple(variables), tuple(functions), tuple(initial), tuple(actions), tuple(properties))
    return ir.Specification("Tiny", "", (), (), *parts, span=S)


E = variable_read("e", EPOCH)
NEXT = ir.Arithmetic("+", E, lit(Int(1, 1), 1), type=Int(), span=S)


def counter(*properties, top=3, actions=()):
    """One number that grows by one from 0 to `top`."""
    grow = action("grow", require(compare("<", E, lit(EPOCH, top))), assign("e", EPOCH, to_epoch(NEXT)))
    return specification([variable("e", EPOCH, 0)], [grow, *actions], properties)


def to_epoch(value):
    return ir.Convert(value, type=EPOCH, span=S)


def replays(spec, steps):
    """Whether a trace is one of the specification, asked of the tree-walking meaning."""
    interpreter = Interpreter(spec)
    assert steps[0] in interpreter.initial()
    for (_, before), step in pairwise(steps):
        assert step in interpreter.successors(before)


# ------------------------------------------------------------------------------------------------ counts

# TLC's numbers; orbits by an exact count of their own.
COUNTS = [(3, 288, 1146, 80), (4, 1568, None, 166), (5, 8832, 58146, 314), (6, 50816, 402306, 553)]


@pytest.mark.parametrize("managers, distinct, generated, orbits", COUNTS)
def test_two_phase_commit_has_the_known_numbers(managers, distinct, generated, orbits):
    result = check(two_phase_commit(managers), PLAIN)
    assert (result.verdict, result.reason, result.complete) == ("holds", "complete", True)
    assert (result.distinct, result.depth, result.unreduced) == (distinct, 3 * managers + 2, None)
    assert generated in (None, result.generated)
    assert sum(result.actions.values()) + 1 == result.generated
    assert sum(result.distinct_actions.values()) + 1 == result.distinct
    reduced = check(two_phase_commit(managers), Options())
    assert (reduced.distinct, reduced.depth, reduced.unreduced) == (orbits, 3 * managers + 2, distinct)
    assert reduced.symmetric_sorts == ("RM",)


@pytest.mark.slow
def test_seven_managers_have_the_known_numbers():
    result = check(two_phase_commit(7), PLAIN)
    assert (result.distinct, result.generated, result.depth) == (296_448, 2_744_706, 23)
    reduced = check(two_phase_commit(7), Options())
    assert (reduced.distinct, reduced.generated, reduced.unreduced) == (920, 8_410, 296_448)


def test_a_label_as_identity_tells_states_apart_by_how_they_were_reached():
    spec = counter(actions=[action("reset", assign("e", EPOCH, lit(EPOCH, 0)))])
    assert check(spec, PLAIN).distinct == 4
    # init 0, grow 1..3, reset 0
    assert check(spec, replace(PLAIN, identity="label")).distinct == 5


def test_identity_with_labels_renames_their_arguments():
    spec = two_phase_commit(3)
    whole = check(spec, Options(identity="label", symmetry=False))
    reduced = check(spec, Options(identity="label"))
    assert reduced.unreduced == whole.distinct
    assert reduced.depth == whole.depth
    assert reduced.distinct < whole.distinct


# ------------------------------------------------------------------------------------------------ ghosts


def with_ghost():
    """A switch, and a ghost that counts how often it was thrown, up to 3."""
    on, count = variable_read("on", Bool()), variable_read("thrown", EPOCH)
    few = compare("<", count, lit(EPOCH, 3))
    more = ir.Arithmetic("+", count, lit(Int(1, 1), 1), type=Int(), span=S)
    throw = action(
        "throw",
        assign("on", Bool(), ir.Not(on, type=Bool(), span=S)),
        ir.If(few, (assign("thrown", EPOCH, to_epoch(more)),), span=S),
    )
    return specification([variable("on", Bool(), False), variable("thrown", EPOCH, 0, ghost=True)], [throw])


def test_ghosts_are_left_out_of_the_identity():
    spec = with_ghost()
    quotient = check(spec, PLAIN)
    assert (quotient.distinct, quotient.ghosts_left_out) == (2, ("thrown",))
    whole = check(spec, replace(PLAIN, identity="ghosts"))
    assert (whole.distinct, whole.ghosts_left_out) == (5, ())


# -------------------------------------------------------------------------------------------- properties


def test_an_invariant_is_violated_by_a_shortest_real_trace():
    small = prop("small", "invariant", compare("<", E, lit(EPOCH, 2)))
    spec = counter(small)
    result = check(spec, PLAIN)
    assert (result.verdict, result.reason, result.property) == ("violated", "invariant", "small")
    assert result.steps == ((("init", ()), (0,)), (("grow", ()), (1,)), (("grow", ()), (2,)))
    replays(spec, result.steps)


@pytest.mark.parametrize("variant", ["commit-early", "abort-late"])
@pytest.mark.parametrize("symmetry", [True, False])
def test_a_seeded_bug_is_found_with_a_trace_of_concrete_elements(variant, symmetry):
    spec = two_phase_commit(3, variant)
    result = check(spec, Options(symmetry=symmetry))
    assert (result.verdict, result.property) == ("violated", "consistent")
    assert len(result.steps) == {"commit-early": 4, "abort-late": 10}[variant]
    replays(spec, result.steps)
    interpreter = Interpreter(spec)
    assert [interpreter.holds("consistent", state) for _, state in result.steps][-1] is False


def test_a_step_invariant_is_checked_on_every_generated_step():
    grows = prop("grows", "step_invariant", compare(">=", E, variable_read("e", EPOCH, before=True)))
    reset = action("reset", assign("e", EPOCH, lit(EPOCH, 0)))
    result = check(counter(grows, actions=[reset]), PLAIN)
    assert (result.reason, result.property) == ("step_invariant", "grows")
    # The state that the step leads to is not new; the step is seen all the same.
    assert [label[0] for label, _ in result.steps] == ["init", "grow", "reset"]


def test_a_witness_has_a_shortest_trace_and_an_unreachable_one_none():
    top = prop("top", "witness", compare("==", E, lit(EPOCH, 3)))
    never = prop("never", "witness", compare("<", E, lit(EPOCH, 0)))
    result = check(counter(top, never), replace(PLAIN, deadlock=False))
    assert result.verdict == "holds"
    assert len(result.witnesses["top"]) == 4
    assert result.unreached() == ("never",)


def test_a_deadlock_is_found_unless_it_is_terminal():
    stuck = check(counter(), PLAIN)
    assert (stuck.verdict, stuck.property, len(stuck.steps)) == ("violated", "deadlock", 4)
    end = prop("end", "terminal", compare("==", E, lit(EPOCH, 3)))
    assert check(counter(end), PLAIN).verdict == "holds"
    assert check(counter(), replace(PLAIN, deadlock=False)).verdict == "holds"


def test_states_outside_a_boundary_are_generated_and_checked_but_not_explored():
    low = prop("low", "boundary", compare("<", E, lit(EPOCH, 2)))
    loop = action("loop", assign("e", EPOCH, E))
    result = check(counter(low, actions=[loop]), PLAIN)
    assert (result.distinct, result.generated, result.outside, result.depth) == (2, 5, 1, 2)
    assert result.bounds["boundaries"] == "low"
    small = prop("small", "invariant", compare("<", E, lit(EPOCH, 2)))
    assert check(counter(low, small, actions=[loop]), PLAIN).property == "small"


def test_check_all_goes_on_and_groups_what_it_finds():
    below = [prop(f"below_{n}", "invariant", compare("<", E, lit(EPOCH, n))) for n in (1, 3)]
    result = check(counter(*below), replace(PLAIN, check_all=True))
    assert (result.verdict, result.complete, result.distinct) == ("violated", True, 4)
    found = [(v.property, v.kind, v.count, len(v.steps)) for v in result.violations]
    assert found == [("below_1", "invariant", 3, 2), ("below_3", "invariant", 1, 4), ("deadlock", "deadlock", 1, 4)]


def test_only_the_chosen_properties_are_checked():
    small = prop("small", "invariant", compare("<", E, lit(EPOCH, 2)))
    top = prop("top", "invariant", compare("<", E, lit(EPOCH, 4)))
    result = check(counter(small, top), replace(PLAIN, properties=("top",), deadlock=False))
    assert (result.verdict, result.properties) == ("holds", ("top",))


def test_initial_states_are_chosen_by_initial_actions():
    choose = action("choose", assign("e", EPOCH, local(EPOCH, "x")), params=(ir.Param("x", EPOCH, span=S),))
    spec = specification([variable("e", EPOCH, 0)], [], initial=[choose])
    result = check(spec, replace(PLAIN, deadlock=False))
    assert (result.distinct, result.generated, result.depth) == (4, 4, 1)


# ---------------------------------------------------------------------------------- limits, interruption


@pytest.mark.parametrize(
    "limits, reason, distinct",
    [
        (Limits(states=3), "states", 3),
        (Limits(depth=2), "depth", 2),
        (Limits(seconds=-1.0), "seconds", 1),
        (Limits(memory=1), "memory", 1),
    ],
)
def test_a_limit_leaves_the_verdict_open(limits, reason, distinct):
    result = check(counter(), replace(PLAIN, limits=limits))
    assert (result.verdict, result.reason, result.complete) == ("undecided", reason, False)
    assert result.distinct == distinct
    assert result.depth == distinct


def test_a_limit_that_is_not_exceeded_does_not_matter():
    result = check(counter(), replace(PLAIN, limits=Limits(states=4, depth=5), deadlock=False))
    assert (result.verdict, result.depth) == ("holds", 4)


def test_an_interrupt_gives_what_is_known():
    search = Search(two_phase_commit(4), PLAIN)
    steps = search._meaning.actions[0][1]
    calls = iter(range(100))

    def interrupted(state):
        if next(calls) == 50:
            raise KeyboardInterrupt
        return steps(state)

    search._meaning.actions[0] = ("prepare", interrupted)
    result = search.run()
    assert (result.verdict, result.reason) == ("undecided", "interrupted")
    assert 50 <= result.distinct < 1568


def test_progress_is_reported(monkeypatch):
    monkeypatch.setattr("quorate.checker.reference.search.PAUSE", 0)
    seen = []
    check(two_phase_commit(4), Options(symmetry=False, progress=seen.append))
    assert [p.distinct for p in seen] == sorted(p.distinct for p in seen)
    assert seen[-1].depth == 14 and seen[-1].generated > seen[0].generated


# ------------------------------------------------------------------------------------------------ errors


def test_a_failing_check_in_an_action_ends_with_the_trace_to_it():
    spec = specification([variable("e", EPOCH, 0)], [action("grow", assign("e", EPOCH, to_epoch(NEXT)))])
    result = check(spec, PLAIN)
    assert (result.verdict, result.reason, result.failed) == ("undecided", "error", ("grow", ()))
    assert result.error.message == "4 is outside Epoch, which is 0..3"
    assert [state for _, state in result.steps] == [(0,), (1,), (2,), (3,)]


def test_a_failing_check_in_a_property_names_it():
    inverse = ir.Arithmetic(
        "//", lit(Int(), 1), ir.Arithmetic("-", E, lit(Int(), 2), type=Int(), span=S), type=Int(), span=S
    )
    result = check(counter(prop("odd", "invariant", compare("<", inverse, lit(Int(), 9)))), PLAIN)
    assert (result.reason, result.failed, result.error.message) == ("error", "odd", "1 // 0: division by zero")
    assert [state for _, state in result.steps] == [(0,), (1,), (2,)]


# ---------------------------------------------------------------------------------------------- symmetry

LOG = Seq("Log", SERVER, 3)


def takes_the_first():
    """Remembers servers in the order of iteration: not symmetric, although no server is ever compared."""
    log = ir.Target("log", (), LOG, span=S)
    each = ir.Binder("s", SERVER, ir.Every(SERVER, span=S), span=S)
    fill = action(
        "fill",
        require(compare("==", ir.Size(variable_read("log", LOG), type=Int(), span=S), lit(Int(), 0))),
        ir.For(each, (ir.Update(log, "append", (local(SERVER, "s"),), span=S),), span=S),
    )
    return specification([variable("log", LOG, ())], [fill])


def test_a_specification_that_is_not_symmetric_is_caught():
    result = check(takes_the_first(), Options(deadlock=False))
    assert (result.verdict, result.reason, result.failed) == ("undecided", "asymmetry", "fill")
    assert "fill tells elements of an unordered Sort apart" in result.error.message
    assert "State: log=[]. Renaming: server" in result.error.message
    assert check(takes_the_first(), Options(deadlock=False, symmetry=False)).verdict == "holds"


def test_an_asymmetric_property_and_an_asymmetric_start_are_caught():
    favourite = variable_read("favourite", SERVER)
    pick = action("pick", assign("favourite", SERVER, local(SERVER, "s")), params=(ir.Param("s", SERVER, span=S),))
    mine = prop("mine", "invariant", compare("!=", favourite, lit(SERVER, 2)))
    start = action("start", assign("favourite", SERVER, local(SERVER, "s")), params=(ir.Param("s", SERVER, span=S),))
    fair = specification([variable("favourite", SERVER, 0)], [pick], [mine], initial=[start])
    assert check(fair, Options(check_all=True)).failed == "mine"
    unfair = specification([variable("favourite", SERVER, 0)], [pick])
    assert check(unfair, Options()).failed == "init"


def test_symmetry_agrees_with_the_whole_space_on_relations_between_elements():
    """Who points at whom: the hardest kind of state for colours, with every orbit counted exactly."""
    four = Sort("Node", 4)
    edges = Map(four, Set(four))
    params = (ir.Param("a", four, span=S), ir.Param("b", four, span=S))
    target = ir.Target("edges", (local(four, "a"),), Set(four), span=S)
    link = action("link", ir.Update(target, "add", (local(four, "b"),), span=S), params=params)
    spec = specification([variable("edges", edges, (0, 0, 0, 0))], [link])
    result = check(spec, Options())
    # Digraphs with loops on 4 nodes: 3044 up to isomorphism (OEIS A000595), 2^16 labelled.
    assert (result.distinct, result.unreduced, result.depth) == (3044, 65536, 17)
