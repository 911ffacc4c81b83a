"""The server: whoever lacks the token, comes by another name, from another page, or with too much, gets nothing."""

import http.client
import json
import socket
import threading

import pytest
from quorate.checker.browse.server import MOST_BYTES, Server

QUESTION = json.dumps({"ask": "start", "choice": 0}).encode()


@pytest.fixture
def server(answers):
    with Server([answers]) as own:
        thread = threading.Thread(target=own.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield own
        own.shutdown()
        thread.join()


@pytest.fixture
def request_to(server):
    def sent(method: str, place: str, body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        own = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{server.server_port}"} if body else {}
        given = own | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, place, body, {name: value for name, value in given.items() if value})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text, answer.headers

    return sent


def test_the_page_may_ask_its_own_server_and_nobody_else(server, request_to):
    status, text, headers = request_to("GET", f"/{server.token}/0/")
    assert status == 200
    assert b"connect-src &#x27;self&#x27;" in text and b"default-src &#x27;none&#x27;" in text
    assert headers["Referrer-Policy"] == "no-referrer" and headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
    assert request_to("GET", f"/{server.token}/")[0] == 302


def test_a_question_is_answered(server, request_to):
    status, text, _ = request_to("POST", f"/{server.token}/0/ask", QUESTION)
    assert (status, json.loads(text)["live"]["node"]) == (200, 0)
    status, text, _ = request_to("POST", f"/{server.token}/0/ask", b'{"ask": "open", "node": 77}')
    assert status == 200 and "no state with the number 77" in json.loads(text)["error"]


def test_it_listens_on_loopback_only_and_the_token_is_new_each_time(server, answers):
    assert server.server_address[0] == "127.0.0.1"
    with Server([answers]) as other:
        assert len(other.token) >= 32 and other.token != server.token


@pytest.mark.parametrize("place", ["/", "/wrong/0/", "//0/", "/{token}", "/{token}x/0/", "/%00", "/../{token}"])
def test_without_the_token_there_is_nothing(server, request_to, place):
    status, text, _ = request_to("GET", place.format(token=server.token) if "x" in place or ".." in place else place)
    assert status == 404 and server.token.encode() not in text


@pytest.mark.parametrize("place", ["1/", "0/../0/", "0", "-1/", "0/page.css", "0/0/", "٣/", "9999999999/"])
def test_there_are_no_other_pages(server, request_to, place):
    connection = socket.create_connection(("127.0.0.1", server.server_port), timeout=20)
    connection.sendall(f"GET /{server.token}/{place} HTTP/1.0\r\nHost: 127.0.0.1:{server.server_port}\r\n\r\n".encode())
    assert connection.makefile("rb").readline().split()[1] == b"404"
    connection.close()


def test_another_name_for_this_server_is_refused(server, request_to):
    for host in ("evil.example", f"evil.example:{server.server_port}", "127.0.0.1:1", "127.0.0.1"):
        assert request_to("GET", f"/{server.token}/0/", Host=host)[0] == 421
    assert request_to("GET", f"/{server.token}/0/", Host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://127.0.0.1"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Length": "many"}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": str(MOST_BYTES + 1)}, 413),
    ],
)
def test_only_a_page_of_ours_may_ask_and_briefly(server, request_to, headers, status):
    assert request_to("POST", f"/{server.token}/0/ask", QUESTION, **headers)[0] == status


def test_other_methods_and_places_for_questions(server, request_to):
    assert request_to("POST", f"/{server.token}/0/", QUESTION)[0] == 404
    assert request_to("POST", f"/{server.token}/0/save", QUESTION)[0] == 404
    for method in ("PUT", "DELETE", "OPTIONS", "HEAD"):
        assert request_to(method, f"/{server.token}/0/ask", QUESTION)[0] == 501


def test_a_client_that_goes_away_harms_nobody(server, request_to, capsys):
    connection = socket.create_connection(("127.0.0.1", server.server_port))
    connection.sendall(f"POST /{server.token}/0/ask HTTP/1.0\r\n".encode())
    connection.close()
    assert request_to("GET", f"/{server.token}/0/")[0] == 200
    assert "Traceback" not in capsys.readouterr().err
