"""The HTTP side of `podium serve`: webhooks and a health check, on loopback only."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from podium.runtime.kestra_json import shown_execution
from podium.server.serve import Server
from podium.server.webhooks import WebhookRefused, WebhookRequest, webhook_firing
from podium.store.errors import StoreError

_JSON = "application/json"
_LARGEST_BODY = 10 * 1024 * 1024
_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


def listening(server: Server, port: int, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server that answers in threads of its own until it is shut down; raises StoreError when the port is taken."""

    class Handler(_Handler):
        podium = server

    try:
        http = _Listener((host, port), Handler)
    except OSError as error:
        raise StoreError(
            f"Port {port} of {host} cannot be used: {error.strerror}. Choose another one with --port."
        ) from error  # fmt: skip
    http.podium = server
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, name="http", daemon=True).start()
    return http


class _Listener(ThreadingHTTPServer):
    podium: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who goes away before the answer is nobody's mistake; anything else is told in one sentence."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.podium.tell(f"A request could not be answered: {type(error).__name__}: {error}")


class _Handler(BaseHTTPRequestHandler):
    podium: Server
    server_version = "Podium"
    sys_version = ""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    do_PUT = do_PATCH = do_DELETE = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are told by what they start, not one by one."""

    def _handle(self) -> None:
        try:
            if not self._is_local():
                self._answer(403, {"message": "Podium answers to requests for this machine only."})
                return
            parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
            if parts == ["health"]:
                self._answer(200, {"status": "UP"})
            elif parts[:2] == ["api", "v1"] and "webhook" in parts[2:5]:
                self._webhook(parts[parts.index("webhook") + 1 :])
            else:
                self._answer(404, {"message": "Not Found"})
        except StoreError as error:
            self._answer(500, {"message": str(error)})

    def _is_local(self) -> bool:
        """A page of another site must not reach the webhooks by way of the user's browser."""
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0].lower()
        origin = self.headers.get("Origin")
        return host in _HOSTS and (origin is None or (urlsplit(origin).hostname or "") in _HOSTS)

    def _webhook(self, parts: list[str]) -> None:
        if len(parts) != 3:
            self._answer(404, {"message": "Not Found: an address is /webhook/NAMESPACE/FLOW/KEY"})
            return
        given = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not (given.isascii() and given.isdigit()):
            self.close_connection = True
            self._answer(411, {"message": "The request must say how long its body is: send Content-Length."})
            return
        length = int(given)
        if length > _LARGEST_BODY:
            self._answer(413, {"message": f"The body is larger than {_LARGEST_BODY} bytes."})
            return
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name, []).append(value)
        body = self.rfile.read(length)
        parameters = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        request = WebhookRequest(parts[0], parts[1], parts[2], headers, parameters, body)
        podium = self.podium
        invalid = podium.invalid(request.namespace, request.flow_id)
        if invalid is not None:
            self._answer(422, {"message": invalid})
            return
        try:
            firing = webhook_firing(request, podium.flows(), podium.stores, podium.registry, podium.tell)
        except WebhookRefused as refused:
            self._answer(refused.status, None if refused.status == 204 else {"message": str(refused)})
            return
        execution_id = podium.start(firing)
        if execution_id is None:
            self._answer(422, {"message": "The execution was refused; the log of the server says why."})
            return
        execution = podium.executions.get(execution_id)
        status, kind = firing.status, str(firing.trigger.props.get("responseContentType") or _JSON)
        if _flag(firing.trigger.props.get("wait")):
            execution = podium.executions.wait(execution_id)
            if execution.state == "FAILED":
                self._answer(500, shown_execution(podium.stores, execution))
                return
            if _flag(firing.trigger.props.get("returnOutputs")):
                self._answer(status, dict(execution.outputs or {}), kind)
                return
        self._answer(status, shown_execution(podium.stores, execution), kind)

    def _answer(self, status: int, content: Any, kind: str = _JSON) -> None:
        if kind != _JSON and isinstance(content, dict) and len(content) == 1:
            # Of one output as plain text its value alone.
            content = next(iter(content.values()))
        if status in (204, 205, 304):
            data = b""  # by definition of HTTP these have no body
        elif kind != _JSON and isinstance(content, str):
            data = content.encode()
        else:
            data = b"" if content is None else json.dumps(content, ensure_ascii=False, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _flag(value: object) -> bool:
    return str(value).lower() == "true"
