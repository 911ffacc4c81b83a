"""`python -m quorate.impl.quorum FILE`: one member of the ensemble that a file describes."""

import argparse
import sys
from pathlib import Path

from ..disk.recovery import Unrecoverable
from .configuration import Misconfigured, parse, sid_of, with_data
from .main import serve_member


def main() -> int:
    """Read the arguments and serve; 2 when the file or the folder is not as it should be."""
    parser = argparse.ArgumentParser(prog="quorate.impl.quorum", description="Serve as a member of an ensemble.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--id", type=int, help="which server.N this is; without it, as myid in the data folder says")
    parser.add_argument("--data", type=Path, help="in place of dataDir")
    parser.add_argument("--log-level", default="info", choices=("info", "warning", "error"))
    arguments = parser.parse_args()
    try:
        configuration = with_data(parse(arguments.file.read_text()), arguments.data)
        serve_member(configuration, sid_of(configuration, arguments.id), arguments.log_level)
    except (Misconfigured, Unrecoverable, OSError) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
