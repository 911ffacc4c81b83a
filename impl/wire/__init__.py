"""What travels on the wire and lies on disk: jute's primitives, the shared records, the client protocol."""
