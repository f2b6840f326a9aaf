"""Pause: wait for somebody, or for a time."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from podium.engine.flowable import Flowable
from podium.model.grammar import AnyInput
from podium.model.properties import ChildTask, ChildTasks, prop
from podium.model.schema import Example


@dataclass
class PauseOutputs:
    """What whoever resumed has given."""

    onResume: dict[str, Any] = field(metadata={"doc": "The values of the `onResume` inputs."})
    resumed: dict[str, str] = field(metadata={"doc": "Who resumed (`by`), when (`on`) and to which state (`to`)."})


class Pause(Flowable):
    """Stops the execution until it is resumed or its time is over."""

    type = "io.kestra.plugin.core.flow.Pause"
    title = "Wait for a person or a time"
    results = PauseOutputs
    examples = (
        Example(
            "Ask for approval",
            """id: approve
type: io.kestra.plugin.core.flow.Pause
onResume:
  - id: reason
    type: STRING""",
        ),
    )

    pauseDuration: timedelta | None = prop(aliases=("delay",), doc="Go on by itself after this time.")
    behavior: Literal["RESUME", "WARN", "FAIL", "CANCEL"] = prop(
        default="RESUME", dynamic=False, doc="What happens when the time is over."
    )
    onResume: list[AnyInput] | None = prop(doc="Inputs that whoever resumes must give.", dynamic=False)
    onPause: ChildTask | None = prop(doc="A task that runs when the pause begins.")
    tasks: ChildTasks | None = prop(doc="Tasks that run after the resume.", deprecated="put them after the Pause")
    errors: ChildTasks | None = prop(doc="Tasks that run when the pause failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")
