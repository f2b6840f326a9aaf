"""Subflow: run another flow as a task."""

from dataclasses import dataclass, field
from typing import Any, Literal

from podium.engine.flowable import Flowable
from podium.model.properties import prop
from podium.model.schema import Example


@dataclass
class SubflowOutputs:
    """What became of the execution."""

    executionId: str = field(metadata={"doc": "The id of the execution."})
    state: str = field(metadata={"doc": "The state in which it ended."})
    outputs: dict[str, Any] = field(metadata={"doc": "The outputs of the called flow."})


class Subflow(Flowable):
    """Creates an execution of another flow and, by default, waits for its end."""

    type = "io.kestra.plugin.core.flow.Subflow"
    title = "Run another flow"
    results = SubflowOutputs
    kind = "executable"
    examples = (
        Example(
            "Call a flow with inputs",
            """id: call
type: io.kestra.plugin.core.flow.Subflow
namespace: company.team
flowId: child
inputs:
  name: world""",
        ),
    )

    namespace: str = prop(required=True, doc="The namespace of the flow to run.")
    flowId: str = prop(required=True, doc="The id of the flow to run.")
    revision: int | None = prop(doc="A revision of it; the latest when absent.")
    inputs: dict[str, Any] | None = prop(doc="Its inputs.")
    labels: Any = prop(format="labels", doc="Labels for the new execution: a map or a list of key and value.")
    wait: bool = prop(default=True, dynamic=False, doc="Wait for its end.")
    transmitFailed: bool = prop(default=True, dynamic=False, doc="Take over a state other than SUCCESS.")
    inheritLabels: bool = prop(default=False, doc="Pass the labels of this execution on.")
    scheduleDate: str | None = prop(doc="Start it later, at this instant.")
    restartBehavior: Literal["RETRY_FAILED", "NEW_EXECUTION"] = prop(
        default="RETRY_FAILED",
        dynamic=False,
        doc="On restart: RETRY_FAILED restarts the same execution, NEW_EXECUTION makes one.",
    )
    outputs: dict[str, Any] | None = prop(
        doc="Expressions rendered in the context of the called flow.", deprecated="give the called flow `outputs`"
    )
