"""The shared directory of a WorkingDirectory task: filled before its tasks, captured after (semantics 4.5)."""

import hashlib
import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.engine.flowables.working_directory import Cache
from podium.model.flow import Task
from podium.model.properties import Properties, prop
from podium.plugin.binding import bind, render_late
from podium.runtime.context import AttemptContext
from podium.store.internal_storage import InternalStorage
from podium.tasks.globs import matching_files
from podium.tasks.scripts.files import NamespaceFilesOption, TaskFiles


class _Files(Properties):
    """The properties of a WorkingDirectory that concern files."""

    outputFiles: list[str] | None = prop(doc="Globs of the files to keep.")
    namespaceFiles: NamespaceFilesOption | None = prop(doc="Which namespace files are copied.")
    cache: Cache | None = prop(doc="Files to keep from one run to the next.")


def prepare(ctx: AttemptContext, task: Task, cache: Path) -> float:
    """Fill the directory: cache, namespace files, input files. Returns when the cache was restored.

    Raises whatever keeps a file from being there.
    """
    files = _bound(ctx, task)
    if files.cache is not None:
        _restore(ctx, files.cache, cache)
    restored = time.time()
    filler = TaskFiles(ctx, {"workingDir": str(ctx.working_dir)})
    if files.namespaceFiles is not None:
        filler.add_namespace_files(files.namespaceFiles)
    if task.props.get("inputFiles"):
        filler.add_input_files(task.props["inputFiles"])
    return restored


def finish(ctx: AttemptContext, task: Task, cache: Path, restored: float) -> Mapping[str, Any] | None:
    """Capture the output files and save the cache; returns the outputs. Raises when files cannot be captured."""
    files = _bound(ctx, task)
    outputs = None
    if files.outputFiles:
        collected = TaskFiles(ctx, {}).collect(files.outputFiles)
        outputs = {"outputFiles": collected} if collected else None
    if files.cache is not None:
        try:
            _save(ctx.working_dir, files.cache, cache, restored)
        except OSError as error:
            ctx.log.error(f"Unable to execute WorkingDirectory post actions: the cache was not saved: {error}")
    return outputs


def cache_of(storage: InternalStorage, namespace: str, flow_id: str, task_id: str, value: str | None) -> Path:
    """Where the cache of a WorkingDirectory is; each value of a loop has its own."""
    path = storage.cache_file(namespace, flow_id, task_id)
    if value is None:
        return path
    return path.parent / hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16] / path.name


def _bound(ctx: AttemptContext, task: Task) -> _Files:
    option = task.props.get("namespaceFiles")
    given = dict(task.props)
    if option is not None and not isinstance(option, Mapping):
        given["namespaceFiles"] = render_late(ctx, option, dict[str, Any], "namespaceFiles")
    return bind(_Files, given, ctx)


def _restore(ctx: AttemptContext, wanted: Cache, path: Path) -> None:
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return
    if wanted.ttl is not None:
        if age > wanted.ttl.total_seconds():
            ctx.log.debug(f"The cache is older than {wanted.ttl} and is not used")
            return
    try:
        with zipfile.ZipFile(path) as archive:
            # `extractall` takes neither absolute names nor `..` at their word.
            archive.extractall(ctx.working_dir)
    except (OSError, zipfile.BadZipFile) as error:
        ctx.log.warn(f"The cache cannot be read and is not used: {error}")


def _save(directory: Path, wanted: Cache, path: Path, restored: float) -> None:
    found = matching_files(directory, wanted.patterns)
    if not any(file.stat().st_mtime > restored for _, file in found):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in found:
                archive.write(file, name)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
