"""ZooKeeper at any size: epoch establishment, ZAB, election, znodes and sessions."""
