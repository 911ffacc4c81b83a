"""Members of an ensemble on real machines: configuration, TCP between them, disk and clock, the process."""
