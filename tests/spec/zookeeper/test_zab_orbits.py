"""Orbits of Zab's states without the label of the last step, and why TLC counts more of them: tests/zookeeper.toml.

A view leaves the label out of the state's identity. TLC (TLCStateMut.fingerPrint) first takes the smallest of a
state's images under all permutations of servers, comparing variable by variable, and evaluates the view on that one.
Two states that differ in their labels alone are one state in the view; but where the label is compared before other
variables, it has a say in which image is the smallest, and the two may end as two. In which order TLC compares
variables comes from a hash table of their names. So its number is not one of the model: with `recorder`, the variable
that holds the label, renamed, TLC finds other numbers, and with a name that puts it behind all that names servers it
finds the orbits.
"""

import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Options
from quorate.spec.lang import domains
from quorate.spec.lang.domains import Plain
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["orbits"]
ENGINES = {"reference": reference.check, "native": native.check}
# The variables as TLC orders them, by our names; LABEL stands where it finds the variable of this name.
ORDER = (
    *("leader", "channel", "LABEL as zz", "history", "phase", "anomalies", "LABEL as recorder", "accepted_epoch"),
    *("broadcasts", "last_committed", "send_counter", "ack_epochs", "current_epoch", "learners", "cepochs", "oracle"),
    *("role", "ack_lds", "LABEL as journal", "established"),
)
Label = tuple[str, tuple[Plain, ...]]
State = tuple[Plain, ...]


def _cases() -> list[Any]:
    return [
        pytest.param(row, id="-".join(map(str, row["constants"].values())), marks=pytest.mark.slow if slow else ())
        for row in ROWS
        for slow in [row["label"] > 10_000]
    ]


@pytest.mark.parametrize("row", _cases())
@pytest.mark.parametrize("engine", ["reference", pytest.param("native", marks=pytest.mark.slow)])
def test_engines_count_orbits(row: dict[str, Any], engine: str) -> None:
    result = ENGINES[engine](read(Zab, row["constants"], ()), Options(identity="ghosts"))
    assert (result.verdict, result.distinct, result.unreduced) == ("holds", row["tlc"]["journal"], row["ghosts"])


@pytest.mark.parametrize("row", _cases())
def test_tlc_counts_more_where_the_label_is_compared_early(row: dict[str, Any]) -> None:
    images = Images(row["constants"])
    states = list(reachable(images.meaning))
    assert len(states) == row["label"]
    found: dict[str, set[State]] = {name: set() for name in row["tlc"]}
    for label, state in states:
        of_state = list(images.of(label, state))
        for name, seen in found.items():
            seen.add(masked(min(of_state, key=compared_as(name)), images.meaning))
    assert {name: len(seen) for name, seen in found.items()} == row["tlc"]


def reachable(meaning: Meaning) -> Iterator[tuple[Label, State]]:
    """Every state with each of the labels of steps that lead to it."""
    seen = dict.fromkeys(meaning.initial())
    for labelled in (frontier := list(seen)):  # grows while it is walked
        yield labelled
        new = [one for one in meaning.successors(labelled[1]) if one not in seen]
        seen |= dict.fromkeys(new)
        frontier += dict.fromkeys(new)


Image = dict[str, tuple[Any, Plain]]  # by variable, and "LABEL": what it is compared by, and what it is


class Images:
    """What renaming of servers makes of states."""

    def __init__(self, constants: dict[str, int]) -> None:
        specification = read(Zab, constants, ())
        self.meaning = Meaning(specification)
        self._servers = constants["servers"]
        self._kinds = {variable.name: variable.type for variable in specification.variables}
        self._keys = {name: domains.order_key(kind) for name, kind in self._kinds.items()}
        self._renamed: Callable[[str, Plain, tuple[int, ...]], tuple[Any, Plain]] = cache(self._rename)

    def of(self, label: Label, state: State) -> Iterator[Image]:
        """The images of one state, each under one permutation."""
        for moved in permutations(range(self._servers)):
            parts = zip(self._kinds, state, strict=True)
            image = {name: self._renamed(name, value, moved) for name, value in parts}
            called = (label[0], tuple(moved[server] for server in label[1]))
            yield image | {"LABEL": (called, called)}

    def _rename(self, name: str, value: Plain, moved: tuple[int, ...]) -> tuple[Any, Plain]:
        (server,) = domains.sorts_within(self._kinds["oracle"])
        renamed = domains.rename(self._kinds[name], value, {server: moved})
        key = self._keys[name]
        return (key(renamed) if key else renamed), renamed


def compared_as(name: str) -> Callable[[Image], tuple[Any, ...]]:
    """How TLC compares two images of one state, where the variable that holds the label has this name."""
    wanted = [one.removesuffix(f" as {name}") for one in ORDER]
    names = [one for one in wanted if " as " not in one]
    return lambda image: tuple(image[one][0] for one in names)


def masked(image: Image, meaning: Meaning) -> State:
    """What the view shows of it."""
    return tuple(image[variable.name][1] for variable in meaning.specification.variables)
