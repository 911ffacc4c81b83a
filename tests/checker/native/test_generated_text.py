"""What the generator writes for one construct each, as golden texts small enough to be read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from quorate.checker.native.generate.unit import generate
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import domains, ir
from quorate.spec.lang.meaning.dead import dead_values
from quorate.spec.lang.reader import read as parsed

SPAN = ir.Span("golden", 1, 1, 1, 2)
BOOL, INT = domains.Bool(), domains.Int(-100, 100)
SERVER = domains.Sort("Server", 3)
ZXID = domains.Record(
    "Zxid", (("epoch", domains.Range("Epoch", 0, 3)), ("counter", domains.Range("Counter", 1, 4))), True
)
PING, ACK = domains.Record("Ping", ()), domains.Record("Ack", (("zxid", ZXID),))
MESSAGE = domains.Union((PING, ACK))
CHANNEL = domains.Seq("Channel", MESSAGE, 3)
TYPES: dict[str, domains.Type] = {
    "leader": domains.Optional(SERVER),
    "learners": domains.Set(SERVER),
    "channels": domains.Map(SERVER, domains.Map(SERVER, CHANNEL)),
    "history": domains.Seq("History", ZXID, 20),
    "soup": domains.Bag("Soup", MESSAGE, 3),
    "last": ZXID,
}
INITIAL = {"leader": None, "learners": 0, "history": (), "soup": (), "last": (0, 1), "channels": (((),) * 3,) * 3}


def read(name: str) -> ir.Read:
    return ir.Read(name, type=TYPES[name], span=SPAN)


def local(name: str, kind: domains.Type) -> ir.Local:
    return ir.Local(name, type=kind, span=SPAN)


def number(value: int) -> ir.Literal:
    return ir.Literal(value, type=domains.Int(value, value), span=SPAN)


def binder(name: str, domain: ir.Expr, kind: domains.Type) -> ir.Binder:
    return ir.Binder(name, kind, domain, span=SPAN)


ONE, OTHER = local("i", SERVER), local("j", SERVER)
ROW = ir.At(read("channels"), ONE, type=domains.Map(SERVER, CHANNEL), span=SPAN)
HERE = ir.At(ROW, OTHER, type=CHANNEL, span=SPAN)
HEAD = ir.End(HERE, "first", type=MESSAGE, span=SPAN)
SENT = ir.Convert(ir.Make((read("last"),), type=ACK, span=SPAN), type=MESSAGE, span=SPAN)
TO = ir.Target("channels", (ONE, OTHER), CHANNEL, span=SPAN)
COUNTED = ir.Binder("k", SERVER, read("learners"), span=SPAN)


def update(target: ir.Target, op: str, *given: ir.Expr) -> ir.Update:
    return ir.Update(target, op, given, span=SPAN)  # type: ignore[arg-type]


def whole(name: str) -> ir.Target:
    return ir.Target(name, (), TYPES[name], span=SPAN)


INTEGER: dict[str, Any] = {"type": INT, "span": SPAN}
TRUTH: dict[str, Any] = {"type": BOOL, "span": SPAN}
NEAR = ir.Compare("==", local("k", SERVER), ONE, **TRUTH)  # known with the outer of two binders,
FAR = ir.Compare("==", local("s", SERVER), OTHER, **TRUTH)  # with the inner one,
BOTH = ir.Compare("!=", local("k", SERVER), local("s", SERVER), **TRUTH)
EVERYBODY = ir.Binder("s", SERVER, ir.Every(type=SERVER, span=SPAN), span=SPAN)


def at(name: str) -> dict[str, Any]:
    return {"type": TYPES[name], "span": SPAN}


BODIES: dict[str, tuple[ir.Stmt, ...]] = {
    "guard": (ir.Require(ir.Contains(ONE, read("learners"), type=BOOL, span=SPAN), span=SPAN),),
    "set_add": (update(whole("learners"), "add", ONE),),
    "assign_optional": (ir.Assign(whole("leader"), ir.Convert(OTHER, type=TYPES["leader"], span=SPAN), span=SPAN),),
    "send": (update(TO, "append", SENT),),
    "receive": (ir.Expect("ack", ACK, HEAD, span=SPAN), update(TO, "remove_first")),
    "bag_add": (update(whole("soup"), "add", SENT),),
    "bag_remove": (update(whole("soup"), "remove", SENT),),
    "record_field": (
        ir.Assign(
            whole("last"),
            ir.Replace(
                read("last"),
                (("epoch", ir.Convert(number(2), type=domains.Range("Epoch", 0, 3), span=SPAN)),),
                type=ZXID,
                span=SPAN,
            ),
            span=SPAN,
        ),
    ),
    "large_slice": (
        ir.Assign(
            whole("history"), ir.Slice(read("history"), None, number(2), type=TYPES["history"], span=SPAN), span=SPAN
        ),
    ),
    "quantifier": (
        ir.Require(
            ir.Quantified(
                "all", (COUNTED,), ir.Compare("!=", local("k", SERVER), ONE, type=BOOL, span=SPAN), type=BOOL, span=SPAN
            ),
            span=SPAN,
        ),
    ),
    "copy_in_one_branch": (
        ir.If(
            ir.Compare("==", ONE, OTHER, type=BOOL, span=SPAN),
            (update(whole("learners"), "clear"),),
            (ir.Require(ir.Is(HEAD, PING, type=BOOL, span=SPAN), span=SPAN),),
            span=SPAN,
        ),
    ),
    "short_slice": (ir.Assign(TO, ir.Slice(HERE, number(1), number(2), type=CHANNEL, span=SPAN), span=SPAN),),
    "short_concat": (ir.Assign(TO, ir.Concat(HERE, HERE, type=CHANNEL, span=SPAN), span=SPAN),),
    "conditions_early": (
        ir.Require(
            ir.Quantified("any", (COUNTED, EVERYBODY), ir.Logic("and", (FAR, NEAR, BOTH), **TRUTH), **TRUTH), span=SPAN
        ),
    ),
    "conditions_early_for_all": (
        ir.Require(
            ir.Quantified("all", (COUNTED, EVERYBODY), ir.Logic("or", (FAR, NEAR), **TRUTH), **TRUTH), span=SPAN
        ),
    ),
    "conditions_stay_where_one_may_stop": (
        ir.Require(
            ir.Quantified(
                "any",
                (COUNTED, EVERYBODY),
                ir.Logic("and", (ir.Is(HEAD, PING, **TRUTH), NEAR, FAR), **TRUTH),
                **TRUTH,
            ),
            span=SPAN,
        ),
    ),
    "concat": (ir.Assign(whole("history"), ir.Concat(read("history"), read("history"), **at("history")), span=SPAN),),
    "item_of_a_sequence": (
        ir.Assign(ir.Target("history", (number(1),), ZXID, span=SPAN), read("last"), span=SPAN),
        update(whole("history"), "append", ir.At(read("history"), number(0), type=ZXID, span=SPAN)),
    ),
    "set_comprehension": (
        ir.Assign(
            whole("learners"),
            ir.Comprehension((COUNTED,), local("k", SERVER), **at("learners")),
            span=SPAN,
        ),
        update(whole("learners"), "update", ir.SetAlgebra("-", read("learners"), read("learners"), **at("learners"))),
    ),
    "map_comprehension": (
        ir.Assign(
            whole("channels"),
            ir.Comprehension((EVERYBODY,), ir.At(read("channels"), ONE, type=ROW.type, span=SPAN), **at("channels")),
            span=SPAN,
        ),
    ),
    "best": (
        ir.Assign(
            whole("last"),
            ir.Best("max", (binder("z", read("history"), ZXID),), local("z", ZXID), default=read("last"), **at("last")),
            span=SPAN,
        ),
    ),
    "sum_and_count": (
        ir.Require(
            ir.Compare(
                "<",
                ir.Sum((COUNTED,), ir.Count(read("soup"), SENT, type=INT, span=SPAN), type=INT, span=SPAN),
                ir.Size(read("history"), type=INT, span=SPAN),
                type=BOOL,
                span=SPAN,
            ),
            span=SPAN,
        ),
    ),
    "early_return": (
        ir.If(ir.Compare("==", ONE, OTHER, type=BOOL, span=SPAN), (ir.Return(span=SPAN),), (), span=SPAN),
        ir.Let(
            "n", INT, ir.Arithmetic("//", number(7), ir.Negate(number(2), type=INT, span=SPAN), **INTEGER), span=SPAN
        ),
        ir.Require(ir.Compare(">", local("n", INT), number(-9), type=BOOL, span=SPAN), span=SPAN),
    ),
    "for_each_member": (ir.For(COUNTED, (update(whole("soup"), "add", SENT),), span=SPAN),),
}


def specification(params: tuple[ir.Param, ...], body: tuple[ir.Stmt, ...], *more: ir.Function) -> ir.Specification:
    variables = tuple(
        ir.Variable(v, kind, ir.Literal(INITIAL[v], type=kind, span=SPAN), span=SPAN) for v, kind in TYPES.items()
    )
    action = ir.Action("step", params, body, span=SPAN)
    return ir.Specification("Golden", "", (), (), variables, more, (), (action,), (), span=SPAN)


def test_a_drawn_parameter(golden: Callable[[str], None]) -> None:
    drawn = (ir.Param("message", MESSAGE, read("soup"), span=SPAN),)
    text = generate(specification(drawn, (update(whole("soup"), "remove", local("message", MESSAGE)),))).text
    found = re.search(r"OWN void expand.*?\n}\n", text, re.S)
    assert found
    golden(found[0])


def test_a_helper_and_an_effect(golden: Callable[[str], None]) -> None:
    given = (ir.Param("i", SERVER, span=SPAN),)
    known = ir.Contains(ONE, read("learners"), type=BOOL, span=SPAN)
    pure = ir.Function("knows", given, BOOL, (ir.Return(known, span=SPAN),), span=SPAN)
    forget = ir.Function("forget", given, None, (update(whole("learners"), "discard", ONE),), span=SPAN)
    body = (
        ir.Require(ir.Call("knows", (ONE,), type=BOOL, span=SPAN), span=SPAN),
        ir.Do("forget", (ONE,), span=SPAN),
    )
    text = generate(specification(given, body, pure, forget)).text
    golden(
        text[text.index("OWN") : text.index("OWN int start")]
        + text[text.index("/* step */") :].split("\n\nOWN u64 violated")[0]
        + "\n"
    )


def test_dead_values_are_cleared(golden: Callable[[str], None]) -> None:
    """Of two-phase commit: two sets, depending on one optional value."""
    tree = parsed(TwoPhaseCommit, {}, [])
    text = generate(tree, dead=dead_values(tree).dead).text
    found = re.search(r"OWN void mask.*?\n}\n", text, re.S)
    take = re.search(r"OWN void take.*?\n}\n", text, re.S)
    assert found and take
    golden(found[0] + "\n" + take[0])


@pytest.mark.parametrize("name", BODIES)
def test_action(name: str, golden: Callable[[str], None]) -> None:
    params = tuple(ir.Param(p, SERVER, span=SPAN) for p in ("i", "j"))
    tree = specification(params, BODIES[name])
    text = generate(tree).text
    found = re.search(r"/\* step \*/.*?\n}\n\n.*?\n}\n", text, re.S)
    assert found and text == generate(tree).text
    golden(found[0])
