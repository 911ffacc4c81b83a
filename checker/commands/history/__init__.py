"""What releases did: `quorate versions`, and the words `version=` and `fix=` of a command line."""
