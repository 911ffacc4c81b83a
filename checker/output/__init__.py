"""Results in words and in formats, colours, progress: what every command prints with."""
