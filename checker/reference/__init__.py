"""The reference engine: breadth-first search in Python, readable first, the oracle of the others."""
