"""The reference implementation of ZooKeeper: a sans-IO core, then storage, wire and server around it."""
