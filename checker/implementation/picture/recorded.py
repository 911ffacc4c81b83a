"""A simulated run as a trace: its labels are performed again, with the specifications beside the nodes."""

from ....impl.ensemble.simulation import Run
from ....impl.ensemble.state import Ensemble
from ....traces.trace import Step, Trace
from ..how import REFINEMENT
from .performer import Performer, tree

_OFTEN = 1000  # more than a run has events of one kind
_REQUESTS = 100


def trace_of(ensemble: Ensemble, run: Run, name: str) -> Trace:
    """The trace of a run that ended in the violation of this property, or of refinement."""
    assert not ensemble.observers, "the picture knows no observers"
    often = dict.fromkeys(("crashes", "timeouts", "breaks", "drops", "duplicates", "rounds"), _OFTEN)
    own = {"servers": ensemble.servers, "retained": ensemble.retained, "elections": _OFTEN * ensemble.oracle}
    kind = {"slow_disk": 1, "simulated": min(ensemble.max_counter, 2**31), "reduction": 0, "refinement": 1}
    specification = tree({**often, **own, **kind, "transactions": _REQUESTS}, sorted(ensemble.bugs))
    performer = specification.performer
    assert isinstance(performer, Performer)
    steps = tuple(Step(label, state) for label, state in performer.shown(run.labels))
    return Trace(specification, "impl:cluster", steps, "violated", name, engine="simulation", seed=run.seed)


def name_of(wrong: str) -> str:
    """The property that a run violated, of what is said of it."""
    return REFINEMENT if wrong.startswith(REFINEMENT) else wrong
