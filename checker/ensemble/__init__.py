"""Ensembles of the reference implementation as processes on this machine: start, watch, stop."""
