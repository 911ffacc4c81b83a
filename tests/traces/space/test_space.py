"""The clustered state graph: exact counts, groups, the trace's way through, and what other tools read."""

import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest
from quorate.spec.lang.meaning.compile import Meaning
from quorate.traces.export.graph import MOST_NODES
from quorate.traces.space import export
from quorate.traces.space.layout import TALLEST, layered
from quorate.traces.space.views import OTHERS, explore, views


def test_the_whole_space_is_found(early_commit):
    meaning = Meaning(early_commit.specification)
    space = explore(early_commit, meaning)
    assert space.complete
    assert len(space.states) == 623
    assert len(space.edges) == sum(len({(a[0], s) for a, s in meaning.successors(state)}) for state in space.states)
    (start,) = [state for state, depth in zip(space.states, space.depths, strict=True) if depth == 1]
    assert start == early_commit.steps[0].state


def test_depths_are_those_of_a_breadth_first_search(early_commit):
    meaning = Meaning(early_commit.specification)
    depths = {state: 1 for _, state in meaning.initial()}
    frontier = list(depths)
    for state in frontier:
        for _, after in meaning.successors(state):
            if after not in depths:
                depths[after] = depths[state] + 1
                frontier.append(after)
    space = explore(early_commit, meaning)
    assert dict(zip(space.states, space.depths, strict=True)) == depths


def test_a_cut_space_says_so_and_keeps_the_trace(early_commit):
    found = views(early_commit, Meaning(early_commit.specification), 50)
    assert (found["states"], found["complete"]) == (50, False)
    assert all(len(view["path"]) == 4 for view in found["views"])


def test_no_view_is_larger_than_a_person_can_read(early_commit, relay):
    for trace in (early_commit, relay("everybody_heard")):
        found = views(trace, Meaning(trace.specification))
        for view in found["views"]:
            assert len(view["nodes"]) <= MOST_NODES
            assert sum(node[1] for node in view["nodes"]) == found["states"]
            assert len({(column, row) for _, _, column, row in view["nodes"]}) == len(view["nodes"])


def test_beyond_the_largest_number_of_groups_the_rest_is_one(early_commit, monkeypatch):
    monkeypatch.setattr("quorate.traces.space.views.MOST_NODES", 20)
    found = views(early_commit, Meaning(early_commit.specification))
    assert "state" not in {view["name"] for view in found["views"]}
    phase = found["views"][0]
    assert (phase["name"], len(phase["nodes"])) == ("phase", 20)
    assert OTHERS in {node[0] for node in phase["nodes"]}
    assert OTHERS not in {phase["nodes"][group][0] for group in phase["path"]}
    assert sum(node[1] for node in phase["nodes"]) == 623


def test_columns_are_short_and_follow_the_ranks():
    places = layered([0, *[1] * 40, 2], [(0, node) for node in range(1, 41)] + [(40, 41)])
    assert max(Counter(column for column, _ in places).values()) <= TALLEST
    assert places[0][0] == 0 and places[41][0] == max(column for column, _ in places)


def test_graphviz_reads_the_graph_and_draws_it(early_commit):
    text = export.to_dot(early_commit, "phase")
    plain = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True).stdout
    assert len([line for line in plain.splitlines() if line.startswith("node")]) == 64
    root = ElementTree.fromstring(export.to_svg(early_commit, "phase"))
    reds = [one for one in root.iter("{http://www.w3.org/2000/svg}path") if one.get("stroke") == "red"]
    assert len(reds) == 5  # three groups, and the two edges between them


def test_graphml_is_read_by_networkx(early_commit):
    import networkx

    graph = networkx.parse_graphml(export.to_graphml(early_commit, "depth"))
    path = [node for node, own in graph.nodes(data=True) if own["on_trace"]]
    assert [graph.nodes[node]["label"] for node in path] == ["depth 1", "depth 2", "depth 3", "depth 4"]


def test_an_unknown_view_is_answered_with_the_known_ones(early_commit):
    with pytest.raises(export.NoSuchView, match="not grouped by 'colour'; there is: phase, "):
        export.to_graph(early_commit, "colour")
