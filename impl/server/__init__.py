"""The service on real sockets: asyncio, TLS, group commit to disk, metrics, logs."""
