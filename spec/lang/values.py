"""Map, Set, Seq and Bag as a specification's own methods see them when they run as plain Python.

Values have value semantics: reading `self.sent` gives a snapshot, and only a collection that was read from the
state (`self.sent.add(r)`, `self.channel[i][j].append(m)`) can be changed; the change goes back to its place. This
module knows nothing of the tree; engines do not use it. It is the second, independent meaning that tests compare
with the tree's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from .errors import EvaluationError

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


def order(value: object) -> Any:
    """A key that puts values of one type in the order of the language: None first, then by position."""
    if value is None:
        return ()
    if isinstance(value, Enum):
        return (list(type(value)).index(value),)
    key = getattr(value, "_order", None)
    return (key() if key else value,)


class _Collection:
    """What the four have in common: immutable content, and the place in the state it was read from."""

    __slots__ = ("_content", "_place")
    _content: Any
    _place: Callable[[Any], None] | None

    def _at(self, place: Callable[[Any], None] | None) -> Self:
        copy = object.__new__(type(self))
        copy._content, copy._place = self._content, place
        return copy

    def _become(self, content: object) -> None:
        if self._place is None:
            raise EvaluationError(None, f"{self!r} is a value, not a place in the state; only state can change")
        self._content = content
        self._place(self._at(None))

    def __eq__(self, other: object) -> bool:
        if isinstance(self, Set) and isinstance(other, set | frozenset):
            return bool(self._content == other)
        return isinstance(other, _Collection) and bool(self._content == other._content)

    def __hash__(self) -> int:
        content = tuple(self._content.items()) if isinstance(self._content, dict) else self._content
        return hash(content)

    def __len__(self) -> int:
        return len(self._content)

    def _order(self) -> Any:
        return tuple(order(item) for item in self._content)


class Map(_Collection, Generic[K, V]):
    """A total function from a finite type: `Map[Server, Epoch]`. Build one with `Map({s: e for s in Server})`."""

    __slots__ = ()

    def __init__(self, entries: Mapping[K, V]) -> None:
        self._content, self._place = dict(entries), None

    def __getitem__(self, key: K) -> V:
        """The value at a key."""
        value = self._content[key]
        if isinstance(value, _Collection):
            return value._at(lambda new: self._put(key, new))  # type: ignore[return-value]
        return value  # type: ignore[no-any-return]

    def __setitem__(self, key: K, value: V) -> None:
        """Changes one entry; only of a map in the state."""
        self._put(key, value)

    def _put(self, key: K, value: object) -> None:
        self._become({**self._content, key: value})

    def _order(self) -> Any:
        return tuple(order(value) for value in self._content.values())

    def __repr__(self) -> str:
        return repr(self._content)


class Set(_Collection, Generic[T]):
    """A subset of a finite type: `Set[Server]`. Build one with `Set(s for s in Server if …)`, `Set((a, b))`."""

    __slots__ = ()

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._content, self._place = frozenset(items), None

    def __iter__(self) -> Iterator[T]:
        """The members in the order of their type."""
        return iter(sorted(self._content, key=order))

    def __contains__(self, item: object) -> bool:
        return item in self._content

    def __or__(self, other: "Set[T] | set[T]") -> "Set[T]":
        return Set(self._content | set(other))

    def __and__(self, other: "Set[T] | set[T]") -> "Set[T]":
        return Set(self._content & set(other))

    def __sub__(self, other: "Set[T] | set[T]") -> "Set[T]":
        return Set(self._content - set(other))

    def __le__(self, other: "Set[T] | set[T]") -> bool:
        return bool(self._content <= set(other))

    def __lt__(self, other: "Set[T] | set[T]") -> bool:
        return bool(self._content < set(other))

    def __ge__(self, other: "Set[T] | set[T]") -> bool:
        return bool(self._content >= set(other))

    def __gt__(self, other: "Set[T] | set[T]") -> bool:
        return bool(self._content > set(other))

    def add(self, item: T) -> None:
        """Puts an item in; nothing happens when it is there."""
        self._become(self._content | {item})

    def discard(self, item: T) -> None:
        """Takes an item out; nothing happens when it is not there."""
        self._become(self._content - {item})

    def update(self, items: "Set[T] | set[T]") -> None:
        """Puts all of these in."""
        self._become(self._content | set(items))

    def clear(self) -> None:
        """Takes everything out."""
        self._become(frozenset())

    def _order(self) -> Any:
        # The order of bit masks: the highest members decide.
        return tuple(sorted(map(order, self._content), reverse=True))

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}"


class _Bounded(_Collection, Generic[T]):
    """A collection with a capacity given in its class header."""

    __slots__ = ()
    _capacity: ClassVar[Any] = None

    def __init_subclass__(cls, *, capacity: int | None = None) -> None:
        super().__init_subclass__()
        if capacity is not None:
            cls._capacity = capacity

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._content, self._place = self._fit(items), None

    def _arrange(self, items: Iterable[T]) -> tuple[T, ...]:
        return tuple(items)

    def _fit(self, items: Iterable[T]) -> tuple[T, ...]:
        content = self._arrange(items)
        if self._capacity is not None and len(content) > int(self._capacity):
            name = type(self).__name__
            raise EvaluationError(None, f"{name} holds at most {int(self._capacity)} items, not {len(content)}")
        return content

    def __iter__(self) -> Iterator[T]:
        return iter(self._content)

    def __contains__(self, item: object) -> bool:
        return item in self._content

    def count(self, item: T) -> int:
        """How often an item occurs."""
        return int(self._content.count(item))

    def clear(self) -> None:
        """Takes everything out."""
        self._become(())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._content)!r})"


class Seq(_Bounded[T]):
    """A bounded sequence: `class History(Seq[Txn], capacity=max_txns)`. Build one with `History(t for t in …)`."""

    __slots__ = ()

    @property
    def first(self) -> T:
        """The first item; an error when there is none."""
        return self[0]

    @property
    def last(self) -> T:
        """The last item; an error when there is none."""
        return self[len(self) - 1]

    @overload
    def __getitem__(self, key: int) -> T: ...

    @overload
    def __getitem__(self, key: slice) -> Self: ...

    def __getitem__(self, key: int | slice) -> "T | Self":
        """The item at a position from 0, or the items of a slice; negative positions are errors."""
        if isinstance(key, slice):
            bounds = [b for b in (key.start, key.stop) if b is not None]
            if any(b < 0 for b in bounds):
                raise EvaluationError(None, f"a slice bound of {min(bounds)} is negative")
            return type(self)(self._content[key])
        self._inside(key)
        return self._content[key]  # type: ignore[no-any-return]

    def __setitem__(self, key: int, value: T) -> None:
        """Replaces one item; only of a sequence in the state."""
        self._inside(key)
        self._become((*self._content[:key], value, *self._content[key + 1 :]))

    def _inside(self, key: int) -> None:
        if not 0 <= key < len(self):
            raise EvaluationError(None, f"position {key} is outside a sequence of {len(self)}")

    def __add__(self, other: Self) -> Self:
        return type(self)((*self._content, *other._content))

    def append(self, item: T) -> None:
        """Puts an item at the end; an error beyond the capacity."""
        self._become(self._fit((*self._content, item)))

    def extend(self, items: Self) -> None:
        """Puts the items of another sequence at the end; an error beyond the capacity."""
        self._become(self._fit((*self._content, *items)))

    def remove_first(self) -> None:
        """Takes the first item out; an error when there is none."""
        self._inside(0)
        self._become(self._content[1:])


class Bag(_Bounded[T]):
    """A bounded multiset: `class Soup(Bag[Message], capacity=n)`, for networks that do not keep order."""

    __slots__ = ()

    def _arrange(self, items: Iterable[T]) -> tuple[T, ...]:
        return tuple(sorted(items, key=order))

    def add(self, item: T) -> None:
        """Puts an item in, once more if it is there; an error beyond the capacity."""
        self._become(self._fit((*self._content, item)))

    def remove(self, item: T) -> None:
        """Takes one occurrence out; an error when there is none."""
        if item not in self._content:
            raise EvaluationError(None, f"{item!r} is not in the bag")
        where = self._content.index(item)
        self._become((*self._content[:where], *self._content[where + 1 :]))
