"""Many simulated runs of members beside `znodes`: `python -m quorate.checker.refinement.members --runs 300`.

Exit code 0 when nothing was wrong, 1 otherwise. The same seeds give the same output.
"""

import argparse
import sys
from collections import Counter

from ....traces.replay import replay
from ....traces.store import write
from .runs import Checked, run


def main() -> int:
    """Runs, and says what came of it."""
    words = argparse.ArgumentParser(description="Simulated runs of members, every write of which is a step of znodes.")
    words.add_argument("--runs", type=int, default=100)
    words.add_argument("--steps", type=int, default=800, help="of every run; one may be many messages")
    words.add_argument("--seed", type=int, default=0, help="of the first run; the others follow")
    given = words.parse_args()
    found: list[Checked] = []
    for seed in range(given.seed, given.seed + given.runs):
        found.append(run(seed, given.steps))
        _tell(found[-1])
        if len(found) % 100 == 0 or len(found) == given.runs:
            print(f"seeds {given.seed} to {seed}: {summary(found)}", flush=True)
    return int(any(one.wrong for one in found))


def _tell(one: Checked) -> None:
    if one.wrong is not None:
        print(f"seed {one.seed}: {one.wrong}", flush=True)
    if one.trace is not None:
        print(f"  trace in: {write(replay(one.trace))}", flush=True)


def summary(found: list[Checked]) -> str:
    """What some runs have done, in figures."""
    done = sum((one.done for one in found), Counter[str]())
    actions = sum((one.actions for one in found), Counter[str]())
    committed, steps = sum(one.committed for one in found), sum(one.steps for one in found)
    return (
        f"{committed:,} transactions committed, {steps:,} steps of {len(actions)} actions, "
        f"applied {sum(one.applied for one in found):,} times; {done['saved']:,} snapshots saved, "
        f"{done['InstallSnapshot']:,} sent, {done['CutLog']:,} logs truncated, {done['crashed']:,} crashes, "
        f"{done['started from a snapshot']:,} starts from a snapshot; in {sum(one.thorough for one in found):,} runs "
        f"all of these; {sum(one.wrong is not None for one in found):,} runs went wrong"
    )


if __name__ == "__main__":
    sys.exit(main())
