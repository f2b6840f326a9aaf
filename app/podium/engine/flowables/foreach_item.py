"""ForEachItem: one execution of a flow per batch of lines of a file."""

from typing import Any, Literal

from podium.engine.flowable import Flowable
from podium.model.properties import ChildTasks, Properties, prop
from podium.model.schema import Example


class Batch(Properties):
    """How the file is cut; one of `rows`, `partitions` and `bytes`."""

    rows: int | None = prop(doc="Lines per batch (default 1).")
    partitions: int | None = prop(doc="Number of batches; lines are dealt out in turn.")
    bytes: str | None = prop(doc="Size of a batch, such as `10MB`; lines stay whole.")
    separator: str = prop(default="\n", doc="What ends a line.")


class ForEachItem(Flowable):
    """Cuts a file of internal storage into batches and runs a flow for each; `taskrun.items` is a batch's URI."""

    type = "io.kestra.plugin.core.flow.ForEachItem"
    title = "Run a flow for every batch of a file"
    removed = "2.0"
    examples = (
        Example(
            "Ten lines at a time",
            """id: batches
type: io.kestra.plugin.core.flow.ForEachItem
items: "{{ inputs.file }}"
batch:
  rows: 10
namespace: company.team
flowId: child
inputs:
  file: "{{ taskrun.items }}\"""",
        ),
    )

    items: str = prop(required=True, doc="The URI of the file.")
    batch: Batch | None = prop(doc="How the file is cut.")
    namespace: str = prop(required=True, doc="The namespace of the flow to run.")
    flowId: str = prop(required=True, doc="The id of the flow to run.")
    revision: int | None = prop(doc="A revision of it; the latest when absent.")
    inputs: dict[str, Any] | None = prop(doc="Its inputs; `taskrun.items` and `taskrun.iteration` name the batch.")
    labels: Any = prop(format="labels", doc="Labels for the new executions.")
    wait: bool = prop(default=True, dynamic=False, doc="Wait for their end.")
    transmitFailed: bool = prop(default=True, dynamic=False, doc="Take over a state other than SUCCESS.")
    inheritLabels: bool = prop(default=False, doc="Pass the labels of this execution on.")
    scheduleDate: str | None = prop(doc="Start them later, at this instant.")
    restartBehavior: Literal["RETRY_FAILED", "NEW_EXECUTION"] = prop(
        default="RETRY_FAILED", dynamic=False, doc="As for Subflow."
    )
    errors: ChildTasks | None = prop(doc="Tasks that run when a part failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")
