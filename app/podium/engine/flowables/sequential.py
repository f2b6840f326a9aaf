"""Sequential: tasks one after the other, as one."""

from podium.engine.flowable import Flowable
from podium.model.properties import ChildTasks, prop
from podium.model.schema import Example


class Sequential(Flowable):
    """Runs its tasks one after the other. A failing task ends the group; its `errors` and `finally` belong to it."""

    type = "io.kestra.plugin.core.flow.Sequential"
    title = "Run tasks one after the other"
    examples = (
        Example(
            "Two steps as a group",
            """id: group
type: io.kestra.plugin.core.flow.Sequential
tasks:
  - id: first
    type: io.kestra.plugin.core.log.Log
    message: one
  - id: second
    type: io.kestra.plugin.core.log.Log
    message: two""",
        ),
    )

    tasks: ChildTasks | None = prop(required=True, doc="The tasks of the group.")
    errors: ChildTasks | None = prop(doc="Tasks that run when one of the group failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end of the group, whatever happened.")
