"""The files of a task run: what is put into its working directory before, and kept from it after."""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from podium.model.properties import Properties, prop
from podium.plugin.binding import render_late
from podium.plugin.context import RunContext
from podium.plugin.task import TaskError
from podium.tasks.globs import files_below, matching_files, namespace_matcher

CONTEXT_FILE = ".kestra-execution-context.json"

_STORAGE_URI = re.compile(r"kestra://[-\w.+~#=/%]*")
_FILE_SCHEMES = ("kestra://", "file://", "nsfile://")


class NamespaceFilesOption(Properties):
    """Which namespace files are copied into the working directory."""

    enabled: bool = prop(default=True, doc="Whether namespace files are copied at all.")
    include: list[str] | None = prop(
        doc="Patterns of the files to copy; all without it. A pattern that starts with a letter holds at any depth."
    )
    exclude: list[str] | None = prop(doc="Patterns of files that are left out, even if included.")
    namespaces: list[str] = prop(
        default=["{{ flow.namespace }}"], doc="Namespaces to copy from; later ones overwrite earlier ones."
    )
    ifExists: Literal["OVERWRITE", "FAIL", "WARN", "IGNORE"] = prop(
        default="OVERWRITE", doc="What to do when the working directory already has the file."
    )
    folderPerNamespace: bool = prop(default=False, doc="Put the files of each namespace into a folder with its name.")


class TaskFiles:
    """Fills one working directory and collects from it. `extra` are the variables a script's text can use."""

    def __init__(self, ctx: RunContext, extra: Mapping[str, Any]) -> None:
        self._ctx = ctx
        self._extra = extra
        self._root = ctx.working_dir
        self._fetched: dict[str, str] = {}

    def add_namespace_files(self, option: NamespaceFilesOption) -> None:
        """Copy the chosen files of the chosen namespaces; counts and times as metrics."""
        if not option.enabled:
            return
        begin = time.monotonic()
        matches = namespace_matcher(option.include or (), option.exclude or ())
        count = 0
        for namespace in option.namespaces:
            for name in self._ctx.namespace_files.list(namespace):
                if matches(name):
                    target = f"{namespace}/{name}" if option.folderPerNamespace else name
                    if self._may_write(target, option.ifExists):
                        self._copy(self._ctx.namespace_files.path(namespace, name), target)
                        count += 1
        self._ctx.metric("namespacefiles.count", count, "counter")
        self._ctx.metric("namespacefiles.duration", time.monotonic() - begin, "timer")
        # A server says it at INFO; here the lane of Log tasks is for what the author of the flow has to say.
        self._ctx.log.debug(f"Loaded {count} namespace files from {', '.join(option.namespaces)}")

    def add_input_files(self, files: Any) -> None:
        """Write `inputFiles` as the flow has them: a map, or a text that renders to one as JSON."""
        for name, content in self._input_map(files).items():
            if content is not None and not isinstance(content, str):
                content = json.dumps(content, ensure_ascii=False, default=str)
            target = self._target(name)
            if content is not None and content.startswith(_FILE_SCHEMES):
                self._copy(self._ctx.storage.path(content.strip()), name)
            else:
                target.write_text(content or "", encoding="utf-8", newline="")

    def add_script(self, text: str, extension: str) -> Path:
        """Write the body of a `Script` task; returns its path."""
        with tempfile.NamedTemporaryFile(
            "w", dir=self._root, prefix=f"{self._ctx.task_id}-", suffix=extension,
            encoding="utf-8", newline="", delete=False,
        ) as file:  # fmt: skip
            file.write(text)
        return Path(file.name)

    def localized(self, text: str) -> str:
        """`text` with every internal storage URI replaced by the path of a local copy."""
        return _STORAGE_URI.sub(lambda match: self._local_copy(match[0]), text)

    def collect(self, patterns: Sequence[str]) -> dict[str, str]:
        """Store the files that match `outputFiles`; returns relative path -> URI."""
        found = matching_files(self._root, patterns)
        return {name: self._store(name, path) for name, path in found if name != CONTEXT_FILE}

    def collect_below(self, folder: Path, prefix: str = "") -> dict[str, str]:
        """Store all files of a folder; returns path relative to it (after `prefix`) -> URI."""
        return {prefix + name: self._store(name, path) for name, path in files_below(folder)}

    def _input_map(self, files: Any) -> Mapping[str, Any]:
        if isinstance(files, Mapping):
            rendered = {}
            for name, content in files.items():
                path = f"inputFiles.{name}"
                rendered[render_late(self._ctx, name, str, path, self._extra)] = (
                    None if content is None else render_late(self._ctx, content, str, path, self._extra)
                )
            return rendered
        text = render_late(self._ctx, files, str, "inputFiles", self._extra)
        try:
            parsed = json.loads(text or "{}")
        except ValueError:
            parsed = text
        if not isinstance(parsed, Mapping):
            raise TaskError(
                f"Invalid files properties with type {type(parsed).__name__}: `inputFiles` must be a map of file "
                "names to contents, or a text that renders to one as JSON."
            )
        return parsed

    def _may_write(self, name: str, if_exists: str) -> bool:
        if if_exists == "OVERWRITE" or not (self._root / name).exists():
            return True
        if if_exists == "FAIL":
            raise TaskError(f"The namespace file `{name}` already exists in the working directory.")
        if if_exists == "WARN":
            self._ctx.log.warn(f"The namespace file `{name}` already exists in the working directory: it is kept.")
        return False

    def _target(self, name: str) -> Path:
        if not name or name.startswith(("/", "./", "..")) or ".." in name.split("/"):
            raise TaskError(
                f"The file name '{name}' is not allowed, only relative path is supported: leave out a leading "
                "`/`, `./` and any `..`."
            )
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _copy(self, source: Path, name: str) -> None:
        shutil.copyfile(source, self._target(name))

    def _local_copy(self, uri: str) -> str:
        if uri not in self._fetched:
            source = self._ctx.storage.path(uri)
            with tempfile.NamedTemporaryFile(dir=self._root, prefix="file-", delete=False) as file:
                pass
            shutil.copyfile(source, file.name)
            self._fetched[uri] = file.name
        return self._fetched[uri]

    def _store(self, name: str, path: Path) -> str:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        return self._ctx.storage.put(path, f"{digest}-{quote(path.name)}")


def write_execution_context(ctx: RunContext) -> Path:
    """The file from which a script can read its execution (tasks.md 1.14)."""
    roots = ("inputs", "outputs", "labels", "vars", "trigger", "flow", "execution", "task", "taskrun")
    content = {root: ctx.variables[root] for root in roots if ctx.variables.get(root) is not None}
    path = ctx.working_dir / CONTEXT_FILE
    path.write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf-8")
    return path
