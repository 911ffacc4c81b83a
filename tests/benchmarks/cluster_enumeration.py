"""How fast the implementation is enumerated, and what the partial-order reduction buys.

Run it from the repository's root with `python tests/benchmarks/cluster_enumeration.py`; it prints worlds without and
with the reduction, the factors, and worlds per CPU second of this machine. With `--runs` also simulated events per CPU
second with the specifications beside them.
"""

import sys
import time

from quorate.checker.implementation import Budget, How, check
from quorate.checker.refinement.cluster.runs import Checker
from quorate.impl.ensemble.state import Ensemble

BUDGETS = {
    "transactions=1": Budget(),
    "transactions=1 slow_disk=1": Budget(slow_disk=1),
    "transactions=2": Budget(transactions=2),
    "transactions=1 timeouts=1 slow_disk=1": Budget(timeouts=1, slow_disk=1),
    "transactions=1 crashes=1 slow_disk=1": Budget(crashes=1, slow_disk=1),
    "servers=4 transactions=0": Budget(servers=4, transactions=0),
}


def main() -> None:
    """Prints a line for each budget."""
    for words, budget in BUDGETS.items():
        began = time.process_time()
        whole = check(budget).result
        spent = time.process_time() - began
        reduced = check(budget, how=How(reduce=True)).result
        assert whole.complete and reduced.complete
        worlds, steps = whole.distinct / reduced.distinct, whole.generated / reduced.generated
        print(f"{words}: {whole.distinct:,} and {reduced.distinct:,} worlds, factor {worlds:.1f} (steps {steps:.1f}),")
        print(f"    {whole.distinct / spent:,.0f} worlds and {whole.generated / spent:,.0f} steps per CPU second")
    if "--runs" in sys.argv:
        checker = Checker(Ensemble(3, retained=2, max_counter=5))
        began = time.process_time()
        events = sum(checker.run(seed, 1000).events for seed in range(20))
        print(
            f"{events / (time.process_time() - began):,.0f} simulated events per CPU second, both specifications beside"
        )


if __name__ == "__main__":
    main()
