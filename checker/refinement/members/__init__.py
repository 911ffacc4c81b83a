"""Simulated members beside `znodes`: every committed write is a step of the specification, or none, on every member."""
