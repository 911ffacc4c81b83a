"""From the typed tree to the C text of one model; nothing here compiles, loads or runs anything."""
