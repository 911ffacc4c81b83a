"""Random specifications: printed and read back, and run by three meanings that must agree.

The class's own methods, run as plain Python, know nothing of the reader, the tree or generated source. Errors are
compared as errors: plain Python may notice them in other words.
"""

import importlib.util
import sys
from itertools import count, product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from quorate.spec.lang.errors import EvaluationError, Refused
from quorate.spec.lang.hints import domain_of, plain_of, values_of
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.meaning.printer import print_specification
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Abandoned

NUMBERS = count()
RUNS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# Numbers that are known to be outside when the text is read; everything else a text holds must be accepted.
OUTSIDE = {"E508", "E514", "E515"}


@pytest.fixture
def load(tmp_path):
    """Turns a text into a class."""

    def loaded(text):
        path = tmp_path / f"random{next(NUMBERS)}.py"
        path.write_text(text)
        found = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(found)
        sys.modules[path.stem] = module
        found.loader.exec_module(module)
        return module.Random

    return loaded


def accepted(spec, variants=()):
    try:
        return read(spec, {}, variants)
    except Refused as refused:
        assume(not {refusal.code for refusal in refused.refusals} <= OUTSIDE)
        raise


def test_a_text_is_printed_and_read_back_as_the_same_tree(random_specifications, load):
    @RUNS
    @given(random_specifications.texts(), st.booleans())
    def check(text, twisted):
        tree = accepted(load(text), ("twist",) if twisted else ())
        printed = print_specification(tree)
        assert read(load(printed), {}, tree.variants) == tree, printed

    check()


# ---------------------------------------------------------------------------------- direct meaning


class Direct:
    """A specification's own methods, run as plain Python, with states as plain values."""

    def __init__(self, spec):
        self.spec = spec
        self.hints = spec._hints()
        self.kinds = {name: domain_of(hint) for name, hint in self.hints.items()}
        self.start = spec()

    def plain(self, here):
        return tuple(plain_of(kind, here._values[name]) for name, kind in self.kinds.items())

    def steps(self, name, here):
        """All steps of one action, as Meaning gives them, and the specifications after them."""
        method = getattr(self.spec, name)
        hints = [hint for own, hint in method.__annotations__.items() if own != "return"]
        found = []
        for arguments in product(*(self.choices(hint, here) for hint in hints)):
            after = here.copy()
            try:
                method(after, *arguments)
            except Abandoned:
                continue
            label = tuple(plain_of(domain_of(hint), one) for hint, one in zip(hints, arguments, strict=True))
            found.append((((name, label), self.plain(after)), after))
        return found

    def choices(self, hint, here):
        if getattr(hint, "__name__", "") != "Batch":
            return list(values_of(hint))
        (box,) = [name for name, own in self.hints.items() if getattr(own, "__name__", "") == "Box"]
        return list({plain_of(domain_of(hint), batch): batch for batch in here._values[box]}.values())


def attempted(compute):
    """The value, or None where a run-time check fails in any way."""
    try:
        return compute()
    except (EvaluationError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None


def test_three_meanings_agree(random_specifications, load):
    @RUNS
    @given(random_specifications.texts())
    def check(text):
        spec = load(text)
        tree = accepted(spec)
        direct, meaning, interpreter = Direct(spec), Meaning(tree), Interpreter(tree)
        begins = [a.name for a in tree.initial]
        started = attempted(lambda: [s for name in begins for s in direct.steps(name, direct.start)])
        if not begins:
            started = [((("init", ()), direct.plain(direct.start)), direct.start)]
        expected = None if started is None else [step for step, _ in started]
        assert attempted(meaning.initial) == attempted(interpreter.initial) == expected
        agree_from(tree, direct, meaning, interpreter, [after for _, after in started or []])

    check()


def agree_from(tree, direct, meaning, interpreter, queue, most=12):
    """Follows the steps of a few states, in all meanings."""
    seen = {direct.plain(here) for here in queue}
    for here in queue:
        state = direct.plain(here)
        for (name, steps), one in zip(meaning.actions, tree.actions, strict=True):
            found = attempted(lambda: direct.steps(name, here))  # noqa: B023
            expected = None if found is None else [step for step, _ in found]
            assert attempted(lambda: list(steps(state))) == expected, (name, state)  # noqa: B023
            assert attempted(lambda: list(interpreter._steps(one, state))) == expected, (name, state)  # noqa: B023
            for (label, target), after in found or []:
                agree_on_properties(tree, meaning, interpreter, (state, here), (target, after), label)
                if target not in seen and len(seen) < most:
                    seen.add(target)
                    queue.append(after)


def agree_on_properties(tree, meaning, interpreter, before, after, label):
    for one in tree.properties:
        method = getattr(type(after[1]), one.name)
        step = one.kind == "step_invariant"
        expected = attempted(lambda: method(after[1], before[1]) if step else method(after[1]))  # noqa: B023
        previous = before[0] if step else None
        for each in (meaning, interpreter):
            found = attempted(lambda: each.holds(one.name, after[0], previous))  # noqa: B023
            assert found == expected, (one.name, label, after[0])
