"""Transaction logs and snapshots in ZooKeeper's own on-disk format, and what is left of them after a crash."""
