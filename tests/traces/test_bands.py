"""What stretches over several steps: half-done actions, partitions, servers that are down."""

import pytest
from quorate.spec.lang.reader import load, read
from quorate.traces.export.bands import Cut, Half, cuts, halves, is_down
from quorate.traces.export.diagram import diagram
from quorate.traces.page.lanes import lanes
from quorate.traces.page.texts import Texts

BEGIN, SYNC = ("write", (0,)), ("write_sync", (0,))
SEND, RECEIVE, CRASH, PROMOTE = ("send", (0, 1)), ("receive", (1, 0)), ("crash", (1,)), ("promote", (1,))
ISOLATE, HEAL = ("isolate", (2,)), ("heal", ())


@pytest.fixture
def storm(follow):
    return lambda *labels: follow("storm.py", *labels, splits=("W",))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([BEGIN, SEND, SYNC], [(0, 2, 4, "done")]),
        ([BEGIN, ("crash", (0,))], [(0, 2, 3, "given up")]),
        ([SEND, BEGIN], [(0, 3, None, "open")]),
        ([BEGIN, SYNC, ("write", (1,)), ("write_sync", (1,))], [(0, 2, 3, "done"), (1, 4, 5, "done")]),
        ([SEND], []),
    ],
)
def test_half_done_actions(storm, labels, expected):
    found = list(halves(storm(*labels)))
    assert [(one.lane, one.first, one.last, one.outcome) for one in found] == expected
    assert all(isinstance(one, Half) and "WriteSync" in one.rest for one in found)


def test_nothing_is_half_done_where_nothing_is_split(follow):
    assert list(halves(follow("storm.py", BEGIN))) == []


def test_partitions_are_groups_that_cannot_reach_each_other(storm):
    trace = storm(SEND, ISOLATE, PROMOTE, HEAL, ISOLATE)
    assert list(cuts(trace)) == [Cut(3, 4, ((0, 1), (2,))), Cut(6, 6, ((0, 1), (2,)))]
    assert list(cuts(storm(SEND))) == []


KINDS = {
    "connected: Map[S, Map[S, bool]] = state(False)": ("self.connected[a][b] = True", ((0, 1), (2,))),
    "unreachable: Map[S, Set[S]] = state()": ("self.unreachable[a].add(b)", None),
    "partition_side: Map[S, Side] = state(0)": ("self.partition_side[a] = 1", ((0,), (1, 2))),
    "isolated: Map[S, bool] = state(False)": ("self.isolated[a] = True", ((0,), (1, 2))),
    "links: Map[S, Set[S]] = state()": ("self.links[a].add(b)", ((0, 1), (2,))),
}


@pytest.mark.parametrize("declared", KINDS)
def test_partitions_are_found_by_name_and_type(declared, tmp_path):
    from quorate.spec.lang.meaning.compile import Meaning
    from quorate.traces.trace import Step, Trace

    act, groups = KINDS[declared]
    path = tmp_path / "net.py"
    path.write_text(
        '"""A net."""\nfrom quorate.spec.lang import Map, Range, Set, Sort, Spec, action, state\n\n\n'
        'class S(Sort, size=3):\n    """A server."""\n\n\nclass Side(Range, low=0, high=1):\n    """A side."""\n\n\n'
        f'class Net(Spec):\n    """A net."""\n\n    {declared}\n\n    @action\n    def go(self, a: S, b: S) -> None:\n'
        f"        {act}\n"
    )
    meaning = Meaning(read(load(str(path))))
    _, start = meaning.initial()[0]
    after = dict(meaning.successors(start))["go", (0, 1)]
    trace = Trace(meaning.specification, "net.py", (Step(("go", (0, 1)), after),), "undecided", None)
    assert [cut.groups for cut in cuts(trace)] == ([] if groups is None else [groups])


def test_a_server_that_is_down(storm):
    down = is_down(storm(CRASH).specification)
    before, after = (step.state for step in storm(CRASH).steps)
    assert [down(before, lane) for lane in range(3)] == [False] * 3
    assert [down(after, lane) for lane in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("labels", "mark"),
    [
        ([SEND, RECEIVE], ""),
        ([SEND, CRASH, RECEIVE], "dead"),
        ([SEND, PROMOTE, RECEIVE], "late"),
        ([SEND, PROMOTE, CRASH, RECEIVE], "dead"),
        ([PROMOTE, SEND, RECEIVE], ""),
    ],
)
def test_messages_to_the_dead_and_to_another_role(storm, labels, mark):
    trace = storm(*labels)
    ((*_, fate, found),) = lanes(trace, diagram(trace), Texts())["messages"]
    assert (fate, found) == ("received", mark)
