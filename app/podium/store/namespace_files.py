"""The files of a namespace: the user's own files beside the flows, found by path relative to the namespace's folder.

Not among them are flows, hidden folders, folders of installed packages, and `.env` files, which hold secrets.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from podium.store.errors import NamespaceFileError, NoSuchFile, write_failure
from podium.store.workspace import Workspace, is_skipped_folder

_BLOCK = 1024 * 1024
_DRAFT = ".podium-"


class NamespaceFolders:
    """The namespace files of a workspace: the port `NamespaceFiles` of tasks.

    Paths use `/` and may begin with one. Raises NamespaceFileError for a path that leaves the folder (with `..`
    or through a symbolic link) or names something hidden, NoSuchFile when there is no such file, StoreError when
    a file cannot be written.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list(self, namespace: str) -> Sequence[str]:
        """All paths, sorted, with `/`; none for a namespace without a folder."""
        folder = self._workspace.namespace_folder(namespace)
        flows = {str(flow.path) for flow in self._workspace.flow_files()}
        return sorted(
            os.path.relpath(path, folder).replace(os.sep, "/") for path in _files(folder) if path not in flows
        )

    def path(self, namespace: str, name: str) -> Path:
        """The local path of a file that exists."""
        path = self.place(namespace, name)
        if not path.is_file():
            raise NoSuchFile(f"The namespace `{namespace}` has no file `{name}` ({path}).")
        return path

    def place(self, namespace: str, name: str) -> Path:
        """Where a file is or would be."""
        parts = PurePosixPath(name.lstrip("/")).parts
        if not parts or ".." in parts or "\0" in name:
            raise NamespaceFileError(f"`{name}` is not the path of a file of namespace `{namespace}`.")
        if any(is_skipped_folder(part) for part in parts[:-1]) or parts[-1].startswith(".env"):
            raise NamespaceFileError(
                f"`{name}` is not a namespace file: hidden folders, installed packages and `.env` files are not."
            )
        folder = self._workspace.namespace_folder(namespace)
        path = folder.joinpath(*parts)
        if not path.resolve().is_relative_to(folder.resolve()):
            raise NamespaceFileError(f"`{name}` leads out of the folder of namespace `{namespace}` ({folder}).")
        return path

    def exists(self, namespace: str, name: str) -> bool:
        """Whether there is such a file."""
        return self.place(namespace, name).is_file()

    def write(self, namespace: str, name: str, content: bytes) -> None:
        """Create or replace a file, with the folders above it; the file is never seen half-written."""
        path = self.place(namespace, name)
        draft = path.with_name(f"{_DRAFT}{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            if path.exists():
                draft.chmod(path.stat().st_mode & 0o777)
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise write_failure(f"The namespace file `{name}`", path, error) from error

    def delete(self, namespace: str, name: str) -> bool:
        """Remove a file, and the folders that are empty then; False when there was none."""
        path = self.place(namespace, name)
        try:
            path.unlink()
        except (FileNotFoundError, IsADirectoryError):
            return False
        except OSError as error:
            raise write_failure(f"The namespace file `{name}`", path, error) from error
        folder = self._workspace.namespace_folder(namespace)
        for parent in path.parents:
            if parent == folder or not parent.is_relative_to(folder):
                break
            try:
                parent.rmdir()
            except OSError:
                break
        return True

    def digest(self, namespace: str) -> str:
        """A text that changes when any file of the namespace does: SHA-256 over paths and contents."""
        folder = self._workspace.namespace_folder(namespace)
        whole = hashlib.sha256()
        for name in self.list(namespace):
            whole.update(name.encode("utf-8", "surrogateescape") + b"\0")
            try:
                with (folder / name).open("rb") as file:
                    while block := file.read(_BLOCK):
                        whole.update(block)
            except OSError:
                whole.update(b"unreadable")
            whole.update(b"\0")
        return whole.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    pending = [str(folder)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not is_skipped_folder(entry.name):
                    pending.append(entry.path)
            elif entry.is_file() and not entry.name.startswith((".env", _DRAFT)):
                yield entry.path
