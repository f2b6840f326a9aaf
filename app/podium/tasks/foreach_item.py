"""The three tasks that a ForEachItem stands for; they are made by the loader and never written in a flow."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium.engine.flowable import Flowable
from podium.engine.flowables.foreach_item import Batch
from podium.model.items import ITEMS, MERGE, SPLIT
from podium.model.properties import prop
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError, TaskResult
from podium.tasks.splitting import byte_size, split_file
from podium.tasks.storage import file_name, scratch_file

_SPACES = ("kestra://", "nsfile://", "file://")


@dataclass
class SplitOutputs:
    """The list of batches."""

    splits: str = field(metadata={"doc": "The URI of a file that lists the URIs of the batches, one per line."})


class ItemsSplit(RunnableTask):
    """Cuts the file of a ForEachItem into batches."""

    type = SPLIT
    title = "Cut a file into batches."
    outputs = SplitOutputs

    items: str = prop(required=True, doc="The URI of the file.")
    batch: Batch | None = prop(doc="How the file is cut; one line per batch when absent.")

    def run(self, ctx: RunContext) -> TaskResult:
        if not self.items.startswith(_SPACES):
            raise TaskError(f"Unable to split the items from {self.items}, this is not an internal storage URI!")
        batch = self.batch
        how = (batch.rows, batch.partitions, batch.bytes, batch.separator) if batch else (None, None, None, "\n")
        rows, partitions, size, separator = how
        folder = Path(tempfile.mkdtemp(dir=ctx.working_dir))
        with ctx.storage.open(self.items) as source:
            parts = split_file(
                source, folder, name=file_name(self.items), rows=rows or 1, partitions=partitions,
                size=byte_size(size) if size else None, separator=separator,
            )  # fmt: skip
        uris = tuple(ctx.storage.put(part) for part in parts)
        listing = scratch_file(ctx, ".ion")
        listing.write_text("".join(f"{json.dumps(uri)}\n" for uri in uris), encoding="utf-8")
        return TaskResult({"splits": ctx.storage.put(listing)}, batches=uris)


class ItemsExecutable(Flowable):
    """Runs a flow for each batch; what it does is the engine's business."""

    type = ITEMS
    title = "Run a flow for each batch."
    kind = "executable"

    namespace: str = prop(required=True, doc="The namespace of the flow.")
    flowId: str = prop(required=True, doc="The id of the flow.")
    revision: int | None = prop(doc="A revision of it.")
    inputs: dict[str, Any] | None = prop(doc="Its inputs.")
    labels: Any = prop(doc="Labels for the new executions.")
    wait: bool = prop(default=True, doc="Wait for their end.")
    transmitFailed: bool = prop(default=True, doc="Take over a state other than SUCCESS.")
    inheritLabels: bool = prop(default=False, doc="Pass the labels of this execution on.")
    scheduleDate: str | None = prop(doc="Start them later.")
    restartBehavior: str = prop(default="RETRY_FAILED", doc="As for Subflow.")


@dataclass
class MergeOutputs:
    """The outputs of all flows."""

    subflowOutputs: str = field(metadata={"doc": "The URI of a file with the outputs of each flow, one per line."})


class ItemsMerge(RunnableTask):
    """Joins the outputs of the flows of a ForEachItem into one file."""

    type = MERGE
    title = "Join the outputs of the flows."
    outputs = MergeOutputs

    def run(self, ctx: RunContext) -> Mapping[str, Any] | None:
        items = _outputs_of(ctx, ctx.task_id.removesuffix("_merge") + "_items")
        base = items.get("subflowOutputsBaseUri")
        if not base:
            return None
        merged = scratch_file(ctx, ".ion")
        found = False
        with merged.open("wb") as target:
            for number in range(int(items.get("numberOfBatches") or 0)):
                uri = f"{base}/{number}/outputs.ion"
                if ctx.storage.exists(uri):
                    found = True
                    with ctx.storage.open(uri) as source:
                        target.write(source.read().rstrip(b"\n") + b"\n")
        return {"subflowOutputs": ctx.storage.put(merged)} if found else None


def _outputs_of(ctx: RunContext, task_id: str) -> Mapping[str, Any]:
    """The outputs of a task beside this one: inside loops they lie below the values of the loops."""
    found: Any = ctx.variables.get("outputs", {}).get(task_id, {})
    around = [each.get("taskrun", {}).get("value") for each in reversed(ctx.variables.get("parents") or ())]
    for value in (*around, ctx.variables.get("taskrun", {}).get("value")):
        if value is not None and isinstance(found, Mapping) and value in found:
            found = found[value]
    return found if isinstance(found, Mapping) else {}
