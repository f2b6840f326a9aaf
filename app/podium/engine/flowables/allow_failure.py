"""AllowFailure: a group whose failure is only a warning."""

from podium.engine.flowable import Flowable, final_state
from podium.engine.progress import Container
from podium.model.properties import ChildTasks, prop
from podium.model.schema import Example


class AllowFailure(Flowable):
    """Runs its tasks one after the other; when one fails the group ends in WARNING and the flow goes on."""

    type = "io.kestra.plugin.core.flow.AllowFailure"
    title = "Go on when a group of tasks fails"
    examples = (
        Example(
            "A step that may fail",
            """id: try
type: io.kestra.plugin.core.flow.AllowFailure
tasks:
  - id: risky
    type: io.kestra.plugin.core.execution.Fail""",
        ),
    )

    tasks: ChildTasks | None = prop(required=True, doc="The tasks that may fail.")
    errors: ChildTasks | None = prop(doc="Tasks that run when one of the group failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end of the group, whatever happened.")

    @classmethod
    def final(cls, container: Container) -> str:
        task = container.task
        return final_state(container, True, bool(task and task.allow_warning))
