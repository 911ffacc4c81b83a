"""`quorate serve`: the reference implementation as a server that ZooKeeper's clients can use."""

from pathlib import Path

import click
from click.core import ParameterSource

from .mistakes import Mistake

PORT = click.IntRange(0, 65535)

EPILOG = """\b
Examples:
  quorate serve
  quorate serve --data ./data --port 2181
  quorate serve --port 0 --words '*' --metrics-port 9100
  quorate serve --ensemble zoo.cfg --id 1 --data ./data1
"""
_FOR_MEMBERS = ("data", "ensemble", "id_", "log_level")


@click.command("serve", epilog=EPILOG, short_help="Serve ZooKeeper's client protocol.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the log and the snapshots.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=2181, show_default=True, type=PORT, help="Port to listen on; 0 takes a free one.")
@click.option(
    "--tick", default=2000, show_default=True, metavar="MS", type=click.IntRange(10), help="Length of a tick."
)
@click.option("--words", default="srvr", show_default=True, help="Four-letter words to answer, with commas; * for all.")
@click.option("--metrics-port", type=PORT, help="Port of the Prometheus endpoint; none if absent.")
@click.option("--snapshot-every", default=100_000, show_default=True, type=click.IntRange(1), help="Transactions.")
@click.option("--super-digest", help="Who may do everything: user:base64(SHA1(user:password)).")
@click.option("--tls-certificate", type=click.Path(path_type=Path), help="PEM file; the port then speaks TLS only.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="PEM file of the certificate's key.")
@click.option("--tls-client-ca", type=click.Path(path_type=Path), help="PEM file; only its clients are let in.")
@click.option("--ensemble", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Serve as a member.")
@click.option("--id", "id_", type=click.IntRange(1, 255), help="Which server.N of the ensemble; else what myid says.")
@click.option("--log-level", default="info", show_default=True, type=click.Choice(["info", "warning", "error"]))
@click.pass_context
def serve(
    context: click.Context,
    data: Path | None,
    host: str,
    port: int,
    tick: int,
    words: str,
    metrics_port: int | None,
    snapshot_every: int,
    super_digest: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    ensemble: Path | None,
    id_: int | None,
    log_level: str,
) -> None:
    """Serves until SIGINT or SIGTERM. Without --data, everything is lost with the process.

    One line of JSON on standard output says where; the log is JSON lines on standard error. With --ensemble this is one
    member of several, and its ports and times stand in that file (docs/ensemble.md).
    """
    if ensemble is not None:
        _serve_member(context, ensemble, id_, data, log_level)
        return
    if id_ is not None:
        raise Mistake("--id says which member of an ensemble this is; give --ensemble FILE too")
    from ...impl.data.settings import Settings
    from ...impl.disk.recovery import Unrecoverable
    from ...impl.server import main

    if (tls_certificate is None) != (tls_key is None) or (tls_client_ca and not tls_key):
        raise Mistake("TLS needs --tls-certificate and --tls-key together; give both or neither")
    tls = main.Tls(tls_certificate, tls_key, tls_client_ca) if tls_certificate and tls_key else None
    settings = Settings(tick_ms=tick, words=frozenset(words.split(",")), super_digest=super_digest)
    try:
        main.serve(
            host=host,
            port=port,
            data=data,
            settings=settings,
            tls=tls,
            metrics_port=metrics_port,
            log_level=log_level,
            snapshot_every=snapshot_every,
        )
    except Unrecoverable as damage:
        raise Mistake(f"{data}: {damage}") from None
    except OSError as error:
        raise Mistake(f"cannot serve on {host}:{port}: {error}; choose another port, folder or file") from None


def _serve_member(context: click.Context, file: Path, id_: int | None, data: Path | None, log_level: str) -> None:
    from ...impl.disk.recovery import Unrecoverable
    from ...impl.quorum import configuration, main
    from ...impl.server.main import serve as serve_alone

    for name in context.params:
        if name not in _FOR_MEMBERS and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise Mistake(f"--{name.replace('_', '-')} does not go with --ensemble; say it in {file}")
    try:
        described = configuration.with_data(configuration.parse(file.read_text()), data)
        if described.servers:
            main.serve_member(described, configuration.sid_of(described, id_), log_level)
        else:
            serve_alone(
                host=described.client_host,
                port=described.client_port,
                data=described.data,
                settings=described.settings,
                log_level=log_level,
                snapshot_every=described.snapshot_every,
            )
    except (configuration.Misconfigured, UnicodeDecodeError) as error:
        raise Mistake(f"{file}: {error}") from None
    except (Unrecoverable, OSError) as error:
        raise Mistake(f"cannot serve as a member of {file}: {error}") from None
