"""The directory that Podium works in: where things are kept, and which flows live there.

Everything that Podium keeps is in `.podium/`, which git ignores. Flows are the user's own files: every YAML file
below the root that has `id:`, `namespace:` and `tasks:` at its top level.
"""

import contextlib
import difflib
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from podium.store.errors import StoreError, write_failure
from podium.store.flow_files import FlowFile, sniff_flows

STATE_FOLDER = ".podium"
SETTINGS_FILE = "podium.toml"
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})
"""Folders that hold other people's files; folders whose name begins with a dot are passed over as well."""

FLOW_FOLDERS = frozenset({"flows", "_flows"})
"""Names of folders that hold only the flows of a namespace; the namespace's files are beside them."""

_NAMESPACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
_LARGEST_FLOW = 16 * 1024 * 1024
"""Bytes. More than a flow may have (3 million characters): one that is too large is told so, not passed over."""
_WHAT_A_FLOW_IS = "A flow is a YAML file with `id:`, `namespace:` and `tasks:` at its top level."
_RECENT = 1.0
"""Seconds for which a look at the whole tree holds, where that is allowed."""
_Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Sniffed:
    stamp: _Stamp
    flows: tuple[FlowFile, ...]


class Workspace:
    """Paths and flows of one workspace. `namespace_folders` are folders set by hand (`[namespaces]` in settings)."""

    def __init__(self, root: Path, namespace_folders: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.state = root / STATE_FOLDER
        self._namespace_folders = dict(namespace_folders or {})
        self._sniffed: dict[Path, _Sniffed] = {}
        self._recent: tuple[float, list[FlowFile]] = (-_RECENT, [])

    @classmethod
    def locate(cls, path: Path) -> Self:
        """The workspace of `path`: the closest directory upwards with `.podium/` or `podium.toml`, else `path`.

        Creates nothing. Raises StoreError when `path` is not a directory.
        """
        given = path.expanduser()
        try:
            directory = given.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"There is no directory {given}. Create it, or name another one.") from error
        if not directory.is_dir():
            raise StoreError(f"{given} is not a directory: a workspace is the directory that holds the flows.")
        return cls(_marked_above(directory) or directory)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Like `locate`, and makes sure that `.podium/` is there. Raises StoreError when it cannot be created."""
        workspace = cls.locate(path)
        workspace.prepare()
        return workspace

    @staticmethod
    def root_of_file(file: Path, current: Path) -> Path:
        """The root of the workspace that a file belongs to. The first of these that applies:

        1. the closest directory upwards with `.podium/` or `podium.toml`;
        2. the folder around the `flows/` (or `_flows/`) folder that it is in;
        3. the `current` directory, if the file is below it;
        4. the folder of the file.
        """
        marked = _marked_above(file.parent)
        if marked is not None:
            return marked
        around = [folder.parent for folder in file.parents if folder.name in FLOW_FOLDERS]
        if around:
            return around[-1]
        return current if file.is_relative_to(current) else file.parent

    def prepare(self) -> None:
        """Create `.podium/` and its folders, readable by the user only; raises StoreError when that fails."""
        try:
            self.state.mkdir(mode=0o700, exist_ok=True)
            for folder in (self.executions, self.storage, self.trash, self.unsaved, self.tmp):
                folder.mkdir(mode=0o700, exist_ok=True)
            ignore = self.state / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise write_failure("What Podium keeps", self.state, error) from error

    def use_namespace_folders(self, folders: Mapping[str, str]) -> None:
        """Set the folders of namespaces by hand, relative to the root."""
        self._namespace_folders = dict(folders)

    @property
    def executions(self) -> Path:
        return self.state / "executions"

    @property
    def storage(self) -> Path:
        return self.state / "storage"

    @property
    def index(self) -> Path:
        return self.state / "index.db"

    @property
    def trash(self) -> Path:
        return self.state / "trash"

    @property
    def unsaved(self) -> Path:
        return self.state / "unsaved"

    @property
    def tmp(self) -> Path:
        return self.state / "tmp"

    def execution(self, execution_id: str) -> Path:
        """The directory of an execution; raises StoreError for an id that is not a plain name."""
        if not execution_id or execution_id.startswith(".") or "/" in execution_id or "\0" in execution_id:
            raise StoreError(f"`{execution_id}` is not the id of an execution.")
        return self.executions / execution_id

    # ---- flows -------------------------------------------------------------------------------------------------

    def flow_files(self) -> list[FlowFile]:
        """All flows, sorted by namespace, id and path. Files that did not change are not read again."""
        seen: dict[Path, _Sniffed] = {}
        for path, stamp in _yaml_files(self.root):
            known = self._sniffed.get(path)
            if known is None or known.stamp != stamp:
                known = _Sniffed(stamp, _sniff(path))
            seen[path] = known
        self._sniffed = seen
        flows = [flow for known in seen.values() for flow in known.flows]
        flows.sort(key=lambda flow: (flow.namespace, flow.id, flow.path, flow.line))
        self._recent = (time.monotonic(), flows)
        return list(flows)

    def recent_flow_files(self) -> list[FlowFile]:
        """The same, at most a second old: for what asks a thousand times while an execution runs."""
        looked, flows = self._recent
        return flows if time.monotonic() - looked < _RECENT else self.flow_files()

    def namespaces(self) -> list[str]:
        """All namespaces that have a flow, sorted."""
        return sorted({flow.namespace for flow in self.flow_files()})

    def find_flow(self, flow_id: str, namespace: str | None = None) -> FlowFile:
        """The one flow with this id.

        Raises StoreError when there is none (and says which one could be meant), when several namespaces have
        the id and none is given, and when several files claim to be the same flow.
        """
        flows = self.flow_files()
        found = [flow for flow in flows if flow.id == flow_id and namespace in (None, flow.namespace)]
        if not found:
            raise StoreError(self._unknown(flow_id, namespace, flows))
        if len({flow.namespace for flow in found}) > 1:
            places = ", ".join(dict.fromkeys(flow.namespace for flow in found))
            raise StoreError(f"Several namespaces have a flow `{flow_id}`: {places}. Say which one is meant.")
        if len(found) > 1:
            places = " and ".join(str(flow.path.relative_to(self.root)) for flow in found)
            raise StoreError(
                f"The flow `{flow_id}` of namespace `{found[0].namespace}` is in two places: {places}. "
                "Give one of them another `id:`."
            )
        return found[0]

    def _unknown(self, flow_id: str, namespace: str | None, flows: list[FlowFile]) -> str:
        where = f"namespace `{namespace}`" if namespace else str(self.root)
        text = f"There is no flow `{flow_id}` in {where}."
        elsewhere = [flow.namespace for flow in flows if flow.id == flow_id]
        if elsewhere:
            return f"{text} Namespace `{elsewhere[0]}` has one."
        named = self._file_named(flow_id)
        if named is not None:
            inside = [flow.id for flow in flows if flow.path == named]
            holds = f"holds the flow `{inside[0]}`" if inside else f"is no flow. {_WHAT_A_FLOW_IS}"
            return f"{text} {named.relative_to(self.root)} {holds}{'' if not inside else '.'}"
        ids = sorted({flow.id for flow in flows if namespace in (None, flow.namespace)})
        close = difflib.get_close_matches(flow_id, ids, n=3)
        if close:
            return f"{text} Did you mean {' or '.join(f'`{name}`' for name in close)}?"
        if not ids:
            return f"{text} {_WHAT_A_FLOW_IS}"
        shown = ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")
        return f"{text} The flows there: {shown}."

    def _file_named(self, stem: str) -> Path | None:
        """The first YAML file with this name, whatever is in it: people say the file when they mean the flow."""
        return min((path for path, _ in _yaml_files(self.root) if path.stem == stem), default=None)

    # ---- namespaces --------------------------------------------------------------------------------------------

    def namespace_folder(self, namespace: str) -> Path:
        """The folder that holds the files of a namespace. The first of these that applies:

        1. the folder that the settings name for it;
        2. `<root>/<namespace>/`, if there is such a folder;
        3. the folder around the namespace's `flows/` (or `_flows/`) folder, for several the one around them all;
        4. the root, when the workspace has no other namespace;
        5. the folder around all flows of the namespace.

        A namespace without flows gets `<root>/<namespace>/`, which need not exist yet. Where flows decide, a new one
        may take a second to be seen. Raises StoreError for a text that is no namespace.
        """
        if not _NAMESPACE.fullmatch(namespace):
            raise StoreError(f"`{namespace}` is not a namespace: use lower-case letters, digits, `.`, `_` and `-`.")
        if namespace in self._namespace_folders:
            return self.root / self._namespace_folders[namespace]
        named = self.root / namespace
        if named.is_dir():
            return named
        flows = self.recent_flow_files()
        folders = [flow.path.parent for flow in flows if flow.namespace == namespace]
        if not folders:
            return named
        around = [home for folder in folders if (home := self._around_flows_folder(folder)) is not None]
        if around:
            return Path(os.path.commonpath(around))
        if all(flow.namespace == namespace for flow in flows):
            return self.root
        return Path(os.path.commonpath(folders))

    def _around_flows_folder(self, folder: Path) -> Path | None:
        home = self.root
        for part in folder.relative_to(self.root).parts:
            if part in FLOW_FOLDERS:
                return home
            home = home / part
        return None


def _marked_above(directory: Path) -> Path | None:
    """The closest directory, this one or above it, that says that it is a workspace."""
    for candidate in (directory, *directory.parents):
        # What may not be looked into is no workspace of ours.
        with contextlib.suppress(PermissionError):
            if (candidate / STATE_FOLDER).is_dir() or (candidate / SETTINGS_FILE).is_file():
                return candidate
    return None


def is_skipped_folder(name: str) -> bool:
    """Whether a folder holds nothing that belongs to the workspace: hidden ones, caches, installed packages."""
    return name.startswith(".") or name in SKIPPED_FOLDERS


def _yaml_files(root: Path) -> Iterator[tuple[Path, _Stamp]]:
    pending = [str(root)]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            # A folder that the user may not read cannot hold the user's flows.
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not is_skipped_folder(entry.name):
                    pending.append(entry.path)
            elif entry.name.endswith((".yaml", ".yml")) and not entry.name.startswith("."):
                try:
                    status = entry.stat()
                except OSError:
                    continue
                if status.st_size <= _LARGEST_FLOW:
                    yield Path(entry.path), (status.st_mtime_ns, status.st_size)


def _sniff(path: Path) -> tuple[FlowFile, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ()
    return sniff_flows(path, text)
