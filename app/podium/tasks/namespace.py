"""Files of a namespace: bringing them there, fetching and deleting them."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError
from podium.tasks.globs import matching_files, namespace_matcher

_PREFIX = "io.kestra.plugin.core.namespace."


def _as_list(files: str | list[str]) -> list[str]:
    return [files] if isinstance(files, str) else files


def _chosen(ctx: RunContext, namespace: str, files: str | list[str]) -> list[str]:
    """The files of the namespace that are named or match a pattern."""
    patterns = _as_list(files)
    if len(patterns) == 1 and patterns[0].lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            patterns = [str(name) for name in json.loads(patterns[0])]
    exact = {pattern.lstrip("/") for pattern in patterns}
    matches = namespace_matcher(patterns, ())
    return [name for name in ctx.namespace_files.list(namespace) if name in exact or (patterns and matches(name))]


@dataclass
class UploadOutputs:
    """What was uploaded."""

    files: dict[str, str] = field(metadata={"doc": "Path in the namespace to URI."})


class UploadFiles(RunnableTask):
    """Copies files into a namespace: those of the working directory, or of internal storage."""

    type = _PREFIX + "UploadFiles"
    title = "Upload namespace files."
    outputs = UploadOutputs
    examples = (
        Example(
            "Keep a download as a namespace file",
            f'type: {_PREFIX}UploadFiles\nnamespace: "{{{{ flow.namespace }}}}"\nfilesMap:\n'
            '  data/users.csv: "{{ outputs.download.uri }}"',
        ),
    )

    namespace: str = prop(default="{{ flow.namespace }}", doc="The namespace.")
    files: list[str] | None = prop(doc="Patterns of files in the working directory.")
    filesMap: dict[str, str] | None = prop(doc="Path in the namespace to the URI of a file.")
    destination: str = prop(default="/", doc="The folder in the namespace.")
    conflict: Literal["OVERWRITE", "ERROR", "SKIP"] = prop(
        default="OVERWRITE", doc="What to do with a file that is already there."
    )

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        if not self.files and not self.filesMap:
            raise TaskError("There is nothing to upload: give `files` or `filesMap`.")
        sources = dict(matching_files(ctx.working_dir, self.files or ()))
        sources |= {name: ctx.storage.path(uri) for name, uri in (self.filesMap or {}).items()}
        present = set(ctx.namespace_files.list(self.namespace))
        uploaded = {}
        for name, source in sources.items():
            target = "/".join(part for part in (self.destination.strip("/"), name.lstrip("/")) if part)
            if target in present and self.conflict == "ERROR":
                raise TaskError(f"The namespace file `{target}` already exists, and `conflict` is ERROR.")
            if target in present and self.conflict == "SKIP":
                ctx.log.debug(f"The namespace file `{target}` already exists: it is kept.")
                continue
            ctx.namespace_files.write(self.namespace, target, source.read_bytes())
            uploaded[target] = f"kestra:///{self.namespace.replace('.', '/')}/_files/{target}"
        return {"files": uploaded}


@dataclass
class DownloadOutputs:
    """What was fetched."""

    files: dict[str, str] = field(metadata={"doc": "Path to URI."})


class DownloadFiles(RunnableTask):
    """Copies files of a namespace to internal storage."""

    type = _PREFIX + "DownloadFiles"
    title = "Download namespace files."
    outputs = DownloadOutputs
    examples = (
        Example(
            "Fetch all scripts",
            f'type: {_PREFIX}DownloadFiles\nnamespace: company.tools\nfiles:\n  - "**.py"',
        ),
    )

    namespace: str = prop(required=True, doc="The namespace.")
    files: str | list[str] = prop(required=True, doc="Paths or patterns.")
    destination: str = prop(default="", doc="A folder to put before the paths of the result.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        found = {}
        for number, name in enumerate(_chosen(ctx, self.namespace, self.files)):
            path = ctx.namespace_files.path(self.namespace, name)
            # Paths in a namespace begin with a slash, as a server writes them.
            found["/" + f"{self.destination}{name}".lstrip("/")] = ctx.storage.put(path, f"{number}-{path.name}")
        ctx.metric("downloaded", len(found), "counter")
        return {"files": found}


class DeleteFiles(RunnableTask):
    """Deletes files of a namespace."""

    type = _PREFIX + "DeleteFiles"
    title = "Delete namespace files."
    examples = (
        Example("Delete drafts", f'type: {_PREFIX}DeleteFiles\nnamespace: company.team\nfiles:\n  - "drafts/**"'),
    )

    namespace: str = prop(required=True, doc="The namespace.")
    files: str | list[str] = prop(required=True, doc="Paths or patterns.")
    deleteParentFolder: bool = prop(default=True, doc="On a server: delete folders that become empty. Here always.")

    def run(self, ctx: RunContext) -> None:
        names = _chosen(ctx, self.namespace, self.files)
        deleted = sum(ctx.namespace_files.delete(self.namespace, name) for name in names)
        ctx.metric("deleted", deleted, "counter")
