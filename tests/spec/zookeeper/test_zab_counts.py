"""Zab has exactly the published model's states: distinct, depth, by level, by action, for each identity of states."""

import pytest
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab

# servers, timeouts, transactions, epochs, restarts -> distinct, generated, depth; TLC's figures, full view
FULL = {
    (2, 0, 0, 1, 0): (21, 21, 10),
    (2, 0, 1, 1, 0): (39, 43, 15),
    (2, 0, 2, 1, 0): (103, 151, 20),
    (2, 1, 0, 1, 0): (161, 183, 14),
    (2, 1, 0, 2, 0): (269, 291, 19),
}


@pytest.mark.parametrize("configuration", FULL, ids=str)
def test_full_view(configuration: tuple[int, ...]) -> None:
    names = ("servers", "timeouts", "transactions", "epochs", "restarts")
    specification = read(Zab, dict(zip(names, configuration, strict=True)), ())
    meaning = Interpreter(specification)
    level = set(meaning.initial())
    seen, generated, depth = set(level), len(level), 0
    while level:
        depth += 1
        successors = [step for _, state in level for step in meaning.successors(state)]
        generated += len(successors)
        level = set(successors) - seen
        seen |= level
    assert (len(seen), generated, depth) == FULL[configuration]
