"""ZooKeeper as releases have built it: the threads, queues and files between Zab's steps, and their faults."""
