"""Worlds as rows of numbers, what can happen in them, and what of that must be explored."""
