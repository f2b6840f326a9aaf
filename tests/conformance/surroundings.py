"""The workspace of a case: its flows, settings, environment, key-values, files and a local HTTP server."""

import base64
import json
import os
import re
import threading
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml
from manifest import Case

ENVIRONMENT = {"KESTRA_TEST1": "true", "KESTRA_TEST2": "Pass by env"}
SECRETS = {
    "SECRET_MY_SECRET": '{"secretKey":"secretValue"}', "SECRET_NEW_LINE": "passwordveryveryveyrlong" * 5,
    "SECRET_WEBHOOK_KEY": "secretKey", "SECRET_PASSWORD": "password",
}  # fmt: skip
GLOBALS = {"string": "string", "int": 1, "bool": True, "nested": {"int": 2}}
KEY = base64.b64encode(b"I6EGNzRESu3X3pKZidrqCGOHQFUFC0yK"[:32]).decode()


def prepare(case: Case, root: Path) -> list[Path]:
    """Fill an empty directory and set the environment of this process; returns the flow files, the main one last."""
    setup = case.setup
    os.environ.update(ENVIRONMENT)
    for name, value in {**SECRETS, **(setup.get("env_b64") or {})}.items():
        os.environ[name] = base64.encodebytes(value.encode()).decode().rstrip()
    os.environ["SECRET_NON_B64_SECRET"] = "some secret value"
    os.environ.update(setup.get("env") or {})
    plugins = Path(__file__).resolve().parents[1] / "plugins"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(plugins), os.environ.get("PYTHONPATH"))))
    (root / "podium.toml").write_text(_settings(setup), encoding="utf-8")
    paths = [_register(case.folder / name, root) for name in case.flows()]
    for namespace, files in (setup.get("namespace_files") or {}).items():
        for name, content in files.items():
            path = root / namespace / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return paths


def _settings(setup: Mapping[str, Any]) -> str:
    lines = ['plugins = ["conformance_types"]']
    lines += ["[globals]", *_toml(setup.get("globals") or GLOBALS)]
    if setup.get("encryption_key", True):
        lines += ["[plugin-settings.encryption]", f'key = "{KEY}"']
    for default in setup.get("plugin_defaults") or ():
        lines += ["[[plugin-defaults]]", f"type = {json.dumps(default['type'])}"]
        lines += [f"forced = {json.dumps(bool(default.get('forced')))}"]
        lines += [f"values = {_inline(default.get('values') or {})}"]
    return "\n".join(lines) + "\n"


def _toml(values: Mapping[str, Any]) -> list[str]:
    return [f"{json.dumps(key)} = {_inline(value)}" for key, value in values.items()]


def _inline(value: Any) -> str:
    """A value on one line of TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_toml(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)


def _register(source: Path, root: Path) -> Path:
    text = source.read_text(encoding="utf-8")
    found = re.search(r"^namespace:\s*[\"']?([\w.-]+)", text, re.MULTILINE)
    folder = root / (found[1] if found else "unknown") / "_flows"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.name
    path.write_text(text, encoding="utf-8")
    return path


class Stub:
    """A loopback HTTP server that answers as `setup.http_server` says."""

    def __init__(self, routes: Mapping[str, Any]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(routes))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(routes: Mapping[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            route = routes.get(f"{self.command} {self.path.partition('?')[0]}")
            if route is None:
                self.send_error(404)
                return
            values = _echoes(self.headers, body)
            text = re.sub(r"\$\{([^}]+)\}", lambda found: values.get(found[1], ""), route.get("body") or "")
            headers = {"content-length": str(len(text.encode())), **(route.get("headers") or {})}
            self.send_response(route["status"])
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    return Handler


def _echoes(headers: Message, body: bytes) -> dict[str, str]:
    values = {f"header.{name.lower()}": value for name, value in headers.items()}
    kind = headers.get("content-type") or ""
    if kind.startswith("multipart/"):
        parsed = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        for part in parsed.get_payload():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True).decode(errors="replace")
            if part.get_filename():
                values[f"file.{name}.content"] = content
                values[f"file.{name}.name"] = values[f"file.{name}.filename"] = part.get_filename()
            else:
                values[f"form.{name}"] = content
    elif "urlencoded" in kind:
        values |= {f"form.{name}": value for name, value in parse_qsl(body.decode())}
    elif "json" in kind and body:
        values |= {f"form.{name}": str(value) for name, value in json.loads(body).items()}
    return values


def written_inputs(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Inputs with generated files written to disk and repeated texts written out."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and "$file" in value:
            spec = value["$file"]
            path = folder / spec.get("name", "file.txt")
            path.write_text(_content(spec), encoding="utf-8")
            value = str(path)
        elif isinstance(value, Mapping) and "$repeat" in value:
            character, count = value["$repeat"]
            value = character * count
        made[name] = value
    return made


def _content(spec: Mapping[str, Any]) -> str:
    if spec.get("generator") == "padded_numbers":
        return "".join(f"{number:0{spec['width']}d}\n" for number in range(spec["count"]))
    return str(spec.get("content", ""))


def document(path: Path) -> Any:
    """A flow file as plain YAML data."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))
