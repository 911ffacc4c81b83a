"""`python -m quorate.impl.server`: a standalone server, until the command line has a word for it."""

import argparse
from pathlib import Path

from ..data.settings import Settings
from .logs import LEVELS
from .main import Tls, serve


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="quorate.impl.server", description="Serve ZooKeeper's client protocol.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2181, help="0 takes a free port")
    parser.add_argument("--data", type=Path, help="folder for log and snapshots; without it nothing is kept")
    parser.add_argument("--tick", type=int, default=2000, help="milliseconds")
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--tls-certificate", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--tls-client-ca", type=Path)
    parser.add_argument("--words", default="srvr", help="four-letter words to answer, comma-separated, * for all")
    parser.add_argument("--super-digest", help="user:base64(SHA1(user:password)) of the super user")
    parser.add_argument("--log-level", default="info", choices=LEVELS)
    parser.add_argument("--container-check", type=int, default=60_000, help="milliseconds")
    parser.add_argument("--snapshot-every", type=int, default=100_000, help="transactions between two snapshots")
    arguments = parser.parse_args()
    settings = Settings(
        tick_ms=arguments.tick,
        words=frozenset(arguments.words.split(",")),
        super_digest=arguments.super_digest,
        container_check_ms=arguments.container_check,
    )
    tls = None
    if arguments.tls_certificate is not None:
        tls = Tls(arguments.tls_certificate, arguments.tls_key, arguments.tls_client_ca)
    serve(
        host=arguments.host,
        port=arguments.port,
        data=arguments.data,
        settings=settings,
        metrics_port=arguments.metrics_port,
        log_level=arguments.log_level,
        snapshot_every=arguments.snapshot_every,
        tls=tls,
    )


if __name__ == "__main__":
    main()
