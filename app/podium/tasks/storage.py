"""Whole files of internal storage: writing, measuring, joining, cutting, deleting."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError
from podium.tasks.scripts.files import TaskFiles
from podium.tasks.splitting import byte_size, rows_of, split_file

_PREFIX = "io.kestra.plugin.core.storage."


def scratch_file(ctx: RunContext, extension: str) -> Path:
    """A new empty file in the working directory."""
    with tempfile.NamedTemporaryFile(dir=ctx.working_dir, suffix=extension, delete=False) as file:
        return Path(file.name)


def file_name(uri: str) -> str:
    """The last part of a URI's path."""
    return urlsplit(uri).path.rsplit("/", 1)[-1] or "file"


@dataclass
class FileOutputs:
    """The stored file."""

    uri: str = field(metadata={"doc": "The URI of the file."})


class Write(RunnableTask):
    """Writes a text to a file of internal storage."""

    type = _PREFIX + "Write"
    title = "Write a text to a file."
    outputs = FileOutputs
    examples = (
        Example("Keep a report", f'type: {_PREFIX}Write\ncontent: "{{{{ outputs.fetch.body }}}}"\nextension: .json'),
    )

    content: str = prop(required=True, doc="The text.")
    extension: str | None = prop(doc="The extension of the file, with the dot.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        path = scratch_file(ctx, self.extension or "")
        path.write_text(self.content, encoding="utf-8", newline="")
        return {"uri": ctx.storage.put(path)}


@dataclass
class SizeOutputs:
    """The size."""

    size: int = field(metadata={"doc": "The bytes of the file."})


class Size(RunnableTask):
    """Measures a file."""

    type = _PREFIX + "Size"
    title = "Get the size of a file."
    aliases = ("io.kestra.core.tasks.storages.Size",)
    outputs = SizeOutputs
    examples = (Example("Measure a download", f'type: {_PREFIX}Size\nuri: "{{{{ outputs.download.uri }}}}"'),)

    uri: str = prop(required=True, doc="The URI of the file.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"size": ctx.storage.size(self.uri)}


@dataclass
class DeleteOutputs:
    """Whether something was deleted."""

    uri: str = field(metadata={"doc": "The URI of the file."})
    deleted: bool = field(metadata={"doc": "False when there was no such file."})


class Delete(RunnableTask):
    """Deletes a file."""

    type = _PREFIX + "Delete"
    title = "Delete a file."
    aliases = ("io.kestra.core.tasks.storages.Delete",)
    outputs = DeleteOutputs
    examples = (Example("Delete a download", f'type: {_PREFIX}Delete\nuri: "{{{{ outputs.download.uri }}}}"'),)

    uri: str = prop(required=True, doc="The URI of the file.")
    errorOnMissing: bool = prop(default=False, doc="Fail when there is no such file.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        deleted = ctx.storage.delete(self.uri)
        if not deleted and self.errorOnMissing:
            raise TaskError(f"Unable to find file '{self.uri}', and `errorOnMissing` is set to true.")
        return {"uri": self.uri, "deleted": deleted}


class Concat(RunnableTask):
    """Joins files into one. The separator, if any, is written after every file."""

    type = _PREFIX + "Concat"
    title = "Join files."
    aliases = ("io.kestra.core.tasks.storages.Concat",)
    outputs = FileOutputs
    examples = (
        Example(
            "Join the results of two tasks",
            f"type: {_PREFIX}Concat\nfiles:\n"
            '  - "{{ outputs.first.uri }}"\n  - "{{ outputs.second.uri }}"\nextension: .csv',
        ),
    )

    files: list[str] = prop(required=True, doc="The URIs of the files.")
    separator: str | None = prop(doc="A text to write after every file.")
    extension: str = prop(default=".tmp", doc="The extension of the joined file.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        path = scratch_file(ctx, self.extension)
        with path.open("wb") as joined:
            for uri in self.files:
                with ctx.storage.open(uri) as file:
                    shutil.copyfileobj(file, joined, 1 << 20)
                joined.write((self.separator or "").encode())
        return {"uri": ctx.storage.put(path)}


@dataclass
class SplitOutputs:
    """The parts."""

    uris: list[str] = field(metadata={"doc": "The URIs of the parts, in order."})


class Split(RunnableTask):
    """Cuts a file into parts, at row ends."""

    type = _PREFIX + "Split"
    title = "Split a file."
    aliases = ("io.kestra.core.tasks.storages.Split",)
    outputs = SplitOutputs
    examples = (
        Example("Parts of 100 rows", f'type: {_PREFIX}Split\nfrom: "{{{{ inputs.file }}}}"\nrows: 100'),
        Example("Parts of about 10 MB", f'type: {_PREFIX}Split\nfrom: "{{{{ inputs.file }}}}"\nbytes: 10MB'),
    )

    from_: str = prop(required=True, name="from", doc="The URI of the file.")
    bytes: str | None = prop(doc="The size at which a part is full, e.g. `10MB`.")
    partitions: int | None = prop(doc="The number of parts.")
    rows: int | None = prop(doc="The number of rows of a part.")
    separator: str = prop(default="\n", doc="What separates rows.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        folder = Path(tempfile.mkdtemp(dir=ctx.working_dir))
        with ctx.storage.open(self.from_) as source:
            parts = split_file(
                source, folder, name=file_name(self.from_), rows=self.rows, partitions=self.partitions,
                size=byte_size(self.bytes) if self.bytes else None, separator=self.separator,
            )  # fmt: skip
        return {"uris": [ctx.storage.put(part) for part in parts]}


class Reverse(RunnableTask):
    """Turns a file around: the last row first."""

    type = _PREFIX + "Reverse"
    title = "Reverse the rows of a file."
    aliases = ("io.kestra.core.tasks.storages.Reverse",)
    outputs = FileOutputs
    examples = (Example("Newest first", f'type: {_PREFIX}Reverse\nfrom: "{{{{ outputs.fetch.uri }}}}"'),)

    from_: str = prop(required=True, name="from", doc="The URI of the file.")
    separator: str = prop(default="\n", doc="What separates rows.")
    charset: str = prop(default="UTF-8", doc="The encoding of the file.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        try:
            mark = self.separator.encode(self.charset)
        except LookupError:
            raise TaskError(f"The charset '{self.charset}' is not known.") from None
        path = scratch_file(ctx, Path(file_name(self.from_)).suffix)
        with ctx.storage.open(self.from_) as source, path.open("wb") as target:
            target.writelines(row + mark for row in reversed(list(rows_of(source, mark))))
        return {"uri": ctx.storage.put(path)}


@dataclass
class FilesOutputs:
    """Files by name."""

    uris: dict[str, str] = field(metadata={"doc": "Relative path to URI."})


class LocalFiles(RunnableTask):
    """Puts files into the working directory and keeps files of it. Meant for the children of
    WorkingDirectory.
    """

    type = _PREFIX + "LocalFiles"
    title = "Exchange files with the working directory."
    aliases = ("io.kestra.core.tasks.storages.LocalFiles",)
    deprecated = "Use `inputFiles` and `outputFiles` of the tasks."
    outputs = FilesOutputs
    examples = (
        Example(
            "Put a file there",
            f'type: {_PREFIX}LocalFiles\ninputs:\n  data.csv: "{{{{ outputs.download.uri }}}}"',
        ),
    )

    inputs: dict[str, Expression] | Expression | None = prop(doc="Name to content, or to the URI of a file.")
    outputs_: list[str] | None = prop(name="outputs", doc="Patterns of the files to keep.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        files = TaskFiles(ctx, {"workingDir": str(ctx.working_dir)})
        if self.inputs is not None:
            files.add_input_files(self.inputs)
        return {"uris": files.collect(self.outputs_ or ())}


@dataclass
class PurgeOutputs:
    """What was deleted."""

    uris: list[str] = field(metadata={"doc": "The URIs of the deleted files."})


class PurgeCurrentExecutionFiles(RunnableTask):
    """Deletes all files of the current execution: those of its inputs and of its tasks."""

    type = _PREFIX + "PurgeCurrentExecutionFiles"
    title = "Delete the files of this execution."
    aliases = (
        "io.kestra.core.tasks.storages.PurgeExecution",
        "io.kestra.plugin.core.storage.PurgeExecution",
    )
    outputs = PurgeOutputs
    examples = (Example("Clean up", f"type: {_PREFIX}PurgeCurrentExecutionFiles"),)

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"uris": list(ctx.storage.delete_all())}
