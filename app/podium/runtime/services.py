"""What expressions can ask for while a flow runs: the `Services` port for real executions."""

import random
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.base.local_zone import local_zone
from podium.base.masking import Masker
from podium.expressions.errors import ExpressionError
from podium.expressions.services import FileReference, HttpRequest, HttpResponse, SubflowRequest
from podium.expressions.zones import zone_of
from podium.runtime.masks import masker_with
from podium.store.errors import NoSuchFile, StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.logs import read_lines
from podium.store.settings import Settings
from podium.store.stores import Stores

if TYPE_CHECKING:
    from podium.tasks.http_session import HttpOptions

_MOST_ERRORS = 25
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0

Subflows = Callable[[SubflowRequest], Mapping[str, Any]]
"""Runs a flow to its end; raises ExpressionError."""


class RuntimeServices:
    """The services of one execution; of a flow's surroundings only when `record` is None (inputs, triggers).

    `may_read` says of an execution's id whether its files may be read. Secrets are told to `masker`, and noted in
    the record, before anybody sees them. From any thread.
    """

    def __init__(
        self, stores: Stores, namespace: str, flow_id: str, masker: Masker, *, record: ExecutionRecord | None = None,
        may_read: Callable[[str], bool] = lambda _: False, subflows: Subflows | None = None,
    ) -> None:  # fmt: skip
        self._stores = stores
        self._namespace = namespace
        self._flow_id = flow_id
        self._masker = masker
        self._record = record
        self._may_read = may_read
        self._subflows = subflows
        self._random = random.SystemRandom()
        self._zone = zone_of_settings(stores.settings)
        self._noted: dict[tuple[str, str], None] = {}

    def now(self) -> datetime:
        return self._stores.clock.now().astimezone(self._zone)

    def zone(self) -> tzinfo:
        return self._zone

    def random(self) -> random.Random:
        return self._random

    def random_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        return port

    # ---- secrets and key-values ----------------------------------------------------------------------------------

    def secret(self, key: str, namespace: str | None) -> str | None:
        space = namespace or self._namespace
        try:
            value = self._stores.secrets.get(key, space)
            if value is not None:
                self._masker.add(value)
                self._note(key, space)
        except StoreError as error:
            raise ExpressionError(str(error)) from error
        return value

    def secret_metadata(self, key: str, namespace: str | None) -> Mapping[str, Any] | None:
        source = self._stores.secrets.source(key, namespace or self._namespace)
        return None if source is None else {"source": source}

    def mask(self, value: str) -> None:
        self._masker.add(value)

    def kv(self, key: str, namespace: str) -> tuple[bool, Any]:
        try:
            return self._stores.key_values.get(namespace, key)
        except StoreError as error:
            raise ExpressionError(str(error)) from error

    @property
    def used_secrets(self) -> tuple[tuple[str, str], ...]:
        """The names of the secrets that were handed out, with the namespace that asked."""
        return tuple(self._noted)

    def _note(self, key: str, namespace: str) -> None:
        used = (key.upper(), namespace)
        if used not in self._noted:
            if self._record is not None:
                self._record.note_secret(*used)
            self._noted[used] = None

    # ---- files ---------------------------------------------------------------------------------------------------

    def read_file(self, file: FileReference) -> bytes:
        path = self._path(file)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ExpressionError(f"Unable to read the file '{file.uri}': {error.strerror}") from error

    def file_size(self, file: FileReference) -> int:
        return self._path(file).stat().st_size

    def file_exists(self, file: FileReference) -> bool:
        try:
            self._path(file)
        except FileNotFoundError:
            return False
        return True

    def _path(self, file: FileReference) -> Path:
        """The local path of an existing file; raises FileNotFoundError, or ExpressionError when it is refused."""
        if file.revision not in (None, 1):
            raise ExpressionError(
                f"Version {file.revision} of '{file.path}' is not kept: here namespace files have only their present "
                "content. Leave `revision` out"
            )
        try:
            if file.space == "namespace":
                return self._stores.namespace_files.path(file.namespace or self._namespace, file.path)
            uri = file.uri if file.space == "storage" else Path(file.path).as_uri()
            return self._stores.storage.path(uri, self._namespace, self._may_read)
        except NoSuchFile as error:
            raise FileNotFoundError(str(error)) from error
        except (StoreError, ValueError) as error:
            raise ExpressionError(str(error)) from error

    # ---- network, logs, flows ------------------------------------------------------------------------------------

    def http(self, request: HttpRequest) -> HttpResponse:
        import requests

        from podium.tasks.http_session import proxies_of, timeouts_of, verification_of

        options = _http_options(request.options)
        connect, read = timeouts_of(options) if request.options else (None, None)
        with requests.Session() as session:
            answer = session.request(
                request.method, request.uri, params=dict(request.query), data=request.body,
                headers={name: ", ".join(values) for name, values in request.headers.items()} | _bearer(options),
                auth=_login(options),
                timeout=(connect or _CONNECT_SECONDS, min(read or _READ_SECONDS, _READ_SECONDS)),
                allow_redirects=options.followRedirects, proxies=proxies_of(options),
                verify=verification_of(options),
            )  # fmt: skip
            kind = answer.headers.get("Content-Type", "")
            return HttpResponse(answer.status_code, answer.reason or "", kind, answer.content)

    def error_logs(self) -> Sequence[Mapping[str, Any]]:
        if self._record is None:
            raise ExpressionError(
                "The 'errorLogs' function can only be used in the Worker as it needs access to the logs of the "
                "current execution"
            )
        names = {"namespace": self._namespace, "flow_id": self._flow_id, "execution_id": self._record.id}
        found: list[dict[str, Any]] = []
        for line, _ in read_lines(self._record.log):
            if line.level == "ERROR" and line.source == "log":
                found.append(line.kestra(**names))
                if len(found) == _MOST_ERRORS:
                    break
        return found

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        if self._subflows is None:
            raise ExpressionError("The 'subflow' function can only be used while the inputs of a flow are rendered")
        answer = self._subflows(request)
        masker_with(self._stores, self._stores.record(str(answer["id"])), self._masker)
        return answer


def zone_of_settings(settings: Settings) -> tzinfo:
    """The zone in which dates are read and shown: that of the settings, else that of this machine."""
    return zone_of(settings.timezone) if settings.timezone else local_zone()


def _http_options(given: Mapping[str, Any]) -> "HttpOptions":
    from podium.plugin.binding import BindingError, bind
    from podium.tasks.http_session import HttpOptions

    class Rendered:
        def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
            return value

    try:
        return bind(HttpOptions, given, Rendered())
    except BindingError as error:
        raise ExpressionError(f"The 'options' of the 'http' function: {error}") from error


def _bearer(options: "HttpOptions") -> dict[str, str]:
    auth = options.auth
    return {"Authorization": f"Bearer {auth.token or ''}"} if auth is not None and auth.type == "BEARER" else {}


def _login(options: "HttpOptions") -> tuple[str, str] | None:
    auth = options.auth
    return (auth.username or "", auth.password or "") if auth is not None and auth.type == "BASIC" else None
