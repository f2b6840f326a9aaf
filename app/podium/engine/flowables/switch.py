"""Switch: the branch whose key equals a value."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from podium.engine.execution import TaskRun
from podium.engine.flowable import Flowable, Opened, Opening
from podium.model.flow import Task
from podium.model.properties import ChildCases, ChildTasks, Expression, prop
from podium.model.schema import Example


@dataclass
class SwitchOutputs:
    """What was decided."""

    value: str = field(metadata={"doc": "What `value` rendered to."})
    defaults: bool = field(metadata={"doc": "Whether no case was for it."})


class Switch(Flowable):
    """Runs the tasks of the case that equals `value`, else `defaults`; without either the task fails."""

    type = "io.kestra.plugin.core.flow.Switch"
    title = "Choose a branch by value"
    results = SwitchOutputs
    examples = (
        Example(
            "By input",
            """id: by_env
type: io.kestra.plugin.core.flow.Switch
value: "{{ inputs.env }}"
cases:
  prod:
    - id: careful
      type: io.kestra.plugin.core.log.Log
      message: production
defaults:
  - id: relaxed
    type: io.kestra.plugin.core.log.Log
    message: anything else""",
        ),
    )

    value: Expression = prop(required=True, doc="Rendered to text and compared with the keys of `cases`.")
    cases: ChildCases | None = prop(doc="Lists of tasks by value.")
    defaults: ChildTasks | None = prop(doc="The tasks when no case matches.")
    errors: ChildTasks | None = prop(doc="Tasks that run when the branch failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        value = opening.render(opening.task.props.get("value"))
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return Opened({"value": text, "defaults": f"cases.{text}" not in opening.task.children})

    @classmethod
    def branch(cls, task: Task, run: TaskRun) -> Sequence[Task] | None:
        chosen = task.children.get(f"cases.{(run.outputs or {}).get('value')}")
        return task.children.get("defaults") if chosen is None else chosen
