"""Many simulated runs with the specifications beside them: `python -m quorate.checker.refinement.cluster --runs 100`.

Exit code 0 when nothing was wrong, 1 otherwise. The same seeds give the same output.
"""

import argparse
import sys
from pathlib import Path

from ....impl.ensemble.simulation import simulate
from ....impl.ensemble.state import Ensemble
from ....traces.replay import replay
from ....traces.store import write
from ...implementation.picture.recorded import name_of, trace_of
from .runs import Checked, runs


def main() -> int:
    """Runs, and says what came of it."""
    words = argparse.ArgumentParser(description="Simulated runs with faults, checked and refined step for step.")
    words.add_argument("--runs", type=int, default=100)
    words.add_argument("--events", type=int, default=1000, help="of every run")
    words.add_argument("--seed", type=int, default=0, help="of the first run; the others follow")
    words.add_argument("--servers", type=int, default=3)
    words.add_argument("--processes", type=int, help="usually one for each core")
    given = words.parse_args()
    ensemble = Ensemble(given.servers, retained=2, max_counter=5)
    seeds = range(given.seed, given.seed + given.runs)
    events = committed = epochs = wrong = 0
    for number, run in enumerate(runs(ensemble, seeds, given.events, given.processes), start=1):
        events, committed, epochs = events + run.events, committed + run.committed, epochs + run.epochs
        if run.wrong is not None:
            wrong += 1
            print(f"seed {run.seed}, event {run.events}: {run.wrong}", flush=True)
            print(f"  trace in: {_stored(ensemble, run)}", flush=True)
        if number % 1000 == 0 or number == given.runs:
            print(f"seeds {given.seed} to {run.seed}: {events:,} events, {committed:,} transactions committed", end="")
            print(f", {epochs:,} epochs established, {wrong} runs went wrong", flush=True)
    return int(wrong > 0)


def _stored(ensemble: Ensemble, run: Checked) -> Path:
    """The run as a trace, replayed and written."""
    again = simulate(ensemble, run.seed, run.events)
    return write(replay(trace_of(ensemble, again, name_of(str(run.wrong)))))


if __name__ == "__main__":
    sys.exit(main())
