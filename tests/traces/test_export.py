"""Exports: golden texts, and what other tools must be able to read."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import itf_py
import pytest
from quorate.spec.lang import domains
from quorate.spec.lang.domains import Bag, Map, Optional, Range, Record, Seq, Set, Sort, Union
from quorate.traces.export import graph
from quorate.traces.export.diagram import channels, diagram, main_type
from quorate.traces.export.drawing import to_mermaid, to_timeline, to_timeline_svg
from quorate.traces.export.itf import itf_value, to_itf
from quorate.traces.export.markdown import to_markdown


def test_itf(early_commit, golden):
    text = to_itf(early_commit)
    golden(text)
    document = json.loads(text)
    assert document["#meta"]["format"] == "ITF"
    assert all(set(state) == {"#meta", *document["vars"]} for state in document["states"])


def test_itf_values():
    rm, epoch = Sort("RM", 2), Range("Epoch", 0, 9)
    txn, ping = Record("Txn", (("epoch", epoch),)), Record("Ping", (("to", rm),))
    assert itf_value(Optional(epoch), None) == {"#set": []}
    assert itf_value(Optional(epoch), 3) == {"#set": [{"#bigint": "3"}]}
    assert itf_value(Union((txn, ping)), (1, (0,))) == {"tag": "Ping", "value": {"to": "rm1"}}
    assert itf_value(Set(rm), 0b11) == {"#set": ["rm1", "rm2"]}
    assert itf_value(Seq("L", txn, 2), ((1,),)) == [{"epoch": {"#bigint": "1"}}]
    assert itf_value(Map(rm, domains.Bool()), (True, False)) == {"#map": [["rm1", True], ["rm2", False]]}
    assert itf_value(Bag("B", epoch, 3), (1, 1, 2)) == {
        "#map": [[{"#bigint": "1"}, {"#bigint": "2"}], [{"#bigint": "2"}, {"#bigint": "1"}]]
    }


def test_itf_is_read_by_a_reader_that_is_not_ours(relay, early_commit):
    for trace in (early_commit, relay("everybody_heard")):
        read = itf_py.trace_from_json(json.loads(to_itf(trace)))
        assert len(read.states) == len(trace.steps)
        assert read.vars == [variable.name for variable in trace.specification.variables]
    assert read.states[1].values["mood"] == {"server1": "WAITING", "server2": "IDLE"}
    assert read.states[1].values["round"] == 1


def test_dot(early_commit, golden):
    text = graph.to_dot(early_commit)
    golden(text)
    laid_out = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True).stdout
    edges = [line.split()[1:3] for line in laid_out.splitlines() if line.startswith("edge")]
    assert edges == [["1", "2"], ["2", "3"], ["3", "4"]]


def test_a_loop_is_one_node(relay):
    whole = relay("everybody_heard")
    looped = replace(whole, steps=(*whole.steps[:2], whole.steps[0], whole.steps[1]))
    assert sorted(graph.to_graph(looped).edges()) == [(1, 2), (1, 2), (2, 1)]


def test_svg_is_drawn_by_graphviz(early_commit):
    assert shutil.which("dot"), "the tests need Graphviz: apt-get install graphviz"
    root = ElementTree.fromstring(graph.to_svg(early_commit))
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "2. give_up(rm1)" in texts


def test_without_graphviz_the_cure_is_named(early_commit, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(graph.NoGraphviz, match="install it, or export to dot or mermaid"):
        graph.to_svg(early_commit)


def test_a_large_graph_is_not_drawn(early_commit, monkeypatch):
    monkeypatch.setattr(graph, "MOST_NODES", 3)
    with pytest.raises(graph.TooLarge, match="4 states; a graph of more than 3"):
        graph.to_dot(early_commit)


def test_graphml(early_commit):
    root = ElementTree.fromstring(graph.to_graphml(early_commit))
    assert len(list(root.iter("{http://graphml.graphdrawing.org/xmlns}edge"))) == 3


def test_markdown(early_commit, golden):
    golden(to_markdown(early_commit))


def test_timeline(relay, golden):
    golden(to_timeline(relay("everybody_heard")) + to_timeline(relay("logs_grow", "forget")))


def test_mermaid(relay, golden):
    golden(to_mermaid(relay("logs_grow", "forget")))


def test_timeline_svg(relay):
    root = ElementTree.fromstring(to_timeline_svg(relay("logs_grow", "forget")))
    names = [one.text for one in root if one.get("class") == "name"]
    assert names == ["server1", "server2"]
    assert len([one for one in root if one.get("class") == "message"]) == 6  # three arrows: a line and a head each
    assert len([one for one in root if one.get("class") == "message flying"]) == 1


def test_lanes_and_channels_follow_from_the_types(relay, early_commit):
    specification = relay("everybody_heard").specification
    assert main_type(specification) == Sort("Server", 2)
    assert channels(specification) == {"net"}
    assert channels(early_commit.specification) == frozenset()


def test_messages_go_from_their_sender_to_their_receiver(relay):
    found = diagram(relay("logs_grow", "forget"))
    assert [(e.number, found.lanes[e.lane]) for e in found.events] == [
        (2, "server1"),
        (3, "server2"),
        (4, "server1"),
        (5, "server1"),
        (6, "server2"),
    ]
    assert [(m.text, m.sent, m.received, m.fate) for m in found.messages] == [
        ("Ask(to=server2, round=1)", 2, 3, "received"),
        ("Answer(by=server2, round=1)", 3, 4, "received"),
        ("Ask(to=server2, round=2)", 5, 6, "received"),
        ("Answer(by=server2, round=2)", 6, None, "in flight"),
    ]


def test_channels_keyed_by_sender_and_receiver(follow, golden):
    send, fetch, flood = ("send", (0, 1, False)), ("fetch", (1, 0)), ("flood", (0, 1))
    trace = follow("post.py", send, fetch, send, ("send", (0, 1, True)), flood, ("send", (1, 0, True)))
    found = diagram(trace)
    assert [(m.text, m.sent, m.sender, m.received, m.receiver, m.fate) for m in found.messages] == [
        ("Letter(urgent=False)", 2, 0, 3, 1, "received"),
        ("Letter(urgent=False)", 4, 0, 6, 1, "lost"),
        ("Letter(urgent=True)", 5, 0, 6, 1, "lost"),
        ("Letter(urgent=True)", 7, 1, None, None, "in flight"),
    ]
    golden(to_timeline(trace) + to_mermaid(trace))


def test_a_board_is_read_again_and_again(follow):
    look = [("look", (town, (0,))) for town in (1, 0, 1)]
    found = diagram(follow("post.py", ("pin", (0,)), *look))
    arrows = [(m.text, m.sent, m.sender, m.received, m.receiver, m.fate) for m in found.messages]
    assert arrows == [
        ("Notice(by=town1)", 2, 0, received, lane, "received") for received, lane in ((3, 1), (4, 0), (5, 1))
    ]


def test_a_message_that_a_step_only_removes_is_lost(follow):
    ask = (1, (1, 1))
    labels = [("ask", (0, 1)), ("lose", (ask,))]
    (message,) = diagram(follow("relay.py", *labels)).messages
    assert (message.fate, message.received) == ("lost", 3)
