"""What a tree means: run in Python, interpreted with explanations, its reads and writes, and printed as text."""
