"""The halves of `quorate prove`: any size, and counterexamples to induction."""
