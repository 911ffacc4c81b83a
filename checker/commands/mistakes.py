"""Exit codes, and the one exception for what a user can mend."""

EXIT_HOLDS = 0
EXIT_VIOLATED = 1
EXIT_MISTAKE = 2
EXIT_INTERNAL = 3
EXIT_INCOMPLETE = 4
EXIT_NOTHING_CHECKED = 5
EXIT_VACUOUS = 6
EXIT_INTERRUPTED = 130


class Mistake(Exception):
    """Something the user can mend: the text says what, where, why, and the cure."""
