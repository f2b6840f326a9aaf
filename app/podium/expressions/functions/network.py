"""The `http` function: a request whose answer becomes a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.json_text import parse_json
from podium.expressions.services import HttpRequest, HttpResponse
from podium.expressions.state import State
from podium.expressions.values import to_json, to_output, to_text, wrong_kind

CATALOG = Catalog()
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


def _map(value: Any, argument: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise wrong_kind(f"The argument '{argument}' of the 'http' function", "a map", value)
    return {to_text(key): item for key, item in (value or {}).items()}


@CATALOG.add(
    "function",
    "http",
    Param("uri", "Where to send it.", default=ABSENT, required=True),
    Param("method", "The HTTP method.", default="GET", shown='"GET"'),
    Param("query", "Query parameters, as a map."),
    Param("body", "What to send."),
    Param("contentType", "How the body is written.", default="application/json", shown='"application/json"'),
    Param("headers", "Headers, as a map of texts or lists of texts."),
    Param("options", "Options of the HTTP client, such as timeouts and authentication."),
    Param("accept", "Which answer is wanted.", default="application/json", shown='"application/json"'),
    doc="The answer of an HTTP request: JSON and YAML as a value, anything else as a text.",
    example="{{ http('https://api.example.com/regions') | jq('.[].name') }}",
    since="1.0",
)
def http(
    state: State,
    uri: Any,
    method: Any,
    query: Any,
    body: Any,
    content_type: Any,
    headers: Any,
    options: Any,
    accept: Any,
) -> Any:
    if uri is ABSENT or uri is None:
        raise ExpressionError("The 'http' function expects an argument 'uri'.")
    verb = to_text(method or "GET").upper()
    if verb not in _METHODS:
        raise ExpressionError(f"The 'http' function knows no method '{verb}': use one of {', '.join(_METHODS)}")
    kind = to_text(content_type or "application/json")
    sent = {
        name: [to_text(item) for item in value] if isinstance(value, (list, tuple)) else [to_text(value)]
        for name, value in _map(headers, "headers").items()
    }
    sent.setdefault("Accept", [to_text(accept or "application/json")])
    if body is not None:
        sent.setdefault("Content-Type", [kind])
    request = HttpRequest(
        verb,
        to_text(uri),
        {name: to_text(value) for name, value in _map(query, "query").items()},
        sent,
        None if body is None else _encoded(body, kind),
        _map(options, "options"),
    )
    try:
        response = state.services.http(request)
    except OSError as error:
        raise ExpressionError(f"Failed to execute HTTP request : {error}") from None
    if response.status >= 400:
        raise ExpressionError(
            f"Failed to execute HTTP Request, server respond with status {response.status} : {response.reason}"
        )
    return _decoded(response)


def _encoded(body: Any, content_type: str) -> bytes:
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith("x-www-form-urlencoded") and isinstance(body, Mapping):
        return urlencode({to_text(key): to_text(value) for key, value in body.items()}).encode()
    if "yaml" in kind and not isinstance(body, str):
        from podium.expressions.yaml_text import to_yaml

        return to_yaml(body).encode()
    if kind.endswith("json"):
        return to_json(body).encode()
    return bytes(body) if isinstance(body, (bytes, bytearray)) else to_output(body).encode()


def _decoded(response: HttpResponse) -> Any:
    kind = response.content_type.partition(";")[0].strip().lower()
    text = response.body.decode("utf-8", "replace")
    if not text:
        return None
    if kind.endswith("json"):
        try:
            return parse_json(text)
        except ValueError as error:
            raise ExpressionError(f"The answer of the HTTP request is not valid JSON: {error}") from None
    if "yaml" in kind:
        from podium.expressions.yaml_text import from_yaml

        return from_yaml(text)
    return text
