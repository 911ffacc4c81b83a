"""The local server behind a live page: loopback only, one random token per start, and answers to nobody else.

A request must name the token in its path and this server in its Host; a question must come from a page of this server
(Origin), as JSON, and be small. Pages are the one-file page, with leave to ask where they came from. Nothing is read
from or written to a path that a request names. Knows HTTP and who may ask; what is asked is the business of Answers.
"""

import hmac
import secrets
import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from ...traces.page.document import LIVE, page
from .answers import Answers
from .session import Impossible

LOOPBACK = "127.0.0.1"
MOST_BYTES = 16 * 1024  # of a question
PATIENCE = 30.0  # seconds a client may keep silent

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Server(ThreadingHTTPServer):
    """Serves sessions under /TOKEN/0/, /TOKEN/1/, …, and what compares them under /TOKEN/; port 0 takes a free one."""

    daemon_threads = True
    block_on_close = False  # a search that nobody waits for any more does not hold up the end

    def __init__(self, sessions: Sequence[Answers], port: int = 0, front: str | None = None) -> None:
        self.token = secrets.token_urlsafe(24)
        self.sessions, self.front = sessions, front
        self.turn = threading.Lock()  # one question at a time: sessions are plain objects
        super().__init__((LOOPBACK, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else is a fault of ours, and is shown as one."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """Where the first page is."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def is_own(self, host: str | None) -> bool:
        """Whether a Host names this server: another name for it would let a foreign page in (DNS rebinding)."""
        return host in (f"{LOOPBACK}:{self.server_port}", f"localhost:{self.server_port}")


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = PATIENCE
    server_version, sys_version = "quorate", ""

    def do_GET(self) -> None:
        self._respond(self._page)

    def do_POST(self) -> None:
        self._respond(self._answer)

    def _respond(self, make: Any) -> None:
        try:
            status, kind, body, more = make(self._place())
        except _Refused as refused:
            status, kind, body, more = refused.status, "text/plain", str(refused).encode(), {}
        self.send_response(status)
        headers = {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body)), **more}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _place(self) -> str:
        """The path behind the token; refuses whoever does not know it, or calls the server by another name."""
        if not self.server.is_own(self.headers.get("Host")):
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "This server answers under its own address only.")
        token, _, place = self.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise _Refused(HTTPStatus.NOT_FOUND, "There is nothing here. The address that was printed is longer.")
        return place

    def _session(self, place: str) -> Answers:
        number = place.partition("/")[0]
        if not number.isdecimal() or len(number) > 3 or int(number) >= len(self.server.sessions):
            raise _Refused(HTTPStatus.NOT_FOUND, "There is no such page.")
        return self.server.sessions[int(number)]

    def _page(self, place: str) -> tuple[HTTPStatus, str, bytes, dict[str, str]]:
        if place == "" and self.server.front is None:
            return HTTPStatus.FOUND, "text/plain", b"", {"Location": "0/"}
        if place == "" and self.server.front is not None:
            return HTTPStatus.OK, "text/html", self.server.front.encode(), {}
        session = self._session(place)
        if not place.endswith("/") or place.count("/") != 1:
            raise _Refused(HTTPStatus.NOT_FOUND, "There is no such page.")
        with self.server.turn:
            text = page(session.shown(session.front()), LIVE)
        return HTTPStatus.OK, "text/html", text.encode(), {}

    def _answer(self, place: str) -> tuple[HTTPStatus, str, bytes, dict[str, str]]:
        session = self._session(place)
        if place.partition("/")[2] != "ask":
            raise _Refused(HTTPStatus.NOT_FOUND, "Questions go to ask.")
        body = self._body()
        try:
            with self.server.turn:
                found = session.answer(body)
        except Impossible as problem:
            found = {"error": str(problem)}  # an answer like any other: the page shows it
        return HTTPStatus.OK, "application/json", msgspec.json.encode(found), {}

    def _body(self) -> bytes:
        """The question, if it comes from a page of ours and is small."""
        origin = self.headers.get("Origin") or ""
        if not origin.startswith("http://") or not self.server.is_own(origin.removeprefix("http://")):
            raise _Refused(HTTPStatus.FORBIDDEN, "Only a page of this server may ask.")
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A question is JSON.")
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal() or len(length) > 9:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "A question says how long it is.")
        if int(length) > MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A question has at most {MOST_BYTES:,} bytes.")
        return self.rfile.read(int(length))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what a person does in the page is no news."""
