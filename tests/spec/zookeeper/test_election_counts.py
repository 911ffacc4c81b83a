"""Fast leader election has exactly the published model's states within the same boundary."""

import pytest
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.election import Election

# servers, clocks, epochs, transactions, versions, queue -> distinct, generated, depth; TLC's figures
WITHIN = {
    (2, 0, 0, 0, 2, 1): (304, 939, 19),
    (2, 0, 0, 0, 0, 1): (186, 563, 15),
}


@pytest.mark.parametrize("configuration", WITHIN, ids=str)
def test_within_the_boundary(configuration: tuple[int, ...]) -> None:
    names = ("servers", "clocks", "epochs", "transactions", "versions", "queue")
    specification = read(Election, dict(zip(names, configuration, strict=True)), ())
    meaning = Interpreter(specification)
    ghosts = [variable.ghost for variable in specification.variables]
    seen, generated, depth = set(), 0, 0
    level = [state for _, state in meaning.initial()]
    while level:
        generated += len(level)
        inside = {
            tuple(value for value, ghost in zip(state, ghosts, strict=True) if not ghost): state
            for state in level
            if meaning.holds("within_constants", state)
        }
        new = {key: state for key, state in inside.items() if key not in seen}
        seen |= new.keys()
        depth += bool(new)
        level = [state for source in new.values() for _, state in meaning.successors(source)]
    assert (len(seen), generated, depth) == WITHIN[configuration]
