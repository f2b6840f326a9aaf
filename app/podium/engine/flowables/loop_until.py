"""LoopUntil: tasks again and again until a condition holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from podium.engine.flowable import Flowable, Spawn, following_task
from podium.engine.progress import Container
from podium.model.properties import ChildTasks, Expression, Properties, prop
from podium.model.schema import Example


class Frequency(Properties):
    """How often and how long to try."""

    interval: timedelta | None = prop(doc="The wait between two rounds, one minute when absent.")
    maxIterations: int | None = prop(
        doc="How many rounds may end without the condition; as on a server the one after them is over the limit."
    )
    maxDuration: timedelta | None = prop(doc="How long at the most; looked at when a round is over.")


@dataclass
class LoopUntilOutputs:
    """How often it went round."""

    iterationCount: int = field(metadata={"doc": "The number of the round, from 1."})


class LoopUntil(Flowable):
    """Runs its tasks, then again after an interval, until the condition is true or a limit is reached."""

    type = "io.kestra.plugin.core.flow.LoopUntil"
    title = "Repeat tasks until a condition is true"
    results = LoopUntilOutputs
    aliases = ("io.kestra.plugin.core.flow.WaitFor",)
    examples = (
        Example(
            "Poll until ready",
            """id: wait
type: io.kestra.plugin.core.flow.LoopUntil
condition: "{{ outputs.ask.code == 200 }}"
checkFrequency:
  interval: PT10S
  maxIterations: 30
tasks:
  - id: ask
    type: io.kestra.plugin.core.http.Request
    uri: http://localhost:8000/ready""",
        ),
    )

    condition: Expression = prop(required=True, doc="Evaluated after each round.")
    checkFrequency: Frequency | None = prop(doc="Interval and limits.")
    failOnMaxReached: bool = prop(default=False, doc="Fail when a limit is reached.")
    tasks: ChildTasks | None = prop(required=True, doc="The tasks of a round.")
    errors: ChildTasks | None = prop(doc="Tasks that run when a round failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        following = following_task(container, None)
        if following is not None and container.taskrun is not None:
            count = int((container.taskrun.outputs or {}).get("iterationCount", 1))
            yield Spawn(following, iteration=count - 1)
