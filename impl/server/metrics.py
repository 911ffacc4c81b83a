"""The Prometheus text endpoint: `GET /metrics` on a port of its own, HTTP/1.0, one answer for a connection."""

import asyncio

from ..service import words
from ..service.service import Service

REQUEST_BYTES_MAX = 8192
_PAUSE_S = 10


def text(service: Service) -> str:
    """All measures in the exposition format, version 0.0.4."""
    lines = []
    for name, value in words.numbers(service):
        kind = "counter" if name.startswith("packets_") else "gauge"
        lines.append(f"# TYPE {name} {kind}\n{name} {value}\n")
    return "".join(lines)


async def answer(service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read one request, answer it, hang up; a peer that says nothing or too much is cut off."""
    try:
        async with asyncio.timeout(_PAUSE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            status, body = "200 OK", ""
            if head.split(b" ")[:2] == [b"GET", b"/metrics"]:
                body = text(service)
            else:
                status, body = "404 Not Found", "ask for GET /metrics\n"
            kind = "text/plain; version=0.0.4; charset=utf-8"
            writer.write(
                f"HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            await writer.drain()
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def listen(service: Service, host: str, port: int) -> asyncio.Server:
    """Serve the endpoint; the caller closes it."""
    return await asyncio.start_server(lambda r, w: answer(service, r, w), host, port, limit=REQUEST_BYTES_MAX)
