"""What fast leader election does not promise: a round may have two winners. Found, not claimed."""

from itertools import count
from random import Random

from quorate.spec.relational.terms import And, Atom, Equal, Not, Quantified, Variable
from quorate.spec.relational.walks import Instance
from quorate.spec.relational.zookeeper import Election

EACH_ITS_OWN = (((0,), 0), ((1,), 1), ((2,), 2))


def test_a_round_may_have_two_winners() -> None:
    """Server 0 catches up with 1's vote, which decides 1; then it hears of 2, adopts that, and decides 2."""
    s, t = Variable("s", "Server"), Variable("t", "Server")
    r, c, d = Variable("r", "Round"), Variable("c", "Credential"), Variable("d", "Credential")
    different = And((Atom("decided", (s, r, c)), Atom("decided", (t, r, d)), Not(Equal(c, d))))
    instance = Instance(Election(), Server=3, Round=1, Credential=3)
    starts = (instance.start(Random(seed)) for seed in count())
    start = next(start for start in starts if dict(start.functions)["server"] == EACH_ITS_OWN)
    steps, _, _ = instance.search(Quantified(False, (s, t, r, c, d), different), start, 50_000)
    assert steps is not None
    assert [step.action for step in steps] == ["enter", "enter", "catch_up", "adopt", "decide", "decide"]
