"""The sort graph: what lies in the decidable fragment, and the cycle with the formula responsible for it."""

from quorate.checker.relational.obligations import obligations
from quorate.checker.relational.prove import fragment_of
from quorate.spec.relational import (
    Formula,
    Function,
    Integer,
    Quorum,
    Relation,
    Sort,
    Theory,
    background,
    exists,
    forall,
    function,
    implies,
    invariant,
    relation,
)
from quorate.spec.relational.linter import Claim, fragment
from quorate.spec.relational.zookeeper import Election, Epochs, Zab, Znodes


class Server(Sort):
    """A server."""


class Epoch(Sort):
    """An epoch."""


class Majority(Quorum[Server]):
    """A quorum."""


class Small(Theory):
    """Two ways out of the fragment."""

    sorts = (Server, Epoch, Majority, Integer)
    joined: Relation[Server, Epoch] = relation("s joined e")
    leader: Relation[Epoch, Server] = relation("s leads e")
    following: Function[Epoch, Epoch] = background("the next epoch")
    weight: Function[Server, Integer] = function("a weight")

    @invariant
    def leads_with_quorum(self, e: Epoch, p: Server) -> Formula:
        """The quorum depends on the leader, a server: a cycle."""
        quorum = exists(Majority, lambda q: q.each(lambda s: self.joined(s, e)))
        return implies(self.leader(e, p), quorum & self.leader(e, p))

    @invariant
    def leader_with_quorum(self, e: Epoch, p: Server) -> Formula:
        """The quorum depends on the leader, a server: a cycle."""
        return exists(Majority, lambda q: q.each(lambda s: implies(self.leader(e, p), self.joined(s, e))))

    @invariant
    def next_is_joined(self, s: Server, e: Epoch) -> Formula:
        """A function from a sort to itself: a cycle."""
        return implies(self.joined(s, e), self.joined(s, self.following(e)))

    @invariant
    def everybody_joined_some(self) -> Formula:
        """For every server an epoch."""
        return forall(Server, lambda s: exists(Epoch, lambda e: self.joined(s, e)))

    @invariant
    def weights_are_equal(self, s: Server, p: Server) -> Formula:
        """Arithmetic."""
        return self.weight(s) == self.weight(p)


def claim(name: str, assumed: bool = True) -> Claim:
    return Claim(name, Small().claim(name).formula, assumed)


def quorums_meet() -> Claim:
    axiom = next(a for a in Small().axioms() if a.name == "Majority_intersection")
    return Claim(axiom.name, axiom.formula)


def test_only_the_variables_that_occur_make_an_edge() -> None:
    found = fragment(Small(), (claim("leads_with_quorum"), quorums_meet()))
    assert found.decidable
    assert "Epoch → Majority, Majority → Server" in found.explanation()


def test_a_cycle_is_printed_with_the_formulas_responsible() -> None:
    found = fragment(Small(), (claim("leader_with_quorum"), quorums_meet()))
    assert not found.decidable
    assert found.explanation() == (
        "outside the decidable fragment:\n"
        "  Majority → Server because of Majority_intersection: ∃s. in_Majority(q, s) ∧ in_Majority(r, s)\n"
        "  Server → Majority because of leader_with_quorum: "
        "∃q. ∀s. in_Majority(q, s) ∧ leader(e, p) → joined(s, e)"
    )


def test_what_is_denied_turns_its_quantifiers_round() -> None:
    assert {(e.source, e.target) for e in fragment(Small(), (claim("everybody_joined_some"),)).edges} == {
        ("Server", "Epoch")
    }
    assert not fragment(Small(), (claim("everybody_joined_some", assumed=False),)).edges


def test_a_function_is_an_edge() -> None:
    assert [e.reason for e in fragment(Small(), (claim("next_is_joined"),)).cycle] == ["function following"]


def test_arithmetic_is_outside() -> None:
    found = fragment(Small(), (claim("weights_are_equal"),))
    assert found.integers == ("weights_are_equal",)
    assert "arithmetic in weights_are_equal" in found.explanation()


def test_epochs_zab_and_election_are_decidable_and_znodes_say_why_not() -> None:
    for theory in (Epochs(), Zab(), Election()):
        outside = [o.name for o in obligations(theory) if not fragment_of(theory, o).decidable]
        assert not outside
    last = obligations(Znodes())[-1]
    assert "Path → Path because of function parent" in fragment_of(Znodes(), last).explanation()
