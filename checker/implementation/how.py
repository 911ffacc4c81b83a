"""How a budget is explored: what changes neither a verdict nor, but for the reduction, a count."""

from dataclasses import dataclass

REFINEMENT = "refinement"  # the name of the property that every step is one of the specifications


@dataclass(frozen=True, slots=True)
class How:
    """With the partial-order reduction or without, beside the specifications or not, and in how many processes.

    The reduction knows nothing of the specifications, so that the two exclude each other.
    """

    reduce: bool = False
    processes: int = 1
    refine: bool = False
    properties: tuple[str, ...] | None = None  # those to check; None means all

    def checks(self, name: str) -> bool:
        """Whether a property is one of those to check."""
        return self.properties is None or name in self.properties

    def __post_init__(self) -> None:
        assert not (self.reduce and self.refine)

    def words(self) -> dict[str, int]:
        """What the command line calls it."""
        return {"reduction": int(self.reduce), REFINEMENT: int(self.refine)}
