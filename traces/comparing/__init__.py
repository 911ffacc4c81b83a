"""Traces beside each other: how far they are the same, how the rest lines up, and the page that shows it."""
