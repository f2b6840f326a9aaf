"""HTTP requests: for a text, for a file, for a stream of events."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, unquote

from podium.expressions.errors import ExpressionError
from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import TaskError
from podium.tasks.encryption import encrypted
from podium.tasks.http_session import HttpTask, Response, extension_of
from podium.tasks.records import store_records
from podium.tasks.storage import scratch_file

_PREFIX = "io.kestra.plugin.core.http."


@dataclass
class RequestOutputs:
    """The answer."""

    uri: str = field(metadata={"doc": "The address that was asked."})
    code: int = field(metadata={"doc": "The status code."})
    headers: dict[str, list[str]] = field(metadata={"doc": "The headers, names in lower case."})
    body: str | None = field(default=None, metadata={"doc": "The body as text; use `fromJson` for JSON."})
    encryptedBody: dict[str, Any] | None = field(
        default=None, metadata={"doc": "The body instead, with `encryptBody`; expressions see its text."}
    )


class Request(HttpTask):
    """Sends a request and gives the answer to the tasks after it. Fails on status 400 and above."""

    type = _PREFIX + "Request"
    title = "Send an HTTP request."
    aliases = ("io.kestra.plugin.fs.http.Request",)
    outputs = RequestOutputs
    examples = (
        Example(
            "Post JSON",
            f"type: {_PREFIX}Request\nuri: https://api.example.com/orders\nmethod: POST\n"
            'body: "{{ inputs.order | toJson }}"\noptions:\n  auth:\n    type: BEARER\n'
            "    token: \"{{ secret('API_TOKEN') }}\"",
        ),
        Example(
            "Send a form",
            f"type: {_PREFIX}Request\nuri: https://example.com/login\nmethod: POST\n"
            "contentType: application/x-www-form-urlencoded\nformData:\n  user: ada\n"
            "  password: \"{{ secret('PASSWORD') }}\"",
        ),
    )

    encryptBody: bool = prop(
        default=False, doc="Keep the body out of the logs, and encrypted in `encryptedBody` when there is a key."
    )

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        with self.exchange(ctx) as response:
            response.check()
            content = response.body()
            outputs: dict[str, Any] = {
                "uri": response.answer.url, "code": response.answer.status_code, "headers": response.headers,
            }  # fmt: skip
        if content:
            text = self._text(ctx, content)
            outputs |= {"encryptedBody": encrypted(ctx, text)} if self.encryptBody else {"body": text}
        return outputs

    def _text(self, ctx: RunContext, content: bytes) -> str:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise TaskError(
                f"The answer of {self.uri} is not a text. Use `{Download.type}` to fetch it as a file."
            ) from None
        if self.encryptBody:
            ctx.mask(text)
        elif self.logs_body():
            ctx.log.info(f"response body:\n{text}")
        return text


@dataclass
class DownloadOutputs:
    """The file."""

    uri: str = field(metadata={"doc": "The URI of the file in internal storage."})
    code: int = field(metadata={"doc": "The status code."})
    length: int = field(metadata={"doc": "The bytes of the file."})
    headers: dict[str, list[str]] = field(metadata={"doc": "The headers, names in lower case."})


class Download(HttpTask):
    """Fetches a file and keeps it in internal storage. It is never in memory as a whole."""

    type = _PREFIX + "Download"
    title = "Download a file."
    aliases = ("io.kestra.plugin.fs.http.Download",)
    outputs = DownloadOutputs
    examples = (Example("Download a table", f"type: {_PREFIX}Download\nuri: https://example.com/users.csv"),)

    failOnEmptyResponse: bool = prop(default=True, doc="Fail when the answer has no content.")
    saveAs: str | None = prop(doc="The name of the file.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        with self.exchange(ctx) as response:
            response.check()
            path = scratch_file(ctx, extension_of(self.uri))
            length = 0
            with path.open("wb") as file:
                for block in response.blocks():
                    length += file.write(block)
            self._check_length(ctx, response, length)
            name = self.saveAs or _suggested_name(response) or path.name
            headers, code = response.headers, response.answer.status_code
        ctx.metric("response.length", length, "counter")
        return {"uri": ctx.storage.put(path, name), "code": code, "length": length, "headers": headers}

    def _check_length(self, ctx: RunContext, response: Response, length: int) -> None:
        announced = response.answer.headers.get("Content-Length")
        packed = response.answer.headers.get("Content-Encoding")
        if announced and not packed and announced.isdigit() and int(announced) != length:
            raise TaskError(f"The download is incomplete: {length} of {announced} bytes came.")
        if length == 0:
            if self.failOnEmptyResponse and not self.takes_failures() and response.answer.status_code < 400:
                raise TaskError("No response from server")
            ctx.log.warn("No response from server")


def _suggested_name(response: Response) -> str | None:
    """The file name of the Content-Disposition header, without any path."""
    header = response.answer.headers.get("Content-Disposition", "")
    encoded = re.search(r"filename\*\s*=\s*[\w-]*'[^']*'([^;]+)", header, re.IGNORECASE)
    plain = re.search(r'filename\s*=\s*("[^"]*"|[^;]+)', header, re.IGNORECASE)
    name = unquote(encoded[1]) if encoded else plain[1].strip().strip('"') if plain else ""
    name = re.split(r"[/\\]", name.strip())[-1]
    return quote_plus(name) if name not in ("", ".", "..") else None


@dataclass
class EventsOutputs:
    """The events."""

    uri: str = field(metadata={"doc": "A file with one event per line."})
    size: int = field(metadata={"doc": "The number of events."})
    events: list[dict[str, Any]] | None = field(default=None, metadata={"doc": "The events."})
    result: str | None = field(default=None, metadata={"doc": "What was picked out of the events, joined."})


class SseRequest(HttpTask):
    """Reads a stream of server-sent events to its end."""

    type = _PREFIX + "SseRequest"
    title = "Read server-sent events."
    outputs = EventsOutputs
    examples = (
        Example(
            "Join the pieces of an answer",
            f"type: {_PREFIX}SseRequest\nuri: https://api.example.com/chat\nmethod: POST\n"
            'body: \'{"prompt": "{{ inputs.prompt }}"}\'\nconcatJqExpression: ".data.text"',
        ),
    )

    concatJqExpression: str | None = prop(doc="A jq expression; what it finds in the events is joined.")
    failedOnMissingJq: bool = prop(default=True, doc="Fail when it finds nothing in an event.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        with self.exchange(ctx) as response:
            response.check()
            events = list(_events(response))
        ctx.metric("size", len(events), "counter")
        outputs: dict[str, Any] = {"uri": store_records(ctx, events, "events.ion"), "size": len(events)}
        if self.concatJqExpression is None:
            outputs["events"] = events
        else:
            outputs["result"] = "".join(self._picked(ctx, event) for event in events)
        return outputs

    def _picked(self, ctx: RunContext, event: Mapping[str, Any]) -> str:
        variables = {"podiumEvent": event, "podiumJq": self.concatJqExpression}
        try:
            found = ctx.render_typed("{{ podiumEvent | jq(podiumJq) | first }}", variables)
        except ExpressionError as error:
            if self.failedOnMissingJq:
                raise TaskError(f"`concatJqExpression` failed for an event: {error}") from error
            return ""
        if found is None:
            if self.failedOnMissingJq:
                raise TaskError(f"`concatJqExpression` finds nothing in the event {json.dumps(event)[:300]}")
            return ""
        if isinstance(found, (list, dict)):
            raise TaskError("`concatJqExpression` must find a text, a number or a boolean.")
        return str(found).lower() if isinstance(found, bool) else str(found)


def _events(response: Response) -> Iterator[dict[str, Any]]:
    """The events of a stream; an event ends at an empty line."""
    fields: dict[str, list[str]] = {}
    for line in _lines(response):
        if not line:
            if fields:
                yield _event(fields)
            fields = {}
            continue
        name, _, value = line.partition(":")
        fields.setdefault(name or "comment", []).append(value.removeprefix(" "))
    if fields:
        yield _event(fields)


def _event(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    event: dict[str, Any] = {name: "\n".join(fields[name]) for name in ("id", "event", "comment") if name in fields}
    if "data" in fields:
        text = "\n".join(fields["data"])
        try:
            event["data"] = json.loads(text)
        except ValueError:
            event["data"] = text
    return event


def _lines(response: Response) -> Iterator[str]:
    pending = b""
    for block in response.blocks():
        *lines, pending = (pending + block.replace(b"\r\n", b"\n")).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")
    if pending:
        yield pending.decode("utf-8", "replace")
