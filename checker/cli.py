"""The command `quorate`: the door, which opens fast. Everything else is imported when it is asked for."""

import sys


def main() -> None:
    """Runs the command line of this process; the exit code is in facts and docs: 0 holds, 1 violated, 2 mistake, …"""
    if sys.argv[1:] == ["--version"]:
        from .. import __version__

        print(f"quorate {__version__}")
        return
    from .commands.root import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
