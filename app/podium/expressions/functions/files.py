"""Functions on namespace files and internal storage."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.functions.secrets import optional_text
from podium.expressions.ion_text import BINARY_MARK
from podium.expressions.services import FileReference
from podium.expressions.state import State
from podium.expressions.values import is_integer, to_text, wrong_kind

CATALOG = Catalog()
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\\)")
_PATH = Param("path", "Path of a namespace file, or a URI of internal storage.", default=ABSENT, required=True)
_NAMESPACE = Param("namespace", "Another namespace than that of the flow.")
_REVISION = Param("revision", "Version of the namespace file; the newest when left out.")


def _reference(state: State, function: str, path: Any, namespace: Any, revision: Any = None) -> FileReference:
    if path is ABSENT:
        raise ExpressionError(
            f"The '{function}' function expects an argument 'path' that is a path to the internal storage URI."
        )
    if not isinstance(path, str):
        raise ExpressionError(f"Unable to read the file {to_text(path)}")
    if revision is not None and not is_integer(revision):
        raise wrong_kind(f"The argument 'revision' of the '{function}' function", "an integer", revision)
    text, given = str(path), optional_text(namespace, function, "namespace")
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _namespace_file(text, given or state.required_namespace(function), revision)
    match scheme.group(1):
        case "nsfile":
            host, _, rest = text.removeprefix("nsfile://").partition("/")
            if host and given:
                raise ExpressionError("You cannot set a namespace both as the function argument and inside the URI")
            space = host or given or state.required_namespace(function)
            return _namespace_file(unquote(rest), space, revision)
        case "kestra":
            _refuse_parents(text)
            return FileReference("storage", text, text, namespace=given)
        case "file":
            _refuse_parents(text)
            return FileReference("local", text, unquote(re.sub(r"^file:(?://[^/]*)?", "", text)))
        case _:
            raise ExpressionError(f"Cannot process the URI {text}: scheme not supported.")


def _namespace_file(path: str, namespace: str, revision: int | None) -> FileReference:
    _refuse_parents(path)
    clean = path.removeprefix("/")
    base = f"kestra:///{namespace.replace('.', '/')}/_files/{clean}"
    uri = f"{base}.v{revision}" if revision is not None and revision > 1 else base
    return FileReference("namespace", uri, clean, namespace, revision)


def _refuse_parents(path: str) -> None:
    if ".." in re.split(r"[/\\]", path):
        raise ExpressionError("Path must not contain '../'")


def _missing(file: FileReference) -> ExpressionError:
    if file.space == "namespace":
        return ExpressionError(f"Unable to find the file '{file.path}' in the namespace '{file.namespace}'.")
    return ExpressionError(f"Unable to find the file '{file.uri}'.")


@CATALOG.add(
    "function",
    "read",
    _PATH,
    _NAMESPACE,
    _REVISION,
    doc="The content of a file as a text; expressions inside it stay as they are.",
    example="{{ read('queries/daily.sql') }}",
)
def read(state: State, path: Any, namespace: Any, revision: Any) -> Any:
    file = _reference(state, "read", path, namespace, revision)
    try:
        content = state.services.read_file(file)
    except FileNotFoundError:
        raise _missing(file) from None
    if len(content) > state.limits.text:
        raise ExpressionError(
            f"The file '{file.uri}' has {len(content)} bytes; an expression may read {state.limits.text}"
        )
    return content if content.startswith(BINARY_MARK) else content.decode("utf-8", "replace")


@CATALOG.add(
    "function",
    "fileURI",
    _PATH,
    _NAMESPACE,
    _REVISION,
    doc="The internal storage URI of a namespace file, whether it exists or not.",
    example="{{ fileURI('queries/daily.sql') }}",
)
def file_uri(state: State, path: Any, namespace: Any, revision: Any) -> str:
    return _reference(state, "fileURI", path, namespace, revision).uri


@CATALOG.add(
    "function",
    "fileSize",
    _PATH,
    _NAMESPACE,
    doc="The size of a file in bytes.",
    example="{{ fileSize(outputs.extract.uri) }}",
)
def file_size(state: State, path: Any, namespace: Any) -> int:
    return _size(state, "fileSize", path, namespace)


@CATALOG.add(
    "function",
    "fileExists",
    _PATH,
    _NAMESPACE,
    doc="Whether there is such a file.",
    example="{{ fileExists('queries/daily.sql') }}",
    since="1.0",
)
def file_exists(state: State, path: Any, namespace: Any) -> bool:
    return state.services.file_exists(_reference(state, "fileExists", path, namespace))


@CATALOG.add(
    "function",
    "isFileEmpty",
    _PATH,
    _NAMESPACE,
    doc="Whether the file has no content.",
    example="{{ isFileEmpty(outputs.extract.uri) }}",
    since="1.0",
    aliases=("fileEmpty",),
)
def is_file_empty(state: State, path: Any, namespace: Any) -> bool:
    return _size(state, "isFileEmpty", path, namespace) == 0


def _size(state: State, function: str, path: Any, namespace: Any) -> int:
    file = _reference(state, function, path, namespace)
    try:
        return state.services.file_size(file)
    except FileNotFoundError:
        raise _missing(file) from None
