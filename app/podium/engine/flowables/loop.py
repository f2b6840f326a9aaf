"""Loop (2.0): isolated iterations over values."""

from dataclasses import dataclass, field
from typing import Any, Literal

from podium.engine.flowable import Flowable
from podium.model.grammar import OutputEntry
from podium.model.properties import ChildTasks, Expression, prop
from podium.model.schema import Example


@dataclass
class LoopOutputs:
    """What the iterations gave."""

    iterationCount: int = field(metadata={"doc": "How many values there are."})
    runningIterations: int = field(metadata={"doc": "How many iterations run now."})
    terminatedIterations: dict[str, int] = field(metadata={"doc": "How many iterations have ended, by their state."})
    breakIteration: int = field(metadata={"doc": "The iteration after which `breakWhen` was true."})
    outputs: list[Any] = field(metadata={"doc": "For each iteration its `item` and `outputs`."})


class Loop(Flowable):
    """Runs its tasks once per value, each time as an execution of its own; `item.value` is the value."""

    type = "io.kestra.plugin.core.flow.Loop"
    title = "Run tasks in isolation for every value"
    results = LoopOutputs
    kind = "executable"
    since = "2.0"
    examples = (
        Example(
            "Over a list",
            """id: loop
type: io.kestra.plugin.core.flow.Loop
values: [1, 2, 3]
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ item.value }}\"""",
        ),
    )

    values: Any = prop(required=True, doc="A list, a map, JSON text, or the URI of a file with one value per line.")
    concurrencyLimit: int = prop(default=1, doc="How many iterations run at a time; 0 means all.")
    transmitFailed: bool = prop(default=True, dynamic=False, doc="Fail when an iteration fails.")
    outputs: list[OutputEntry] | None = prop(
        doc="Outputs of an iteration, as flow outputs are declared.", dynamic=False
    )
    fetchType: Literal["AUTO", "FETCH", "STORE"] = prop(
        default="AUTO",
        dynamic=False,
        doc="How the outputs of iterations are kept: FETCH as they are, STORE in a file each, of which `outputs` has "
        "the `uri`; AUTO stores when `values` is a file.",
    )
    breakWhen: Expression = prop(
        doc="After an iteration, over `item` and `iteration` (executionId, state, outputs): true starts no further one."
    )
    tasks: ChildTasks | None = prop(required=True, doc="The tasks of an iteration.")
    errors: ChildTasks | None = prop(doc="Tasks that run in an iteration that failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end of an iteration.")
