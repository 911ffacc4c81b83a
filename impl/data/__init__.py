"""ZooKeeper's data service as pure functions and plain state: no I/O, no clock, no randomness of its own."""
