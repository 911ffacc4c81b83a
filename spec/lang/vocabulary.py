"""The words of the language: what a specification imports, with their meaning.

A specification is an ordinary typed Python module. The reader turns its text into a typed tree, which is what
engines see; the classes here make the same text run as plain Python too (`TwoPhaseCommit(managers=3).prepare(r)`),
for type checkers, editors, and tests that compare the two meanings. Constants are bound for the whole process: the
`Spec` created last decides. This module does not know the reader or any engine.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform, get_type_hints

from .errors import EvaluationError
from .values import order

T = TypeVar("T")


if TYPE_CHECKING:

    class Constant(int):
        """A number chosen per run: `managers = Constant(3, "number of resource managers", low=1)`.

        It has a default and a sentence, and becomes `managers=5` on the command line and in Python. Arithmetic on
        constants may be used wherever a number may.
        """

        def __new__(cls, default: int, help: str, *, low: int = 0, high: int = ...) -> Self: ...

        def __eq__(self, other: object) -> bool: ...  # lets strict type checkers compare it with any Range

        def __hash__(self) -> int: ...

    def variant(name: str, help: str) -> bool:
        """A named deviation, off unless asked for: a seeded bug, a bug of a released version, or a fix."""
        ...

else:

    class Constant:
        """A number chosen per run: `managers = Constant(3, "number of resource managers", low=1)`."""

        def __init__(self, default: int, help: str, *, low: int = 0, high: int = 2**31) -> None:
            self.default, self.help, self.low, self.high = default, help, low, high
            self.bound = default
            self.derive: Callable[[], int] | None = None

        def __int__(self) -> int:
            return self.derive() if self.derive else self.bound

        __index__ = __int__

        def __bool__(self) -> bool:
            return int(self) != 0

        def __hash__(self) -> int:
            return id(self)

        def __repr__(self) -> str:
            return str(int(self))

    def _derived(compute: Callable[[], int]) -> Constant:
        constant = Constant(0, "")
        constant.derive = compute
        return constant

    def _arithmetic(name: str) -> None:
        def forward(self: Constant, *others: object) -> object:
            return _derived(lambda: getattr(int(self), name)(*map(int, others)))

        setattr(Constant, name, forward)

    def _comparison(name: str) -> None:
        setattr(Constant, name, lambda self, other: getattr(int(self), name)(int(other)))

    for _name in ("add", "sub", "mul", "floordiv", "mod", "radd", "rsub", "rmul", "rfloordiv", "rmod", "neg"):
        _arithmetic(f"__{_name}__")
    for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
        _comparison(f"__{_name}__")

    class variant:
        """A named deviation, off unless asked for: `early = variant("commit-early", "The leader does not wait.")`."""

        def __init__(self, name: str, help: str) -> None:
            self.name, self.help, self.on = name, help, False

        def __bool__(self) -> bool:
            return self.on


class _Finite(type):
    """The class of a finite type: iterating over it gives its values, in order."""

    def __iter__(cls: type[T]) -> Iterator[T]:
        return iter(cls._values())  # type: ignore[attr-defined]

    def __len__(cls) -> int:
        return len(list(cls._values()))  # type: ignore[attr-defined]


class Range(int, metaclass=_Finite):
    """Whole numbers within bounds: `class Epoch(Range, low=0, high=max_epoch)`.

    Arithmetic is exact; storing or converting (`Epoch(n)`) a number outside is an error of the specification.
    """

    _low: ClassVar[int]
    _high: ClassVar[int]

    def __init_subclass__(cls, *, low: int = 0, high: int) -> None:
        cls._low, cls._high = low, high

    @classmethod
    def _values(cls) -> Iterator[int]:
        return iter(range(int(cls._low), int(cls._high) + 1))

    if TYPE_CHECKING:

        def __add__(self, other: int) -> Self: ...
        def __radd__(self, other: int) -> Self: ...
        def __sub__(self, other: int) -> Self: ...
        def __rsub__(self, other: int) -> Self: ...
        def __mul__(self, other: int) -> Self: ...
        def __mod__(self, other: int) -> Self: ...
        def __floordiv__(self, other: int) -> Self: ...

    else:

        def __new__(cls, number: int) -> int:
            if not int(cls._low) <= int(number) <= int(cls._high):
                raise EvaluationError(None, f"{int(number)} is outside {cls.__name__} {cls._low}..{cls._high}")
            return int(number)


class Sort(metaclass=_Finite):
    """Opaque identifiers: `class Server(Sort, size=servers)`. Only `==` and `is`, unless `ordered=True` adds `<`.

    The elements of a sort that is not ordered are interchangeable, and the checker uses that.
    """

    _size: ClassVar[int]
    _ordered: ClassVar[bool]
    _elements: ClassVar[list[Any]]

    def __init_subclass__(cls, *, size: int, ordered: bool = False) -> None:
        cls._size, cls._ordered, cls._elements = size, ordered, []

    def __init__(self) -> None:
        raise TypeError(f"an element of {type(self).__name__} cannot be made; it is taken from `for s in …`")

    @classmethod
    def _values(cls) -> Iterator[Self]:
        while len(cls._elements) < int(cls._size):
            element = object.__new__(cls)
            element._position = len(cls._elements)
            cls._elements.append(element)
        return iter(cls._elements[: int(cls._size)])

    _position: int

    def _order(self) -> int:
        return self._position

    def __lt__(self, other: Self) -> bool:
        return self._position < other._position

    def __le__(self, other: Self) -> bool:
        return self._position <= other._position

    def __gt__(self, other: Self) -> bool:
        return self._position > other._position

    def __ge__(self, other: Self) -> bool:
        return self._position >= other._position

    def __repr__(self) -> str:
        return f"{type(self).__name__.lower()}{self._position + 1}"


@dataclass_transform(frozen_default=True, order_default=False)
class _RecordClass(_Finite):
    """The class of a record type; type checkers see a frozen dataclass."""


class Record(metaclass=_RecordClass):
    """An immutable record with annotated fields: `class Txn(Record): zxid: Zxid; value: Value`.

    Compares by value; with `class Zxid(Record, order=True)` also `<`, first field first.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _ordered: ClassVar[bool] = False

    def __init_subclass__(cls, *, order: bool = False) -> None:
        cls._fields = tuple(name for name in cls.__annotations__ if not name.startswith("_"))
        cls._ordered = order
        type.__setattr__(cls, "__match_args__", cls._fields)

    if not TYPE_CHECKING:

        def __init__(self, *values: object, **named: object) -> None:
            given = dict(zip(self._fields, values, strict=False)) | named
            for name in self._fields:
                if name not in given and not hasattr(type(self), name):
                    raise TypeError(f"{type(self).__name__} needs its field {name!r}")
                object.__setattr__(self, name, given.pop(name) if name in given else getattr(type(self), name))
            if given or len(values) > len(self._fields):
                raise TypeError(f"{type(self).__name__} has the fields {', '.join(self._fields)}")

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError("a record never changes; use .replace(…)")

        def __lt__(self, other: Self) -> bool:
            return self._order() < other._order()

        def __le__(self, other: Self) -> bool:
            return self._order() <= other._order()

        def __gt__(self, other: Self) -> bool:
            return self._order() > other._order()

        def __ge__(self, other: Self) -> bool:
            return self._order() >= other._order()

    def replace(self, **changes: Any) -> Self:
        """The same record with some fields changed."""
        fields = {name: getattr(self, name) for name in self._fields} | changes
        return type(self)(**fields)

    @classmethod
    def _values(cls) -> Iterator[Self]:
        from .hints import values_of

        annotations = [values_of(hint) for hint in field_hints(cls).values()]
        return (cls(*fields) for fields in product(*annotations))

    def _order(self) -> Any:
        # The class comes first: records of a union are ordered by the names of their classes.
        return (type(self).__name__, *(order(getattr(self, name)) for name in self._fields))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._order() == other._order()

    def __hash__(self) -> int:
        return hash((type(self).__name__, *(getattr(self, name) for name in self._fields)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in self._fields)})"


def field_hints(record: type[Record]) -> dict[str, Any]:
    """The annotated types of a record's fields, in order."""
    hints = get_type_hints(record)
    return {name: hints[name] for name in record._fields}
