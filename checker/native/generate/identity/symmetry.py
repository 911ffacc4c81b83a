"""What symmetry needs to know of a model, in C: a state renamed, and what it looks like from one element.

How a canonical state is found from these two is hand-written C (`runtime/symmetry.h`). Knows layouts, types and
values; nothing of actions or properties.
"""

from dataclasses import dataclass

from .....spec.lang import domains
from .....spec.lang.domains import Type
from .. import kinds, layout, loops
from ..text import Body, Unit
from ..values import (
    Place,
    Scalar,
    Value,
    assign,
    declare,
    entry,
    field,
    held,
    is_some,
    item_of,
    length,
    load,
    name,
    payload,
    raw,
    some,
    store,
    store_length,
    tag,
    zeroed,
)

_NONE = ["OWN u64 orbit(const u64 *s) { (void)s; return 1; }"]


def canonical(unit: Unit, state: layout.StateLayout, symmetric: tuple[domains.Sort, ...]) -> list[str]:
    """The function that makes a state canonical, and the one that counts the states it stands for."""
    if not symmetric:
        return _NONE
    writer = _Symmetry(unit, state, symmetric)
    sizes = ", ".join(str(sort.size) for sort in symmetric)
    most = max(sort.size for sort in symmetric)
    head = [
        f"enum {{ SORTS = {len(symmetric)}, MOST = {most} }};",
        f"static const unsigned sort_sizes[] = {{{sizes}}};",
    ]
    return ["\n".join(head), writer.renamed(), writer.view(), '#include "symmetry.h"']


@dataclass(slots=True)
class _Symmetry:
    unit: Unit
    state: layout.StateLayout
    sorts: tuple[domains.Sort, ...]

    def _concerns(self, kind: Type) -> bool:
        return bool(domains.sorts_within(kind) & set(self.sorts))

    # ----------------------------------------------------------------------------------------- renaming

    def renamed(self) -> str:
        """The function that replaces every element of a state."""
        body = Body(self.unit, "return;")
        body.line(f"copy(to, s, {self.state.words});")
        for variable, offset in zip(self.state.variables, self.state.offsets, strict=True):
            if self._concerns(variable.type):
                old = Place(variable.type, "s", stable=True).part(variable.type, offset)
                new = Place(variable.type, "to").part(variable.type, offset)
                store(body, new, self._rename(body, old))
        return body.render("OWN void renamed(u64 *to, const u64 *s, uint8_t names[SORTS][MOST])")

    def _rename(self, body: Body, value: Value) -> Value:
        """The value with every element replaced."""
        kind = value.kind
        if not self._concerns(kind):
            return value
        match kind:
            case domains.Sort():
                return Scalar(kind, f"(u64)names[{self.sorts.index(kind)}][{load(value)}]")
            case domains.Record(_, fields):
                return self._rename_record(body, value, kind, len(fields))
            case domains.Union(records):
                return self._rename_union(body, value, kind, records)
            case domains.Optional():
                return self._rename_optional(body, value, kind)
            case domains.Map():
                return self._rename_map(body, value, kind)
            case domains.Set(item):
                return self._rename_set(body, value, kind, item)
            case domains.Seq() | domains.Bag():
                return self._rename_items(body, value, kind)
        raise AssertionError(f"{domains.describe(kind)} has no elements")

    def _rename_record(self, body: Body, value: Value, kind: domains.Record, count: int) -> Value:
        result = zeroed(body, kind, "record")
        value = name(body, value)
        for position in range(count):
            target = field(result, kind, position)
            assert isinstance(target, Place)
            store(body, target, self._rename(body, field(value, kind, position)))
        return result

    def _rename_union(
        self, body: Body, value: Value, kind: domains.Union, records: tuple[domains.Record, ...]
    ) -> Value:
        result, value = declare(body, kind, "union"), name(body, value)
        assign(body, result, value)
        for position, record in enumerate(records):
            if not self._concerns(record):
                continue
            body.open(f"if ({tag(value)} == {position})")
            inside = self._rename(body, payload(value, record))
            assign(body, result, kinds.tagged(body, inside, record, kind))
            body.close()
        return result

    def _rename_optional(self, body: Body, value: Value, kind: domains.Optional) -> Value:
        result, value = declare(body, kind, "optional"), name(body, value)
        assign(body, result, value)
        body.open(f"if ({is_some(value)})")
        assign(body, result, kinds.wrapped(body, self._rename(body, some(value)), kind))
        body.close()
        return result

    def _rename_map(self, body: Body, value: Value, kind: domains.Map) -> Value:
        result, value = zeroed(body, kind, "map"), name(body, value)
        with kinds.every(body, kind.key, "key") as key:
            old = entry(value, kind.value, kinds.position(body, kind.key, key))
            new = name(body, self._rename(body, old))
            where = kinds.position(body, kind.key, self._rename(body, key))
            store(body, kinds.entry_place(result, kind.value, where), new)
        return result

    def _rename_set(self, body: Body, value: Value, kind: domains.Set, item: Type) -> Value:
        result, depth = zeroed(body, kind, "set"), body.depth
        member = kinds.at_position(body, item, loops.opened_bits(body, name(body, value)))
        loops.set_bit(body, result, kinds.position(body, item, self._rename(body, member)))
        while body.depth > depth:
            body.close()
        return result

    def _rename_items(self, body: Body, value: Value, kind: domains.Seq | domains.Bag) -> Value:
        result, value = zeroed(body, kind, "items"), held(body, value)
        index, count = body.fresh("i"), body.fresh("count")
        body.line(f"const u64 {count} = {length(value)};")
        body.open(f"for (u64 {index} = 0; {index} < {count}; {index}++)")
        item = name(body, self._rename(body, entry(value, kind.item, index)))
        where = index
        if isinstance(kind, domains.Bag):
            where = loops.make_room(body, result, kind.item, item, index)
        store(body, kinds.entry_place(result, kind.item, where), item)
        body.close()
        store_length(body, result, count)
        return result

    # ------------------------------------------------------------------------------------------- viewing

    def view(self) -> str:
        """The function that sums up what a state looks like from one element; other elements are their colours."""
        body = Body(self.unit, "return 0;")
        total = body.variable("u64", "total", "1")
        for variable, offset in zip(self.state.variables, self.state.offsets, strict=True):
            if self._concerns(variable.type) and offset < self.state.identity_words * layout.WORD:
                place = Place(variable.type, "s", stable=True).part(variable.type, offset)
                body.line(f"{total} = blend({total}, {self._view(body, place)});")
        body.line(f"return {total};")
        return body.render("OWN u64 view(const u64 *s, unsigned sort, u64 self, u64 colours[SORTS][MOST])")

    def _view(self, body: Body, value: Value) -> str:
        """A C expression: a number that is the same for values that look the same."""
        kind = value.kind
        if not self._concerns(kind):
            return digested(value)
        match kind:
            case domains.Sort():
                number, element = self.sorts.index(kind), load(value)
                return f"seen_as(sort == {number} && {element} == self, colours[{number}][{element}])"
            case domains.Record(_, fields):
                value = name(body, value)
                result = self._start(body)
                for position in range(len(fields)):
                    body.line(f"{result} = blend({result}, {self._view(body, field(value, kind, position))});")
                return result
            case domains.Union(records):
                value = name(body, value)
                result = self._start(body)
                for position, record in enumerate(records):
                    body.open(f"if ({tag(value)} == {position})")
                    body.line(f"{result} = blend({position + 1}, {self._view(body, payload(value, record))});")
                    body.close()
                return result
            case domains.Optional():
                value = name(body, value)
                result = self._start(body)
                body.open(f"if ({is_some(value)})")
                body.line(f"{result} = blend(1, {self._view(body, some(value))});")
                body.close()
                return result
        return self._view_collection(body, value)

    def _start(self, body: Body) -> str:
        result = body.variable("u64", "seen")
        body.line(f"{result} = 0;")
        return result

    def _view_collection(self, body: Body, value: Value) -> str:
        kind, value = value.kind, name(body, value)
        result = self._start(body)
        match kind:
            case domains.Map():
                ordered = not self._concerns(kind.key)
                with kinds.every(body, kind.key, "key") as key:
                    at = entry(value, kind.value, kinds.position(body, kind.key, key))
                    seen = name(body, Scalar(domains.Set(domains.Bool()), self._view(body, at)))
                    if ordered:
                        body.line(f"{result} = blend({result}, {load(seen)});")
                    else:
                        body.line(f"{result} += blend({self._view(body, key)}, {load(seen)});")
            case domains.Set(item):
                depth = body.depth
                member = name(body, kinds.at_position(body, item, loops.opened_bits(body, value)))
                body.line(f"{result} += blend(1, {self._view(body, member)});")
                while body.depth > depth:
                    body.close()
            case _:
                self._view_items(body, value, result)
        return result

    def _view_items(self, body: Body, value: Value, result: str) -> None:
        index = body.fresh("i")
        body.open(f"for (u64 {index} = 0; {index} < {length(value)}; {index}++)")
        seen = self._view(body, entry(value, item_of(value.kind), index))
        if isinstance(value.kind, domains.Bag):
            body.line(f"{result} += blend(1, {seen});")
        else:
            body.line(f"{result} = blend({result} + 1, {seen});")
        body.close()


def digested(value: Value) -> str:
    """A C expression: a number for a value as it is."""
    if layout.small(value.kind):
        return raw(value)
    assert isinstance(value, Place)
    return f"digest({value.address}, {layout.size(value.kind)})"
