"""A member of an ensemble without input and output: the node, and the data service on top of it."""
