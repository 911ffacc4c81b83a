"""What a comparison adds to a specification: whether the service beside it shows the same, as text."""

from ...spec.lang import Spec, action, invariant, require, state


class Compared(Spec):
    """A specification with the service beside it."""

    conforms: bool = state(True, ghost=True)

    @action
    def nothing(self) -> None:
        """Steps are those of the specification."""
        require(False)

    @invariant
    def conformance(self) -> bool:
        """After every step the service shows what the specification says."""
        return self.conforms
