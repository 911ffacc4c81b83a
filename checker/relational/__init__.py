"""Proofs about any number of servers: obligations, cores, counterexamples to induction, suggestions."""
