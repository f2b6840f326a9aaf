"""Secrets: values that flows name and never contain, from the environment and from files of the workspace."""

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from podium.store.dotenv import read_dotenv
from podium.store.errors import StoreError
from podium.store.settings import Settings, lineage
from podium.store.workspace import Workspace

PREFIX = "SECRET_"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""A plain value that happens to be base64 nearly always decodes to something with one of these, or to no text."""
NAMESPACE_FILE = ".env"
"""In the folder of a namespace: secrets of that namespace and those below it."""


@dataclass(frozen=True, slots=True)
class SecretName:
    """A secret there is, without its value; `source` says where it comes from, for people."""

    name: str
    source: str


class Secrets:
    """The secrets of a workspace.

    A secret is a variable `SECRET_<NAME>` of the environment, or any variable of a `.env` file. The environment goes
    first, then the files in the folders of the namespace and of those above it, closest first, then the files of the
    settings. Names are looked up in upper case. Files are read again when they change.
    """

    def __init__(self, workspace: Workspace, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._workspace = workspace
        self._settings = settings
        self._environment = os.environ if environment is None else environment
        self._files: dict[Path, tuple[tuple[int, int], dict[str, str]]] = {}

    def get(self, name: str, namespace: str | None = None) -> str | None:
        """The value of a secret as `namespace` sees it, None when there is none.

        Raises StoreError when a file of secrets is wrong, or a value is not what the settings promise.
        """
        found = self._find(name, namespace)
        return None if found is None else found[1]

    def source(self, name: str, namespace: str | None = None) -> str | None:
        """Where the value of a secret comes from, for people; None when there is none."""
        found = self._find(name, namespace)
        return None if found is None else found[0]

    def names(self, namespace: str | None = None) -> list[SecretName]:
        """The names of all secrets that a namespace sees, sorted, each with where its value comes from."""
        found: dict[str, str] = {}
        for source, variables in self._sources(namespace):
            for variable in variables:
                found.setdefault(variable.removeprefix(PREFIX).upper(), source)
        return [SecretName(name, found[name]) for name in sorted(found)]

    def environment(self) -> dict[str, str]:
        """The environment together with the variables of the files, for `{{ envs.* }}`; the environment goes first."""
        variables: dict[str, str] = {}
        for path in self._workspace_files():
            variables |= self._read(path)
        return variables | dict(self._environment)

    def _find(self, name: str, namespace: str | None) -> tuple[str, str] | None:
        wanted = name.upper()
        for source, variables in self._sources(namespace):
            for variable, value in variables.items():
                if variable.upper() == PREFIX + wanted:
                    return source, self._decoded(variable, value, source)
            for variable, value in variables.items():
                if variable.upper() == wanted:
                    return source, value
        return None

    def _sources(self, namespace: str | None) -> Iterator[tuple[str, Mapping[str, str]]]:
        own = {name: value for name, value in self._environment.items() if name.startswith(PREFIX)}
        yield "the environment", own
        files = [] if namespace is None else self._namespace_files(namespace)
        files += reversed([path for path in self._workspace_files() if path not in files])
        for path in files:
            shown = path.relative_to(self._workspace.root) if path.is_relative_to(self._workspace.root) else path
            yield str(shown), {name: value for name, value in self._read(path).items() if not self._is_public(name)}

    def _namespace_files(self, namespace: str) -> list[Path]:
        files: list[Path] = []
        for name in lineage(namespace):
            try:
                path = self._workspace.namespace_folder(name) / NAMESPACE_FILE
            except StoreError:
                continue
            # The root's own file is one of the settings' files: there it has its place.
            if path.parent != self._workspace.root and path not in files:
                files.append(path)
        return files

    def _workspace_files(self) -> list[Path]:
        return [self._workspace.root / Path(name).expanduser() for name in self._settings.secrets.files]

    def _is_public(self, variable: str) -> bool:
        return variable.startswith(self._settings.environment.prefixes)

    def _read(self, path: Path) -> dict[str, str]:
        try:
            status = path.stat()
        except OSError:
            return {}
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._files.get(path)
        if known is None or known[0] != stamp:
            known = self._files[path] = (stamp, read_dotenv(path))
        return known[1]

    def _decoded(self, variable: str, value: str, source: str) -> str:
        encoding = self._settings.secrets.encoding
        if encoding == "plain":
            return value
        try:
            text = base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            text = None
        if text is not None and (encoding == "base64" or not _CONTROL.search(text)):
            return text
        if encoding == "auto":
            return value
        raise StoreError(
            f"The value of `{variable}` in {source} is not base64 of a text. Encode it (`printf %s VALUE | base64`), "
            'or set `encoding = "auto"` under `[secrets]`.'
        )
