"""A log as a behaviour of the specification `znodes`: the longest part of it that is one, and where it parts.

Each transaction is taken as its step, from the state that the ones before have led to; the state must then show what
the log says. Of writes that failed the log says only how: a step that fails so is taken where there is one. As the rest
is determined, there is one behaviour to follow, not a set. Zxids are counted anew: the specification's are those of
the steps. Reads no files.
"""

from collections.abc import Sequence
from typing import Any

from ...spec.lang import domains, ir
from ...spec.lang.meaning.interpret import Disabled, Enabled, Interpreter
from ...spec.zookeeper.znodes import Path
from ...traces.trace import Label, Log, Parting, State, Step, Trace
from .observed import Observer, Outside, Seen
from .reading import Entry

ENGINE = "log of a server"
SOURCE = "znodes"
UNTOLD = "the log does not say what was asked for; this step fails in the same way"
MOST = 1000  # zxids that the specification may be given; one is kept free, so that it never stops for want of them


def sessions_in(entries: Sequence[Entry], under: str) -> int:
    """How many sessions own a znode of the specification, as far as it can say what happens."""
    observer = Observer(under)
    try:
        for entry in entries:
            observer.see(entry.txn)
    except Outside:
        pass
    return len(observer.sessions)


def fit(specification: ir.Specification, name: str, entries: Sequence[Entry], under: str) -> Trace:
    """The trace of the longest part of a log that is a behaviour, each step with its line."""
    fitter = _Fitter(specification)
    observer, parting = Observer(under), None
    for entry in entries:
        try:
            seen = observer.see(entry.txn)
            fitter.check_room(seen)
        except Outside as outside:
            parting = Parting(entry.line, None, (str(outside),))
            break
        parting = fitter.take(seen, entry.line)
        if parting is not None:
            break
    log = Log(name, tuple(fitter.lines), fitter.left_out, parting)
    return Trace(specification, SOURCE, tuple(fitter.steps), "undecided", None, engine=ENGINE, log=log)


class _Fitter:
    """The steps taken so far, and the line of each."""

    def __init__(self, specification: ir.Specification) -> None:
        self._interpreter = Interpreter(specification)
        self._at = {variable.name: position for position, variable in enumerate(specification.variables)}
        kinds = {variable.name: variable.type for variable in specification.variables}
        code, tree = kinds["code"], kinds["tree"]
        assert isinstance(code, domains.Enumeration)
        assert isinstance(tree, domains.Map) and isinstance(tree.value, domains.Optional)
        assert isinstance(tree.value.item, domains.Record)
        self._codes = code.members
        self._fields = [field for field, _ in tree.value.item.fields]
        self.steps = [Step(*self._interpreter.initial()[0])]
        self.lines, self.left_out = [""], 0
        self._found: dict[tuple[State, str], Label | None] = {}

    def check_room(self, seen: Seen | None) -> None:
        """Raises Outside where the specification has no more zxids."""
        if seen is not None and len(self.steps) >= MOST:
            raise Outside(f"the specification counts {MOST:,} writes")

    def take(self, seen: Seen | None, line: str) -> Parting | None:
        """Goes on by one line of the log, or says why that is not possible."""
        label = None if seen is None else seen.label or self._failing(seen.code)
        if seen is None or label is None:
            self.left_out += 1
            return None
        before = self.steps[-1].state
        attempt = self._interpreter.attempt(*label, before)
        match attempt:
            case Disabled():
                return Parting(line, label)
            case Enabled(after):
                differences = tuple(self._differences(seen, before, after))
                if differences:
                    return Parting(line, label, differences)
                self.steps.append(Step(label, after))
                self.lines.append(line if seen.label else f"{line}  ({UNTOLD})")
                return None
        raise attempt.error

    def _failing(self, code: str) -> Label | None:
        """A step that fails with this code; the tree does not tell one from another."""
        state = self.steps[-1].state
        if code == "OK" or code not in self._codes:
            return None
        if (state, code) not in self._found:
            ends = ((label, self._of(after, "code")) for label, after in self._interpreter.successors(state))
            self._found[state, code] = next((label for label, end in ends if self._codes[end] == code), None)
        return self._found[state, code]

    def _differences(self, seen: Seen, before: State, after: State) -> list[str]:
        code = self._codes[self._of(after, "code")]
        if code != seen.code:
            return [f"in the log it ends with {seen.code}, in the specification with {code}"]
        found = []
        for fact in seen.facts:
            node = self._of(after, "tree")[fact.place]
            value = None if node is None else node[self._fields.index(fact.field)]
            if value != fact.value:
                place = list(Path)[fact.place].value
                found.append(f"{fact.field} of {place}: the log has {fact.value}, the specification {value}")
        if seen.went is not None:
            went = {place for place, node in enumerate(self._of(after, "tree")) if node is None}
            went &= {place for place, node in enumerate(self._of(before, "tree")) if node is not None}
            if went != seen.went:
                found.append(f"with the session go {_paths(seen.went)} in the log, {_paths(went)} in the specification")
        return found

    def _of(self, state: State, name: str) -> Any:
        return state[self._at[name]]


def _paths(places: set[int] | frozenset[int]) -> str:
    return ", ".join(list(Path)[place].value for place in sorted(places)) or "no znodes"
