"""Internal storage (semantics 11.1): files that tasks pass on, named by `kestra:///` URIs.

    kestra:///<namespace as path>/<flow>/executions/<execution>/tasks/<task>/<task run>/<file>

is the file with the same path below `.podium/storage/`. `kestra:///<namespace as path>/_files/<path>` and
`nsfile://` name namespace files, `file://` any file of this machine. File names keep letters, digits and `.+=~%_-`;
any other character is stored as `_`, so that a URI needs no escapes: its path is that of the file, as it is written.
"""

import re
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote

from podium.store.errors import NoSuchFile, StorageError, read_failure, write_failure
from podium.store.namespace_files import NamespaceFolders

SCHEME = "kestra://"

_UNWANTED = re.compile(r"[^\w.+=~%-]")
_URI = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://([^/]*)(/.*)?", re.DOTALL)
_LONGEST = 200
"""Bytes of a stored file name."""


@dataclass(frozen=True, slots=True)
class ExecutionPlace:
    """Which execution a file belongs to."""

    namespace: str
    flow_id: str
    execution_id: str

    @property
    def path(self) -> str:
        """The folder of the execution, relative to the root of storage."""
        return f"{_flow_path(self.namespace, self.flow_id)}/executions/{self.execution_id}"


class InternalStorage:
    """The storage of a workspace. Raises StorageError (NoSuchFile for what is not there), StoreError on failure."""

    def __init__(self, root: Path, namespace_files: NamespaceFolders) -> None:
        self._root = root
        self._namespace_files = namespace_files

    def for_task(
        self, place: ExecutionPlace, task_id: str, taskrun_id: str, related: Callable[[str], bool] = lambda _: False
    ) -> "TaskStorage":
        """The storage as one task run sees it.

        `related` says of an execution's id whether this execution may read its files: its parent, the execution
        that triggered it, and its children.
        """
        return TaskStorage(self, place, f"{place.path}/tasks/{slug(task_id)}/{taskrun_id}", related)

    def put_input(self, place: ExecutionPlace, input_id: str, source: Path, name: str | None = None) -> str:
        """Copy a file that was given for a FILE input; returns its URI."""
        return self.copy_in(source, f"{place.path}/inputs/{input_id}", name or source.name)

    def put_trigger_file(self, place: ExecutionPlace, trigger_id: str, source: Path, name: str | None = None) -> str:
        """Copy a file that a trigger made for its execution; returns its URI."""
        return self.copy_in(source, f"{place.path}/trigger/{slug(trigger_id)}", name or source.name)

    def cache_file(self, namespace: str, flow_id: str, task_id: str) -> Path:
        """Where a WorkingDirectory keeps its cache from run to run; need not exist."""
        return self._inside(f"{_flow_path(namespace, flow_id)}/{slug(task_id)}/cache/cache.zip")

    def execution_folder(self, place: ExecutionPlace) -> Path:
        """The folder with all files of one execution; need not exist."""
        return self._inside(place.path)

    def delete_execution(self, place: ExecutionPlace) -> list[str]:
        """Remove all files of an execution; returns their URIs, sorted."""
        folder = self.execution_folder(place)
        uris = sorted(self._uri(path) for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder, ignore_errors=True)
        return uris

    # ---- reading -----------------------------------------------------------------------------------------------

    def path(self, uri: str, namespace: str, may_read: Callable[[str], bool]) -> Path:
        """The local path of an existing file. `namespace` is the one of `nsfile:///`; `may_read` gets the id of the
        execution that a file belongs to.
        """
        path = self._located(uri, namespace, may_read)
        if not path.is_file():
            raise NoSuchFile(f"There is no file {uri}.")
        return path

    def exists(self, uri: str, namespace: str, may_read: Callable[[str], bool]) -> bool:
        """Whether there is such a file."""
        return self._located(uri, namespace, may_read).is_file()

    def _located(self, uri: str, namespace: str, may_read: Callable[[str], bool]) -> Path:
        match = _URI.fullmatch(SCHEME + uri if uri.startswith("/") else uri)
        if match is None:
            raise StorageError(
                f"`{uri}` is not the URI of a file: it begins with `kestra:///`, `nsfile://`, `file://`."
            )
        scheme, host, written = match[1].lower(), match[2], match[3] or "/"
        path = unquote(written)
        if scheme == "file" and host in ("", "localhost"):
            return Path(path)
        if ".." in path.split("/") or "\0" in path:
            raise StorageError(f"`{uri}` is refused: `..` is not allowed in a URI.")
        if scheme == "nsfile":
            return self._namespace_files.place(host or namespace, path)
        if scheme != "kestra" or host:
            raise StorageError(f"Cannot process the URI {uri}: scheme not supported.")
        folder, files, name = path.partition("/_files/")
        if files:
            return self._namespace_files.place(folder.strip("/").replace("/", "."), name)
        owner = _owner(written)
        if owner is None or not may_read(owner):
            raise StorageError(f"Unable to read the file '{uri}' as it didn't belong to the current execution")
        return self._inside(written)

    def _inside(self, path: str) -> Path:
        found = self._root.joinpath(*PurePosixPath(path.lstrip("/")).parts)
        if not found.resolve().is_relative_to(self._root.resolve()):
            raise StorageError(f"`{path}` leads out of internal storage.")
        return found

    # ---- writing -----------------------------------------------------------------------------------------------

    def copy_in(self, source: Path, folder: str, name: str) -> str:
        """Copy a local file into a folder of storage; returns its URI."""
        try:
            with source.open("rb") as content:
                return self.write_in(content, folder, name)
        except OSError as error:
            raise read_failure("The file", source, error) from error

    def write_in(self, content: BinaryIO, folder: str, name: str) -> str:
        """Store what can be read from `content`; a name that is taken gets a number. Returns the URI.

        The file appears as a whole or not at all.
        """
        directory = self._inside(folder)
        draft = directory / f".{secrets.token_hex(8)}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with draft.open("xb") as file:
                shutil.copyfileobj(content, file, 1024 * 1024)
            path = _named(draft, directory, _file_name(name))
        except OSError as error:
            raise write_failure(f"The file `{name}`", directory, error) from error
        finally:
            with suppress(OSError):
                draft.unlink()
        return self._uri(path)

    def _uri(self, path: Path) -> str:
        return f"{SCHEME}/{path.relative_to(self._root).as_posix()}"


class TaskStorage:
    """Internal storage for one task run: the port `Storage` of tasks."""

    def __init__(
        self, storage: InternalStorage, place: ExecutionPlace, folder: str, related: Callable[[str], bool]
    ) -> None:
        self._storage = storage
        self._place = place
        self._folder = folder
        self._related = related

    def put(self, path: Path, name: str | None = None) -> str:
        """Copy a local file into the task run's storage; returns its URI."""
        return self._storage.copy_in(path, self._folder, name or path.name)

    def put_bytes(self, content: bytes, name: str) -> str:
        """Store bytes under a name; returns the URI."""
        return self._storage.write_in(BytesIO(content), self._folder, name)

    def open(self, uri: str) -> BinaryIO:
        """Open a file for reading."""
        try:
            return self.path(uri).open("rb")
        except OSError as error:
            raise read_failure("The file", self.path(uri), error) from error

    def path(self, uri: str) -> Path:
        """The local path of a file; not to be written to."""
        return self._storage.path(uri, self._place.namespace, self._may_read)

    def size(self, uri: str) -> int:
        """Bytes."""
        return self.path(uri).stat().st_size

    def exists(self, uri: str) -> bool:
        """Whether there is such a file."""
        return self._storage.exists(uri, self._place.namespace, self._may_read)

    def delete(self, uri: str) -> bool:
        """Remove a file of this execution or of a related one; False when there is none.

        Namespace files and files outside storage are refused: this is not the way to delete them.
        """
        if not uri.startswith((SCHEME, "/")) or "/_files/" in uri:
            raise StorageError(f"{uri} cannot be deleted: only files of internal storage can.")
        if not self.exists(uri):
            return False
        self.path(uri).unlink(missing_ok=True)
        return True

    def delete_all(self) -> Sequence[str]:
        """Remove every file of this execution; returns their URIs."""
        return self._storage.delete_execution(self._place)

    def _may_read(self, execution_id: str) -> bool:
        return execution_id == self._place.execution_id or self._related(execution_id)


def slug(text: str) -> str:
    """A flow, task or trigger id as a part of a URI, by Kestra's rule: `My_Task.1` becomes `my-task1`."""
    plain = unicodedata.normalize("NFD", re.sub(r"\s", "-", text))
    plain = re.sub(r"[^\w-]", "", plain, flags=re.ASCII).replace("_", "-")
    return re.sub("-+", "-", plain).strip("-").lower()


def _flow_path(namespace: str, flow_id: str) -> str:
    return f"{namespace.replace('.', '/')}/{slug(flow_id)}"


def _owner(path: str) -> str | None:
    """The id of the execution that a path of storage belongs to."""
    parts = path.strip("/").split("/")
    for at in range(2, len(parts)):
        # A part of a namespace or a flow may be called `executions` as well: only the whole pattern counts.
        if parts[at] in ("tasks", "inputs", "trigger") and parts[at - 2] == "executions":
            return parts[at - 1]
    return None


def _file_name(name: str) -> str:
    plain = _UNWANTED.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".") or "file"
    if len(plain.encode()) <= _LONGEST:
        return plain
    stem, dot, extension = plain.rpartition(".")
    tail = dot + extension if stem and len(extension) <= 20 else ""
    return plain.encode()[: _LONGEST - len(tail.encode())].decode(errors="ignore") + tail


def _named(draft: Path, directory: Path, name: str) -> Path:
    """Give a finished file its name; nothing that has the name already is replaced."""
    stem, dot, extension = name.partition(".")
    number = 0
    while True:
        path = directory / (name if number == 0 else f"{stem}-{number}{dot}{extension}")
        try:
            path.open("xb").close()
        except FileExistsError:
            number += 1
        else:
            return draft.replace(path)
