"""If: one of two branches."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from podium.engine.execution import TaskRun
from podium.engine.flowable import Flowable, Opened, Opening
from podium.engine.run import falsy
from podium.model.flow import Task
from podium.model.properties import ChildTasks, Expression, prop
from podium.model.schema import Example


@dataclass
class IfOutputs:
    """What was decided."""

    evaluationResult: bool = field(metadata={"doc": "Whether the condition was true."})


class If(Flowable):
    """Runs `then` when the condition is true, else `else`. Without a branch for the result nothing runs."""

    type = "io.kestra.plugin.core.flow.If"
    title = "Choose between two branches"
    results = IfOutputs
    examples = (
        Example(
            "Only on request",
            """id: check
type: io.kestra.plugin.core.flow.If
condition: "{{ inputs.notify }}"
then:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: notified""",
        ),
    )

    condition: Expression = prop(required=True, doc='False when it renders to "", "false", "0" or "-0".')
    then: ChildTasks | None = prop(required=True, doc="The tasks for a true condition.")
    else_: ChildTasks | None = prop(name="else", doc="The tasks for a false condition.")
    errors: ChildTasks | None = prop(doc="Tasks that run when the branch failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        condition = opening.task.props.get("condition")
        return Opened({"evaluationResult": not falsy(opening.render(condition))})

    @classmethod
    def branch(cls, task: Task, run: TaskRun) -> Sequence[Task] | None:
        chosen = "then" if (run.outputs or {}).get("evaluationResult") else "else"
        return task.children.get(chosen, ())
