"""What happened, as data and as pictures."""
