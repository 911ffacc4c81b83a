"""How fast the reference engine is: two-phase commit with 7 managers, the whole space, without symmetry.

Run it from the repository's root with `python tests/benchmarks/reference_engine.py`; it prints distinct states per CPU
second of this machine. The bar is 20,000.
"""

import time

from quorate.checker.model import Options
from quorate.checker.reference import check
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read

RUNS = 3


def main() -> None:
    """Prints the best of a few runs."""
    specification = read(TwoPhaseCommit, {"managers": 7}, ())
    best = 0.0
    for _ in range(RUNS):
        began = time.process_time()
        result = check(specification, Options(symmetry=False))
        spent = time.process_time() - began
        assert (result.verdict, result.distinct, result.generated, result.depth) == ("holds", 296_448, 2_744_706, 23)
        print(f"{result.distinct:,} distinct, {result.generated:,} generated, {spent:.2f} CPU seconds")
        best = max(best, result.distinct / spent)
    print(f"{best:,.0f} distinct states per CPU second")


if __name__ == "__main__":
    main()
