"""Traces in Apalache's Informal Trace Format, which Quint and the ITF viewer read too.

Whole numbers are `#bigint`, records objects, unions Quint's variants (`tag`, `value`), bags maps from item to count. An
optional value is a set of at most one item, as not every reader takes variants of anything but records. See https://apalache-mc.org/docs/adr/015adr-trace.html.
"""

import json
from collections import Counter
from typing import Any, assert_never

from ...spec.lang import domains
from ...spec.lang.domains import Plain, Type, show
from ..text import headline
from ..trace import Trace, show_label


def to_itf(trace: Trace) -> str:
    """The trace as one ITF document; labels stand in each state's `#meta`."""
    variables = trace.specification.variables
    states = [
        {"#meta": {"index": index, "action": show_label(trace.specification, step.label)}}
        | {v.name: itf_value(v.type, value) for v, value in zip(variables, step.state, strict=True)}
        for index, step in enumerate(trace.steps)
    ]
    meta = {"format": "ITF", "source": trace.source, "description": headline(trace), "status": trace.verdict}
    params = {name: _number(value) for name, value in trace.specification.constants}
    document = {"#meta": meta | {"constants": params}, "vars": [v.name for v in variables], "states": states}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def itf_value(kind: Type, plain: Plain) -> Any:
    """One value in ITF."""
    match kind:
        case domains.Bool():
            return plain
        case domains.Int() | domains.Range():
            return _number(plain)
        case domains.Enumeration(_, members):
            return members[plain]
        case domains.Sort():
            return show(kind, plain)
        case domains.Record(_, fields):
            return {name: itf_value(item, part) for (name, item), part in zip(fields, plain, strict=True)}
        case domains.Union(records):
            record = records[plain[0]]
            return {"tag": record.name, "value": itf_value(record, plain[1])}
        case domains.Optional(item):
            return {"#set": [] if plain is None else [itf_value(item, plain)]}
        case domains.Map(key, value):
            pairs = zip(domains.values(key), plain, strict=True)
            return {"#map": [[itf_value(key, k), itf_value(value, v)] for k, v in pairs]}
        case domains.Set(item):
            return {"#set": [itf_value(item, member) for member in domains.members_of(kind, plain)]}
        case domains.Seq(_, item, _):
            return [itf_value(item, part) for part in plain]
        case domains.Bag(_, item, _):
            counts: Counter[Plain] = Counter(plain)
            return {"#map": [[itf_value(item, part), _number(count)] for part, count in counts.items()]}
        case domains.Tuple(items):
            return {"#tup": [itf_value(item, part) for item, part in zip(items, plain, strict=True)]}
    assert_never(kind)


def _number(number: int) -> dict[str, str]:
    return {"#bigint": str(number)}
