"""The first-order layer, for proofs about any number of servers."""
