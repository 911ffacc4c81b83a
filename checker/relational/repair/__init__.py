"""Repair of a broken proof: schemas of invariants, and the search for those that mend it."""
