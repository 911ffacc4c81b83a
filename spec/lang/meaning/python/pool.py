"""The names that generated source uses for what is not source: tables over types, and run-time checks.

The pool gives every object a readable name, once, and is the globals of the generated module.
"""

import re
from collections.abc import Callable
from typing import Any

from ... import domains
from ...domains import Type
from .checks import Members


class Pool:
    """Objects by name; asking twice for the same thing gives the same name."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self._names: dict[tuple[object, ...], str] = {}

    def name(self, prefix: str, kind: Type | None, key: tuple[object, ...], make: Callable[[], Any]) -> str:
        """The name of the object that `make` makes; `key` tells what it is apart from the type."""
        identity = (prefix, kind, *key)
        if identity not in self._names:
            stem = f"{prefix}_{word(domains.describe(kind))}" if kind is not None else prefix
            name, number = stem, 1
            while name in self.objects:
                number += 1
                name = f"{stem}_{number}"
            self.objects[name] = make()
            self._names[identity] = name
        return self._names[identity]

    def values(self, kind: Type) -> str:
        """All values of a type, in order."""
        return self.name("all", kind, (), lambda: tuple(domains.values(kind)))

    def slots(self, kind: Type) -> str:
        """The position of every value of a type."""
        return self.name("slot", kind, (), lambda: {v: i for i, v in enumerate(domains.values(kind))})

    def bits(self, kind: Type) -> str:
        """The bit of every value of a type in a Set's mask."""
        return self.name("bit", kind, (), lambda: {v: 1 << i for i, v in enumerate(domains.values(kind))})

    def members(self, item: Type) -> str:
        """The members of a Set of this item type, by mask."""
        return self.name("members", item, (), lambda: Members(item))

    def order(self, kind: Type) -> str | None:
        """The sort key of a type; None where plain values sort as they are."""
        key = domains.order_key(kind)
        return None if key is None else self.name("order", kind, (), lambda: key)


def word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")
