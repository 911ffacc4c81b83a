"""What the generator writes for one construct each, as golden texts small enough to be read."""

import re
from collections.abc import Callable

import pytest
from quorate.checker.native.generate.unit import generate
from quorate.spec.lang import domains, ir

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
    "for_each_member": (ir.For(COUNTED, (update(whole("soup"), "add", SENT),), span=SPAN),),
}


@pytest.mark.parametrize("name", BODIES)
def test_action(name: str, golden: Callable[[str], None]) -> None:
    params = tuple(ir.Param(p, SERVER, span=SPAN) for p in ("i", "j"))
    variables = tuple(
        ir.Variable(v, kind, ir.Literal(INITIAL[v], type=kind, span=SPAN), span=SPAN) for v, kind in TYPES.items()
    )
    action = ir.Action("step", params, BODIES[name], span=SPAN)
    tree = ir.Specification("Golden", "", (), (), variables, (), (), (action,), (), span=SPAN)
    text = generate(tree).text
    found = re.search(r"/\* step \*/.*?\n}\n\n.*?\n}\n", text, re.S)
    assert found and text == generate(tree).text
    golden(found[0])
