"""Elements of every Sort that variables are keyed by have lanes, and those that a step names take part in it."""

import re
from xml.etree import ElementTree

from quorate.checker import reference
from quorate.checker.model import Options
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Spec
from quorate.spec.zookeeper.cluster import Cluster
from quorate.spec.zookeeper.sessions import Sessions
from quorate.spec.zookeeper.watches import Watches
from quorate.traces.export.diagram import diagram
from quorate.traces.export.drawing import to_mermaid, to_timeline, to_timeline_svg
from quorate.traces.trace import Step, Trace


def counterexample(specified: type[Spec], variant: str, **constants: int) -> Trace:
    specification = read(specified, constants, (variant,))
    found = reference.check(specification, Options())
    assert found.steps is not None
    steps = tuple(Step(label, state) for label, state in found.steps)
    return Trace(specification, specified.__name__, steps, "violated", found.property)


def test_a_step_of_a_session_shows_its_server() -> None:
    found = diagram(counterexample(Sessions, "no-owner", servers=2))
    assert found.lanes == ("session1", "server1", "server2")
    shown = [(event.label, event.lane, event.others) for event in found.events]
    assert shown[0] == ("open(session1, server1)", 0, (1,))
    assert shown[2:4] == [("lose(session1)", 0, ()), ("move(session1, server2)", 0, (2,))]


def test_a_step_of_a_server_alone_is_in_its_lane() -> None:
    found = diagram(counterexample(Cluster, "sync-at-once"))
    assert found.lanes == ("client1", "server1", "server2", "server3", "system")
    placed = {event.label.partition("(")[0]: found.lanes[event.lane] for event in found.events}
    assert placed["other_write"] == "system" and placed["send_sync"] == "client1"


def test_what_nobody_does_is_in_nobodys_lane() -> None:
    found = diagram(counterexample(Watches, "watch-on-nothing"))
    placed = {event.label: found.lanes[event.lane] for event in found.events}
    assert placed["create(None, Path.A_B)"] == "system"


def test_every_drawing_tells_who_acts_from_who_takes_part() -> None:
    trace = counterexample(Sessions, "any-password", servers=2)
    assert "2       ●╌╌╌╌╌╌╌╌╌╌╌○           │       open(session1, server1)" in to_timeline(trace)
    assert "Note over L0,L1: 2. open(session1, server1)" in to_mermaid(trace)
    root = ElementTree.fromstring(to_timeline_svg(trace))
    circles = [circle.get("class") for circle in root.iter() if re.search(r"\}circle$", circle.tag)]
    assert circles == ["other", None, "other", None]
