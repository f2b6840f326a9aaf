"""HTTP tasks against a real server on this machine."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from context import FakeContext

from podium.plugin.task import Cancelled, TaskError

HTTP = "io.kestra.plugin.core.http."
REQUEST = HTTP + "Request"
DOWNLOAD = HTTP + "Download"


class Handler(BaseHTTPRequestHandler):
    """Echoes what it gets; the path says how."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("latin-1")
        path = self.path.partition("?")[0]
        if path == "/redirect":
            self._answer(302, b"", Location="/echo")
        elif path.startswith("/status/"):
            self._answer(int(path.rsplit("/", 1)[1]), b"reason: none")
        elif path == "/binary":
            self._answer(200, b"\xff\xfe\x00")
        elif path == "/empty":
            self._answer(200, b"")
        elif path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"abc")
            self.close_connection = True
        elif path == "/named":
            self._answer(200, b"csv", **{"Content-Disposition": "attachment; filename*=UTF-8''dir%2Fr%C3%A9port.csv"})
        elif path == "/packed":
            self._answer(200, gzip.compress(b"x" * 1000), **{"Content-Encoding": "gzip"})
        elif path == "/events":
            self._answer(
                200, b': hi\nid: 1\nevent: e\ndata: {"t": "a"}\n\ndata: plain\ndata: text\r\n\ndata: {"t": "b"}'
            )
        elif path == "/cookies":
            self.send_response(200)
            for value in ("a=1", "b=2"):
                self.send_header("Set-Cookie", value)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            echo = {"method": self.command, "path": self.path, "headers": headers, "body": body}
            self._answer(200, json.dumps(echo).encode())

    do_POST = do_PUT = do_GET

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def echo(ctx: FakeContext, uri: str, **props: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ctx.run(REQUEST, uri=uri, **props)["body"])
    return answer


def failure(ctx: FakeContext, type_name: str, **props: Any) -> str:
    with pytest.raises(TaskError) as caught:
        ctx.run(type_name, **props)
    return str(caught.value)


def test_a_request_gives_status_headers_and_body(ctx: FakeContext, url: str) -> None:
    outputs = ctx.run(REQUEST, uri=f"{url}/a b?x=1", params={"y": "2"})
    assert (outputs["code"], outputs["uri"]) == (200, f"{url}/a%20b?x=1&y=2")
    assert outputs["headers"]["content-length"] == [str(len(outputs["body"]))]
    assert json.loads(outputs["body"])["headers"]["content-type"] == "application/json"
    assert ctx.run(REQUEST, uri=f"{url}/cookies")["headers"]["set-cookie"] == ["a=1", "b=2"]
    assert "body" not in ctx.run(REQUEST, uri=f"{url}/cookies")


@pytest.mark.parametrize(
    ("props", "kind", "body"),
    [
        ({"body": "{{ inputs.j }}"}, "application/json; charset=UTF-8", '{"a":1}'),
        ({"body": "x", "contentType": "text/plain"}, "text/plain; charset=UTF-8", "x"),
        ({"body": "x", "headers": {"content-type": "text/x"}}, "text/x", "x"),
        ({"body": "é", "options": {"defaultCharset": "ISO-8859-1"}}, "application/json; charset=ISO-8859-1", "é"),
        ({"formData": {"a": "1 2", "b": {"c": 1}}}, "application/x-www-form-urlencoded", "a=1+2&b=%7B%22c%22%3A+1%7D"),
    ],
)
def test_bodies(ctx: FakeContext, url: str, props: dict[str, Any], kind: str, body: str) -> None:
    ctx.variables["inputs"] = {"j": {"a": 1}}
    answer = echo(ctx, url, method="post", **props)
    assert (answer["method"], answer["headers"]["content-type"], answer["body"]) == ("POST", kind, body)


def test_a_multipart_form_carries_files(ctx: FakeContext, url: str) -> None:
    form = {"f": ctx.stored("content", "up.txt"), "g": {"name": "g.csv", "content": ctx.stored("C", "c.txt")}, "t": "x"}
    answer = echo(ctx, url, method="POST", contentType="multipart/form-data", formData=form)
    assert answer["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="f"; filename="up.txt"\r\n\r\ncontent\r\n' in answer["body"]
    assert 'name="g"; filename="g.csv"\r\n\r\nC\r\n' in answer["body"]
    assert 'name="t"\r\n\r\nx\r\n' in answer["body"]


@pytest.mark.parametrize(
    ("props", "header"),
    [
        ({"options": {"auth": {"type": "BASIC", "username": "u", "password": "p"}}}, "Basic dTpw"),
        ({"options": {"auth": {"type": "bearer", "token": "{{ inputs.t }}"}}}, "Bearer T"),
        ({"options": {"basicAuthUser": "u", "basicAuthPassword": "p"}}, "Basic dTpw"),
        ({"auth": {"username": "u", "password": "p"}}, "Basic dTpw"),
    ],
)
def test_who_asks(ctx: FakeContext, url: str, props: dict[str, Any], header: str) -> None:
    ctx.variables["inputs"] = {"t": "T"}
    assert echo(ctx, url, **props)["headers"]["authorization"] == header


@pytest.mark.parametrize(
    "props",
    [{"options": {"allowFailed": True}}, {"options": {"allowedResponseCodes": [404]}}, {"allowFailed": True}],
)
def test_a_failed_status_may_be_allowed(ctx: FakeContext, url: str, props: dict[str, Any]) -> None:
    assert ctx.run(REQUEST, uri=f"{url}/status/404", **props)["code"] == 404


@pytest.mark.parametrize(
    ("path", "props", "message"),
    [
        ("/status/500", {}, "response code '500' (Internal Server Error) and body:\nreason: none"),
        ("/status/404", {"options": {"allowedResponseCodes": [500]}}, "Failed http request with response code '404'"),
        ("/binary", {}, "is not a text. Use `io.kestra.plugin.core.http.Download`"),
    ],
)
def test_failures(ctx: FakeContext, url: str, path: str, props: dict[str, Any], message: str) -> None:
    assert message in failure(ctx, REQUEST, uri=url + path, **props)


def test_a_server_that_does_not_answer(ctx: FakeContext) -> None:
    message = failure(ctx, REQUEST, uri="http://127.0.0.1:1/")
    assert message.startswith("GET http://127.0.0.1:1/ failed: ")
    assert "Connection refused" in message
    assert "HTTPConnection" not in message


def test_redirections(ctx: FakeContext, url: str) -> None:
    assert ctx.run(REQUEST, uri=f"{url}/redirect")["uri"] == f"{url}/echo"
    assert ctx.run(REQUEST, uri=f"{url}/redirect", options={"followRedirects": False})["code"] == 302


def test_secrets_stay_out_of_the_logged_exchange(ctx: FakeContext, url: str) -> None:
    options = {"auth": {"type": "BEARER", "token": "T0k"}, "logLevel": "TRACE"}
    ctx.run(REQUEST, uri=f"{url}/status/200", body="question", options=options)
    said = "\n".join(ctx.log.of("INFO"))
    assert "T0k" not in said
    assert all(part in said for part in ("Authorization: ******", "question", "Content-Length", "reason: none"))
    ctx.run(REQUEST, uri=f"{url}/status/200", encryptBody=True)
    assert ctx.masked == ["reason: none"]


@pytest.mark.parametrize(
    ("path", "props", "name", "content"),
    [
        ("/named", {}, "r%C3%A9port.csv", "csv"),
        ("/named", {"saveAs": "mine.txt"}, "mine.txt", "csv"),
        ("/packed", {}, None, "x" * 1000),
    ],
)
def test_downloads(
    ctx: FakeContext, url: str, path: str, props: dict[str, Any], name: str | None, content: str
) -> None:
    outputs = ctx.run(DOWNLOAD, uri=url + path, **props)
    assert ctx.storage.text(outputs["uri"]) == content
    assert (outputs["code"], outputs["length"]) == (200, len(content))
    assert name is None or outputs["uri"].endswith(f"/{name}")
    assert ctx.metrics == [("response.length", len(content), "counter", {})]


def test_an_empty_answer_that_is_allowed(ctx: FakeContext, url: str) -> None:
    outputs = ctx.run(DOWNLOAD, uri=f"{url}/empty", options={"allowFailed": True})
    assert (outputs["code"], outputs["length"]) == (200, 0)
    assert ctx.log.of("WARN") == ["No response from server"]


def test_a_body_that_is_to_be_encrypted(ctx: FakeContext, url: str) -> None:
    outputs = ctx.run(REQUEST, uri=f"{url}/status/200", encryptBody=True, options={"logs": ["RESPONSE_BODY"]})
    assert "body" not in outputs
    # There is no key.
    assert outputs["encryptedBody"] == {"type": "io.kestra.datatype:aes_encrypted", "value": "reason: none"}
    assert ctx.masked == ["reason: none"] and not any("reason" in line for line in ctx.log.of("INFO"))


def test_downloads_that_are_not_whole(ctx: FakeContext, url: str) -> None:
    assert failure(ctx, DOWNLOAD, uri=f"{url}/empty") == "No response from server"
    assert ctx.run(DOWNLOAD, uri=f"{url}/empty", failOnEmptyResponse=False)["length"] == 0
    assert ctx.log.of("WARN") == ["No response from server"]
    assert "incomplete" in failure(ctx, DOWNLOAD, uri=f"{url}/short").lower()
    ctx.cancelled.set()
    with pytest.raises(Cancelled):
        ctx.run(DOWNLOAD, uri=f"{url}/packed")


def test_events(ctx: FakeContext, url: str) -> None:
    outputs = ctx.run(HTTP + "SseRequest", uri=f"{url}/events")
    events = [
        {"comment": "hi", "id": "1", "event": "e", "data": {"t": "a"}}, {"data": "plain\ntext"}, {"data": {"t": "b"}},
    ]  # fmt: skip
    assert (outputs["size"], outputs["events"]) == (3, events)
    assert ctx.records(outputs["uri"]) == events
