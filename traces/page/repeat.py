"""How a trace is repeated elsewhere: as a command line, and as a test for pytest.

The texts are built from names of the specification and from plain values, all quoted as literals of their language.
Knows traces, nothing of pages.
"""

import re
import shlex

from ..trace import DEADLOCK, Trace

MOST_LINES = 300  # a test of more steps is no test to read

_TEST = '''\
"""A behaviour of {name} that once ended badly: it must not happen any more, or end well."""

from quorate.checker.subject import recorded
from quorate.spec.lang.meaning.compile import Meaning

STEPS = [
{steps}
]


def test_{test}() -> None:
    meaning = Meaning(recorded({source!r}, {constants!r}, {variants!r}, {splits!r}))
    possible, before, state = dict(meaning.initial()), None, None
    for step in STEPS:
        if step not in possible:
            return  # the specification does not allow this behaviour any more
        before, state = state, possible[step]
        possible = dict(meaning.successors(state))
{check}
'''


def command(trace: Trace) -> str:
    """The command line that checks the same configuration again."""
    own = trace.specification
    words = ["quorate", "check", trace.source, *(f"{name}={value}" for name, value in own.constants)]
    for option, names in (("--variant", own.variants), ("--split", own.splits)):
        for name in names:
            words += [option, name]
    if trace.property is not None:
        words += ["--property", trace.property]
    return shlex.join(words)


def regression_test(trace: Trace) -> str:
    """A test for pytest that takes the same steps, and fails as long as they end as they did here."""
    own = trace.specification
    if len(trace.steps) > MOST_LINES:
        return f"# the trace has {len(trace.steps)} steps; a test is written for at most {MOST_LINES}\n"
    if trace.property == DEADLOCK:
        check = '    assert possible, "nothing can happen any more"'
    elif trace.property is None:
        check = "    assert state is not None"
    else:
        check = f"    assert meaning.holds({trace.property!r}, state, before)"
    return _TEST.format(
        name=own.name,
        steps="\n".join(f"    {step.label!r}," for step in trace.steps),
        test=re.sub(r"\W+", "_", f"{own.name}_{trace.property or 'behaviour'}").lower(),
        source=trace.source,
        constants=[f"{name}={value}" for name, value in own.constants],
        variants=list(own.variants),
        splits=list(own.splits),
        check=check,
    )
