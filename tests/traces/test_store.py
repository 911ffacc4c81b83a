"""Trace files: what is written comes back, and nothing else does."""

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quorate.spec.lang import domains
from quorate.traces import store
from quorate.traces.encoding import Foreign, decode, encode
from quorate.traces.replay import NotABehaviour, replay
from quorate.traces.store import Unreadable


def test_a_trace_comes_back_as_it_was(early_commit, relay, tmp_path):
    for number, trace in enumerate([early_commit, relay("logs_grow", "forget"), relay("none", "overflow")]):
        path = store.write(trace, tmp_path / f"{number}.json")
        stored = store.read(path)
        assert store.restore(stored, trace.specification) == trace
        assert stored.constants == dict(trace.specification.constants)


def test_the_name_is_made_from_the_content(early_commit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = store.write(early_commit), store.write(early_commit)
    assert first == second
    assert store.identity(store.read(first)) == first.stem
    assert store.write(replace(early_commit, engine="another", seed=7)) == first
    assert store.write(replace(early_commit, steps=early_commit.steps[:3])) != first
    assert len(list(first.parent.iterdir())) == 2


def test_states_are_kept_as_differences(early_commit, tmp_path):
    stored = store.to_stored(early_commit)
    assert [sorted(step.changed) for step in stored.steps] == [
        ["decision", "heard", "phase", "sent"],
        ["phase"],
        ["decision"],
        ["phase"],
    ]
    assert stored.steps[1].arguments == ["rm1"]
    assert stored.steps[1].changed["phase"] == [["rm1", "ABORTED"], ["rm2", "WORKING"], ["rm3", "WORKING"]]


def test_a_failed_write_leaves_the_old_file(early_commit, tmp_path, monkeypatch):
    path = store.write(early_commit, tmp_path / "trace.json")
    old = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(OSError, match="disk full"):
        store.write(early_commit, path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "not a trace"),
        (b"\x7fELF\x00\xff\xfe", "not a trace"),
        (b"[1, 2]", "not a trace"),
        (b'{"a": 1}', "no field 'quorate_trace'"),
        (b'{"quorate_trace": 2, "digest": "", "trace": {}}', "format 2; this program reads format 1"),
        (b'{"quorate_trace": 1, "digest": "", "trace": {}}', "not a trace"),
        (b'{"quorate_trace": 1, "trace": ' + b"[" * 200_000, "not a trace"),
        (b'{"quorate_trace": 1, "digest": 7, "trace": ' + b"[" * 900 + b"]" * 900 + b"}", "not a trace"),
    ],
)
def test_a_foreign_file_is_refused(content, message, tmp_path):
    path = tmp_path / "foreign.json"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=message):
        store.read(path)


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MAX_BYTES", 2**20)
    path = tmp_path / "large.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(Unreadable, match="larger than 1 MiB"):
        store.read(path)


def document(trace, tmp_path):
    path = store.write(trace, tmp_path / "trace.json")
    return path, json.loads(path.read_text())


def test_a_damaged_file_is_refused(early_commit, tmp_path):
    path, content = document(early_commit, tmp_path)
    content["trace"]["steps"][1]["arguments"] = ["rm2"]
    path.write_text(json.dumps(content))
    with pytest.raises(Unreadable, match="does not match its digest"):
        store.read(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Unreadable, match="not a trace"):
        store.read(path)


def test_the_layout_of_a_file_does_not_matter(early_commit, tmp_path):
    path, content = document(early_commit, tmp_path)
    path.write_text(json.dumps(content))
    assert store.restore(store.read(path), early_commit.specification) == early_commit


def forged(trace, tmp_path, change):
    """A file with a matching digest that was never written by us."""
    stored = store.to_stored(trace)
    change(stored)
    envelope = {"quorate_trace": 1, "digest": store.digest(stored), "trace": stored}
    path = tmp_path / "forged.json"
    path.write_bytes(msgspec.json.encode(envelope))
    return store.read(path)


def set_step(field, value, number=1):
    return lambda stored: setattr(stored.steps[number], field, value)


@pytest.mark.parametrize(
    "change, message",
    [
        (set_step("action", "fly"), "there is no action 'fly'"),
        (set_step("arguments", []), "takes 1 arguments, not 0"),
        (set_step("arguments", ["rm9"]), "'rm9' is not a value of RM"),
        (set_step("arguments", [1]), "1 is not a value of RM"),
        (set_step("changed", {"wings": 2}), "there is no variable 'wings'"),
        (set_step("changed", {"phase": [["rm1", "ABORTED"]]}), "is not a value of Map"),
        (set_step("changed", {"phase": [["rm1", "ABORTED"]] * 3}), "is not a value of RM"),
        (set_step("changed", {"sent": ["x"]}), "'x' is not a value of RM"),
        (set_step("changed", {"decision": {"COMMIT": 1}}), "is not a value of Decision"),
        (set_step("changed", {}, number=0), "the initial state gives no value for 'phase'"),
        (lambda stored: setattr(stored, "property", "peace"), "has no property 'peace'"),
    ],
)
def test_values_of_other_types_are_refused(change, message, early_commit, tmp_path):
    with pytest.raises(Unreadable, match=message):
        store.restore(forged(early_commit, tmp_path, change), early_commit.specification)


def drop_step(stored):
    del stored.steps[2]


def claim(name, verdict):
    def change(stored):
        stored.property, stored.verdict = name, verdict

    return change


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda stored: stored.steps[0].changed.update(sent=["rm1"]), "step 1 .* is not an initial state"),
        (drop_step, r"step 3 \(obey_commit\(rm2\)\) is not enabled"),
        (set_step("changed", {}), r"step 2 \(give_up\(rm1\)\) leads to another state: phase differ"),
        (set_step("action", "init"), "step 2"),
        (claim("consistent", "reached"), "the end does not show what the trace claims"),
        (claim("all_commit", "reached"), "the end does not show what the trace claims"),
        (claim("deadlock", "violated"), "no deadlock: a step can happen"),
    ],
)
def test_a_trace_that_does_not_happen_is_refused(change, message, early_commit, tmp_path):
    with pytest.raises((NotABehaviour, Unreadable), match=message):
        replay(store.restore(forged(early_commit, tmp_path, change), early_commit.specification))


RM = domains.Sort("RM", 3)
SCALARS = [domains.Bool(), domains.Range("R", -2, 2), domains.Enumeration("E", ("A", "B")), RM]
RECORD = domains.Record("Txn", (("e", SCALARS[1]), ("by", RM)))
OTHER = domains.Record("Ping", (("on", SCALARS[0]),))


def types():
    return st.recursive(
        st.sampled_from([*SCALARS, RECORD, domains.Union((RECORD, OTHER)), domains.Set(RM), domains.Set(RECORD)]),
        lambda inner: st.one_of(
            inner.map(lambda kind: domains.Map(RM, kind)),
            inner.map(lambda kind: domains.Seq("L", kind, 3)),
            inner.filter(lambda kind: not isinstance(kind, domains.Optional)).map(domains.Optional),
        ),
        max_leaves=4,
    )


def plain(kind):
    match kind:
        case domains.Map(key, value):
            return st.tuples(*[plain(value)] * domains.cardinality(key))
        case domains.Seq(_, item, capacity):
            return st.lists(plain(item), max_size=capacity).map(tuple)
        case domains.Optional(item):
            return st.none() | plain(item)
    return st.sampled_from(list(domains.values(kind)))


@given(st.data())
def test_every_value_comes_back_from_json(data):
    kind = data.draw(types())
    value = data.draw(plain(kind))
    text = json.dumps(encode(kind, value))
    assert decode(kind, json.loads(text)) == value


@given(st.data())
def test_any_json_is_decoded_or_refused(data):
    kind = data.draw(types())
    leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["rm1", "A", "Txn", "e"])
    anything = data.draw(
        st.recursive(
            leaves, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from("ab"), x), max_leaves=5
        )
    )
    try:
        value = decode(kind, anything)
    except Foreign:
        return
    assert decode(kind, encode(kind, value)) == value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_with_damaged_bytes_is_refused_or_says_the_same(early_commit, tmp_path, data):
    path = store.write(early_commit, tmp_path / "trace.json")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        trace = store.restore(store.read(path), early_commit.specification)
    except Unreadable:
        return
    assert trace == early_commit
