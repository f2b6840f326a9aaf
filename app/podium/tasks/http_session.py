"""One HTTP exchange as the http tasks describe it (tasks.md 2.1)."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from podium.model.properties import Properties, prop
from podium.plugin.context import PollContext
from podium.plugin.task import Cancelled, RunnableTask, TaskError
from podium.tasks.storage import file_name

if TYPE_CHECKING:
    import requests

_SHOWN_BODY = 2_000
_BLOCK = 1 << 16

LogPart = Literal["REQUEST_HEADERS", "REQUEST_BODY", "RESPONSE_HEADERS", "RESPONSE_BODY"]
_LOG_LEVELS: dict[str, tuple[LogPart, ...]] = {
    "TRACE": ("REQUEST_HEADERS", "REQUEST_BODY", "RESPONSE_HEADERS", "RESPONSE_BODY"),
    "DEBUG": ("REQUEST_HEADERS", "RESPONSE_HEADERS"),
    "INFO": ("RESPONSE_HEADERS",),
}


class Timeouts(Properties):
    """How long to wait."""

    connectTimeout: timedelta | None = prop(doc="For the connection.")
    readIdleTimeout: timedelta | None = prop(default=timedelta(minutes=5), doc="For the next piece of the answer.")


class Proxy(Properties):
    """A proxy on the way."""

    type: Literal["DIRECT", "HTTP", "SOCKS"] = prop(default="DIRECT", doc="What kind of proxy it is.")
    address: str | None = prop(doc="Its host.")
    port: int | None = prop(doc="Its port.")
    username: str | None = prop(doc="The user.")
    password: str | None = prop(doc="The password.", secret=True)


class Auth(Properties):
    """Who asks."""

    type: Literal["BASIC", "BEARER"] = prop(default="BASIC", doc="User and password, or a token.")
    username: str | None = prop(doc="The user.")
    password: str | None = prop(doc="The password.", secret=True)
    token: str | None = prop(doc="The token.", secret=True)


class Tls(Properties):
    """How certificates are checked."""

    insecureTrustAllCertificates: bool = prop(default=False, doc="Trust every certificate.")


class HttpOptions(Properties):
    """Options of the exchange."""

    timeout: Timeouts | None = prop(doc="How long to wait.")
    proxy: Proxy | None = prop(doc="A proxy on the way.")
    auth: Auth | None = prop(doc="Who asks.")
    ssl: Tls | None = prop(doc="How certificates are checked.")
    followRedirects: bool = prop(default=True, doc="Follow redirections.")
    allowFailed: bool = prop(default=False, doc="Do not fail on status 400 and above.")
    allowedResponseCodes: list[int] | None = prop(doc="Status codes of 400 and above that are no failure.")
    defaultCharset: str = prop(default="UTF-8", doc="The encoding of the request body.")
    enabledTcpExtendedKeepAlive: bool = prop(default=True, doc="On a server: keep idle connections alive.")
    logs: list[LogPart] | None = prop(doc="What to log of the exchange.")
    logLevel: str | None = prop(doc="What to log.", deprecated="Use `logs`.")
    connectTimeout: timedelta | None = prop(doc="For the connection.", deprecated="Use `timeout.connectTimeout`.")
    readTimeout: timedelta | None = prop(doc="For the answer.", deprecated="Use `timeout.readIdleTimeout`.")
    readIdleTimeout: timedelta | None = prop(doc="Without effect.", deprecated="Use `timeout.readIdleTimeout`.")
    connectionPoolIdleTimeout: timedelta | None = prop(doc="Without effect.", deprecated="Leave it out.")
    maxContentLength: int | None = prop(doc="Without effect.", deprecated="Leave it out.")
    proxyType: str | None = prop(doc="The kind of proxy.", deprecated="Use `proxy.type`.")
    proxyAddress: str | None = prop(doc="The host of the proxy.", deprecated="Use `proxy.address`.")
    proxyPort: int | None = prop(doc="The port of the proxy.", deprecated="Use `proxy.port`.")
    proxyUsername: str | None = prop(doc="The user.", deprecated="Use `proxy.username`.")
    proxyPassword: str | None = prop(doc="The password.", deprecated="Use `proxy.password`.", secret=True)
    basicAuthUser: str | None = prop(doc="The user.", deprecated="Use `auth`.")
    basicAuthPassword: str | None = prop(doc="The password.", deprecated="Use `auth`.", secret=True)


class HttpExchange(Properties):
    """What all http tasks and triggers have."""

    uri: str = prop(required=True, doc="The address.", group="connection")
    method: str = prop(default="GET", doc="The method.", group="connection")
    body: str | None = prop(doc="The body of the request.")
    formData: dict[str, Any] | None = prop(doc="Fields of a form; a `kestra://` URI or `{name, content}` is a file.")
    params: dict[str, Any] | None = prop(doc="Parameters of the query.")
    contentType: str | None = prop(doc="The type of the body; `application/json` without it.")
    headers: dict[str, str] | None = prop(doc="Headers of the request.")
    options: HttpOptions | None = prop(doc="Options of the exchange.", group="connection")
    auth: Auth | None = prop(doc="Who asks.", deprecated="Use `options.auth`.", group="deprecated")
    allowFailed: bool | None = prop(
        doc="Do not fail on status 400 and above.", deprecated="Use `options.allowFailed`.", group="deprecated"
    )
    sslOptions: Tls | None = prop(
        doc="How certificates are checked.", deprecated="Use `options.ssl`.", group="deprecated"
    )

    @contextlib.contextmanager
    def exchange(self, ctx: PollContext) -> Iterator["Response"]:
        """Send the request; the body of the answer has not been read yet. Raises TaskError."""
        import requests

        options = self.options
        session = requests.Session()
        try:
            with contextlib.ExitStack() as files:
                prepared = session.prepare_request(self._request(ctx, files))
                self._log(ctx, "REQUEST_HEADERS", prepared.headers)
                self._log(ctx, "REQUEST_BODY", prepared.body)
                settings = session.merge_environment_settings(
                    prepared.url, proxies_of(options), True, self._verify(), None
                )
                answer = session.send(
                    prepared, timeout=timeouts_of(options), **settings,
                    allow_redirects=options.followRedirects if options else True,
                )  # fmt: skip
            self._log(ctx, "RESPONSE_HEADERS", answer.headers)
            yield Response(ctx, answer, self._allowed(answer.status_code))
        except requests.exceptions.RequestException as error:
            raise TaskError(f"{self.method} {self.uri} failed: {_cause(error)}") from error
        finally:
            session.close()

    def logs_body(self) -> bool:
        """Whether the body of the answer is to be logged."""
        return "RESPONSE_BODY" in self._parts()

    def _request(self, ctx: PollContext, files: contextlib.ExitStack) -> "requests.Request":
        import requests

        charset = self.options.defaultCharset if self.options else "UTF-8"
        kind = self.contentType or "application/json"
        headers = {name: value for name, value in (self.headers or {}).items() if value is not None}
        request = requests.Request(
            self.method.upper(), self.uri.strip().replace(" ", "%20"), headers=headers, params=self.params
        )
        typed = any(name.lower() == "content-type" for name in headers)
        if self.formData and kind.startswith("multipart/form-data"):
            request.files = [
                (name, _part(ctx, value, files)) for name, value in self.formData.items() if value is not None
            ]
            headers.pop(next((name for name in headers if name.lower() == "content-type"), ""), None)
        elif self.formData:
            request.data = {name: _form_text(value) for name, value in self.formData.items() if value is not None}
        else:
            if self.body is not None:
                request.data = self.body.encode(charset)
            if not typed:
                headers["Content-Type"] = f"{kind}; charset={charset}" if self.body is not None else kind
        auth = (self.options.auth if self.options else None) or self.auth
        if auth is not None and auth.type == "BEARER":
            headers["Authorization"] = f"Bearer {auth.token or ''}"
        elif auth is not None:
            request.auth = (auth.username or "", auth.password or "")
        elif self.options and self.options.basicAuthUser:
            request.auth = (self.options.basicAuthUser, self.options.basicAuthPassword or "")
        return request

    def _verify(self) -> bool | None:
        if self.sslOptions is not None and not (self.options and self.options.ssl):
            return False if self.sslOptions.insecureTrustAllCertificates else None
        return verification_of(self.options)

    def _allowed(self, status: int) -> bool:
        if status < 400 or self.takes_failures():
            return True
        options = self.options
        return options is not None and status in (options.allowedResponseCodes or ())

    def takes_failures(self) -> bool:
        """Whether the sender looks at failures itself (`allowFailed`)."""
        return bool(self.allowFailed) or (self.options is not None and self.options.allowFailed)

    def _parts(self) -> tuple[LogPart, ...]:
        if self.options is None:
            return ()
        return tuple(self.options.logs or ()) or _LOG_LEVELS.get((self.options.logLevel or "").upper(), ())

    def _log(self, ctx: PollContext, part: LogPart, content: Any) -> None:
        if part not in self._parts() or content is None:
            return
        if isinstance(content, Mapping):
            hidden = {"authorization", "cookie", "set-cookie", "proxy-authorization"}
            content = "\n".join(
                f"{name}: {'******' if name.lower() in hidden else value}" for name, value in content.items()
            )
        elif isinstance(content, bytes):
            content = content.decode("utf-8", "replace")
        ctx.log.info(f"{part.replace('_', ' ').lower()}:\n{str(content)[:_SHOWN_BODY]}")


class HttpTask(HttpExchange, RunnableTask):
    """What all http tasks are."""


@dataclass(slots=True)
class Response:
    """An answer whose body is still on the way."""

    ctx: PollContext
    answer: "requests.Response"
    allowed: bool

    @property
    def headers(self) -> dict[str, list[str]]:
        """Every header with all its values, names in lower case as on a server."""
        raw = self.answer.raw.headers
        return {name: list(raw.getlist(name)) for name in {name.lower(): None for name in raw}}

    def blocks(self) -> Iterator[bytes]:
        """The body piece by piece; ends with Cancelled when the attempt is killed."""
        for block in self.answer.iter_content(_BLOCK):
            if self.ctx.cancelled.is_set():
                raise Cancelled
            yield block

    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.blocks())

    def check(self) -> None:
        """Raise TaskError when the status is a failure."""
        if self.allowed:
            return
        text = self.body().decode("utf-8", "replace")
        shown = text if len(text) <= _SHOWN_BODY else f"{text[:_SHOWN_BODY]}… ({len(text)} characters)"
        raise TaskError(
            f"Failed http request with response code '{self.answer.status_code}'"
            + (f" ({self.answer.reason})" if self.answer.reason else "")
            + (f" and body:\n{shown}" if shown else "")
        )


def _part(ctx: PollContext, value: Any, files: contextlib.ExitStack) -> tuple[str | None, Any]:
    """One field of a multipart form, as (file name, content)."""
    if isinstance(value, str) and value.startswith("kestra://"):
        return file_name(value), files.enter_context(ctx.storage.open(value))
    if isinstance(value, Mapping) and "name" in value and "content" in value:
        return str(value["name"]), files.enter_context(ctx.storage.open(str(value["content"])))
    return None, _form_text(value)


def _form_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def verification_of(options: HttpOptions | None) -> bool | None:
    """False when certificates are not to be checked, else None: as the surroundings say."""
    tls = options.ssl if options else None
    return False if tls is not None and tls.insecureTrustAllCertificates else None


def timeouts_of(options: HttpOptions | None) -> tuple[float | None, float | None]:
    """Seconds to wait for the connection and for the next piece of the answer; None is for ever."""
    chosen = options.timeout if options else None
    connect = chosen.connectTimeout if chosen else options.connectTimeout if options else None
    read = chosen.readIdleTimeout if chosen else (options.readTimeout if options else None) or timedelta(minutes=5)
    return (connect.total_seconds() if connect else None, read.total_seconds() if read else None)


def proxies_of(options: HttpOptions | None) -> dict[str, str]:
    """The proxy by the scheme of the address, as requests takes it."""
    if options is None:
        return {}
    proxy = options.proxy
    kind: str
    if proxy is not None:
        kind, address, port, user, password = proxy.type, proxy.address, proxy.port, proxy.username, proxy.password
    else:
        kind, address, port = (options.proxyType or "DIRECT").upper(), options.proxyAddress, options.proxyPort
        user, password = options.proxyUsername, options.proxyPassword
    if kind == "DIRECT" or not address:
        return {}
    scheme = "socks5h" if kind == "SOCKS" else "http"
    login = f"{quote(user, safe='')}:{quote(password or '', safe='')}@" if user else ""
    url = f"{scheme}://{login}{address}{f':{port}' if port else ''}"
    return {"http": url, "https": url}


def _cause(error: Exception) -> str:
    """The innermost reason, without the layers of the library."""
    inner: Any = error
    while True:
        reason = getattr(inner, "reason", None)
        deeper = reason if isinstance(reason, Exception) else next(
            (each for each in getattr(inner, "args", ()) if isinstance(each, Exception)), None
        )  # fmt: skip
        if deeper is None:
            return re.sub(r"^(?:<[^>]*>|HTTPS?Connection\w*\([^)]*\)): ", "", str(inner))
        inner = deeper


def extension_of(uri: str) -> str:
    """The extension of the file that a URI names."""
    return Path(file_name(uri)).suffix
