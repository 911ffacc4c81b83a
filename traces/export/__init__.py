"""Traces in other people's formats: ITF, graphs, sequence diagrams, Markdown."""
