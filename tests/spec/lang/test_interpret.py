"""The tree-walking meaning: exact values, run-time checks, and the record of how a value came about."""

import pytest
from quorate.spec.lang import ir
from quorate.spec.lang.domains import Bag, Bool, Enumeration, Int, Map, Optional, Range, Record, Seq, Set, Sort, Union
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.evaluate import Case, Part
from quorate.spec.lang.meaning.interpret import Broken, Disabled, Enabled, Interpreter

S = ir.Span("ring.py", 1, 1, 1, 1)
RM = Sort("RM", 3)
PHASE = Enumeration("Phase", ("WORKING", "PREPARED", "COMMITTED", "ABORTED"))
EPOCH = Range("Epoch", 0, 3)
TXN = Record("Txn", (("epoch", EPOCH), ("by", RM)), ordered=True)
PING = Record("Ping", (("to", RM),))
LOG = Seq("Log", EPOCH, 2)
NET = Bag("Net", Union((PING, TXN)), 2)


def lit(kind, value):
    return ir.Literal(value, type=kind, span=S)


def local(kind, name):
    return ir.Local(name, type=kind, span=S)


def number(value):
    return lit(Int(), value)


def each(name, kind, *conditions):
    return ir.Binder(name, kind, ir.Every(kind, span=S), conditions, span=S)


def equal(left, right):
    return ir.Compare("==", left, right, type=Bool(), span=S)


def specification(variables=(), actions=(), properties=(), functions=()):
    return ir.Specification(
        "Tiny", "", (), (), tuple(variables), tuple(functions), (), tuple(actions), tuple(properties), span=S
    )


def variable(name, kind, initial):
    return ir.Variable(name, kind, lit(kind, initial), span=S)


def value_of(expression, variables=()):
    """The expression's value in the initial state of a specification."""
    prop = ir.Property("p", "invariant", (ir.Return(expression, span=S),), span=S)
    interpreter = Interpreter(specification(variables, properties=[prop]))
    state = interpreter.initial()[0][1]
    part = interpreter.explain("p", state).parts[0]
    assert isinstance(part, Part)
    return part.value


LOGGED = [variable("log", LOG, (3, 1))]
READ_LOG = ir.Read("log", type=LOG, span=S)


@pytest.mark.parametrize(
    "expression, expected",
    [
        (ir.Arithmetic("//", number(-7), number(2), type=Int(), span=S), -4),
        (ir.Arithmetic("%", number(-7), number(2), type=Int(), span=S), 1),
        (ir.Compare("<", lit(Set(RM), 0b01), lit(Set(RM), 0b11), type=Bool(), span=S), True),
        (ir.Compare("<", lit(Set(RM), 0b11), lit(Set(RM), 0b11), type=Bool(), span=S), False),
        (ir.Compare(">=", lit(Set(RM), 0b10), lit(Set(RM), 0b11), type=Bool(), span=S), False),
        (ir.Compare("<", lit(TXN, (1, 2)), lit(TXN, (2, 0)), type=Bool(), span=S), True),
        (ir.SetAlgebra("-", lit(Set(RM), 0b111), lit(Set(RM), 0b010), type=Set(RM), span=S), 0b101),
        (ir.Slice(READ_LOG, None, number(9), type=LOG, span=S), (3, 1)),
        (ir.Slice(READ_LOG, number(1), None, type=LOG, span=S), (1,)),
        (ir.End(READ_LOG, "last", type=EPOCH, span=S), 1),
        (ir.Count(READ_LOG, lit(EPOCH, 3), type=Int(), span=S), 1),
        (ir.Contains(lit(RM, 1), lit(Set(RM), 0b010), type=Bool(), span=S), True),
        (ir.Size(lit(Set(RM), 0b101), type=Int(), span=S), 2),
        (ir.Convert(lit(TXN, (1, 0)), type=Union((PING, TXN)), span=S), (1, (1, 0))),
        (ir.Convert(lit(Union((PING, TXN)), (1, (1, 0))), type=TXN, span=S), (1, 0)),
        (ir.Is(lit(Optional(Union((PING, TXN))), None), PING, type=Bool(), span=S), False),
        (ir.Is(lit(Optional(Union((PING, TXN))), (0, (2,))), PING, type=Bool(), span=S), True),
        (ir.Field(lit(Union((PING, TXN)), (0, (2,))), "to", type=RM, span=S), 2),
        (ir.Replace(lit(TXN, (1, 2)), (("epoch", lit(EPOCH, 3)),), type=TXN, span=S), (3, 2)),
        (ir.Comprehension((each("r", RM),), local(RM, "r"), type=Set(RM), span=S), 0b111),
        (ir.Comprehension((each("r", RM),), lit(EPOCH, 1), type=Map(RM, EPOCH), span=S), (1, 1, 1)),
        (ir.Sum((each("r", RM),), number(2), type=Int(), span=S), 6),
        (ir.Collect((lit(EPOCH, 2), lit(EPOCH, 0)), type=Bag("B", EPOCH, 3), span=S), (0, 2)),
    ],
)
def test_an_expression_is_worth(expression, expected):
    found = value_of(expression, LOGGED)
    assert found == expected
    assert type(found) is type(expected)


def test_the_first_of_equals_is_best():
    items = lit(Seq("L", TXN, 3), ((1, 0), (2, 0), (2, 1)))
    binder = ir.Binder("t", TXN, items, span=S)
    key = ir.Field(local(TXN, "c"), "epoch", type=EPOCH, span=S)
    best = ir.Best("max", (binder,), local(TXN, "t"), "c", key, type=TXN, span=S)
    assert value_of(best) == (2, 0)


@pytest.mark.parametrize(
    "expression, message",
    [
        (ir.At(READ_LOG, number(2), type=EPOCH, span=S), "there is no item 2: the sequence has 2 items"),
        (ir.Arithmetic("%", number(1), number(0), type=Int(), span=S), "1 % 0: division by zero"),
        (ir.Arithmetic("*", number(2**40), number(2**40), type=Int(), span=S), "too large a number"),
        (ir.Convert(number(4), type=EPOCH, span=S), "4 is outside Epoch, which is 0..3"),
        (ir.Convert(lit(Optional(TXN), None), type=TXN, span=S), "this is None, not a value of Txn"),
        (ir.Convert(lit(Union((PING, TXN)), (0, (1,))), type=TXN, span=S), "Ping(to=rm2) is not a Txn"),
        (ir.Field(lit(Union((PING, TXN)), (0, (2,))), "epoch", type=EPOCH, span=S), "has no field 'epoch'"),
        (ir.Slice(READ_LOG, number(-1), None, type=LOG, span=S), "begins and ends at 0 or above, not at -1"),
        (ir.End(lit(LOG, ()), "first", type=EPOCH, span=S), "the sequence is empty: it has no first item"),
        (ir.Concat(READ_LOG, READ_LOG, type=LOG, span=S), "Log holds at most 2 items, not 4"),
    ],
)
def test_a_failing_check_says_what_and_the_values(expression, message):
    with pytest.raises(EvaluationError, match=message.replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")):
        value_of(expression, LOGGED)


def test_a_short_circuit_leaves_the_rest_untouched():
    bad = equal(ir.At(READ_LOG, number(9), type=EPOCH, span=S), lit(EPOCH, 0))
    assert value_of(ir.Logic("or", (lit(Bool(), True), bad), type=Bool(), span=S), LOGGED) is True
    assert value_of(ir.Logic("and", (lit(Bool(), False), bad), type=Bool(), span=S), LOGGED) is False


def update(op, name, kind, *arguments, keys=()):
    return ir.Update(ir.Target(name, keys, kind, span=S), op, arguments, span=S)


def after(variables, *body, params=(), arguments=()):
    action = ir.Action("go", params, tuple(body), span=S)
    interpreter = Interpreter(specification(variables, [action]))
    return interpreter.attempt("go", arguments, interpreter.initial()[0][1])


@pytest.mark.parametrize(
    "statement, expected",
    [
        (update("append", "log", LOG, lit(EPOCH, 2)), (1, 2)),
        (update("remove_first", "log", LOG), ()),
        (update("extend", "log", LOG, lit(LOG, (0,))), (1, 0)),
        (update("clear", "log", LOG), ()),
    ],
)
def test_a_sequence_is_updated(statement, expected):
    assert after([variable("log", LOG, (1,))], statement) == Enabled((expected,))


def test_a_bag_stays_sorted_and_bounded():
    ping, txn = lit(NET.item, (0, (1,))), lit(NET.item, (1, (0, 0)))
    start = [variable("net", NET, ((1, (0, 0)),))]
    assert after(start, update("add", "net", NET, ping)) == Enabled((((0, (1,)), (1, (0, 0))),))
    assert after(start, update("remove", "net", NET, txn)) == Enabled(((),))
    missing = after(start, update("remove", "net", NET, ping))
    full = after(start, update("add", "net", NET, ping), update("add", "net", NET, ping))
    assert isinstance(missing, Broken) and "Ping(to=rm2) is not in ⟅Txn(epoch=0, by=rm1)⟆" in str(missing.error)
    assert isinstance(full, Broken) and "Net holds at most 2 items, not 3" in str(full.error)


def test_an_entry_of_a_map_of_sequences_is_updated():
    logs = Map(RM, LOG)
    statement = update("append", "logs", LOG, lit(EPOCH, 2), keys=(lit(RM, 1),))
    assert after([variable("logs", logs, ((), (1,), ()))], statement) == Enabled((((), (1, 2), ()),))


def test_an_effect_shares_the_state_but_not_the_names():
    param = ir.Param("r", RM, span=S)
    effect = ir.Function("self.log_it", (param,), None, (update("add", "s", Set(RM), local(RM, "r")),), span=S)
    action = ir.Action("go", (), (ir.Do("self.log_it", (lit(RM, 2),), span=S),), span=S)
    interpreter = Interpreter(specification([variable("s", Set(RM), 0)], [action], functions=[effect]))
    assert interpreter.successors((0,)) == [(("go", ()), (0b100,))]


def test_expect_binds_or_abandons():
    kind = Optional(EPOCH)
    body = (
        ir.Expect("e", EPOCH, ir.Read("v", type=kind, span=S), span=S),
        ir.Assign(ir.Target("w", (), EPOCH, span=S), local(EPOCH, "e"), span=S),
    )
    assert after([variable("v", kind, 2), variable("w", EPOCH, 0)], *body) == Enabled((2, 2))
    stopped = after([variable("v", kind, None), variable("w", EPOCH, 0)], *body)
    assert isinstance(stopped, Disabled) and stopped.guard == body[0] and stopped.part.value is None


def test_the_first_failing_guard_is_named_with_its_parts():
    guard = ir.Logic("and", (lit(Bool(), True), equal(number(1), number(2))), type=Bool(), span=S)
    first = ir.Require(guard, span=S)
    stopped = after([], ir.Require(lit(Bool(), True), span=S), first, ir.Require(lit(Bool(), False), span=S))
    assert isinstance(stopped, Disabled) and stopped.guard is first
    assert [part.value for part in stopped.part.parts] == [True, False]


def test_drawn_arguments_are_distinct_and_in_order():
    param = ir.Param("e", EPOCH, READ_LOG, span=S)
    interpreter = Interpreter(specification([variable("log", Seq("L", EPOCH, 3), (2, 1, 2))], []))
    action = ir.Action("take", (param,), (), span=S)
    assert list(interpreter.instances(action, ((2, 1, 2),))) == [(1,), (2,)]
    undrawn = after(LOGGED, params=(param,), arguments=(2,))
    assert isinstance(undrawn, Disabled) and undrawn.guard == param


def test_every_falsifying_binding_is_recorded_smallest_first():
    phase = ir.At(ir.Read("phase", type=Map(RM, PHASE), span=S), local(RM, "r"), type=PHASE, span=S)
    all_working = ir.Quantified("all", (each("r", RM),), equal(phase, lit(PHASE, 0)), type=Bool(), span=S)
    prop = ir.Property("calm", "invariant", (ir.Return(all_working, span=S),), span=S)
    interpreter = Interpreter(specification([variable("phase", Map(RM, PHASE), (0, 1, 2))], properties=[prop]))
    assert interpreter.holds("calm", ((0, 1, 2),)) is False
    explained = interpreter.explain("calm", ((0, 1, 2),))
    (quantified,) = explained.parts
    cases = [case for case in quantified.parts if isinstance(case, Case)]
    assert [(case.binding[0][2], case.value, case.decides) for case in cases] == [
        (0, True, False),
        (1, False, True),
        (2, False, True),
    ]
    compared = cases[1].parts[0]
    assert isinstance(compared, Part) and [part.value for part in compared.parts] == [1, 0]


def test_an_error_after_the_deciding_case_does_not_hide_it():
    inverse = ir.Arithmetic("//", number(1), local(EPOCH, "e"), type=Int(), span=S)
    wrong = ir.Compare(">", inverse, number(5), type=Bool(), span=S)
    downwards = ir.Binder("e", EPOCH, lit(Seq("L", EPOCH, 2), (1, 0)), span=S)
    all_big = ir.Quantified("all", (downwards,), wrong, type=Bool(), span=S)
    assert value_of(all_big) is False


def test_a_call_before_reads_the_previous_state():
    read = ir.Function("self.top", (), EPOCH, (ir.Return(ir.Read("e", type=EPOCH, span=S), span=S),), span=S)
    calls = [ir.Call("self.top", (), before, type=EPOCH, span=S) for before in (True, False)]
    grows = ir.Compare("<=", calls[0], calls[1], type=Bool(), span=S)
    prop = ir.Property("grows", "step_invariant", (ir.Return(grows, span=S),), span=S)
    interpreter = Interpreter(specification([variable("e", EPOCH, 0)], properties=[prop], functions=[read]))
    assert interpreter.holds("grows", (2,), (1,)) is True
    assert interpreter.holds("grows", (1,), (2,)) is False
