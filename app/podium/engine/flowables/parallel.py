"""Parallel: tasks side by side, with an optional limit."""

from collections.abc import Iterable

from podium.engine.flowable import Flowable, Spawn
from podium.engine.progress import Container
from podium.model.properties import ChildTasks, prop
from podium.model.schema import Example


class Parallel(Flowable):
    """Starts its tasks together, at most `concurrent` at a time. The first failure stops new ones from starting."""

    type = "io.kestra.plugin.core.flow.Parallel"
    title = "Run tasks at the same time"
    examples = (
        Example(
            "Two branches",
            """id: both
type: io.kestra.plugin.core.flow.Parallel
tasks:
  - id: left
    type: io.kestra.plugin.core.log.Log
    message: left
  - id: right
    type: io.kestra.plugin.core.log.Log
    message: right""",
        ),
    )

    tasks: ChildTasks | None = prop(required=True, doc="The tasks to run at the same time.")
    concurrent: int = prop(default=0, dynamic=False, doc="How many may run at a time; 0 means all.")
    errors: ChildTasks | None = prop(doc="Tasks that run when one failed; running siblings are not waited for.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        lane = container.lane("tasks")
        started = lane.group(None).runs
        room = free_places(container, lane.open)
        while container.cursor < len(container.branch) and room > 0:
            task = container.branch[container.cursor]
            container.cursor += 1
            if task.id not in started:
                room -= 1
                yield Spawn(task)


def free_places(container: Container, running: int) -> int:
    """How many more task runs `concurrent` allows; a huge number when there is no limit."""
    limit = int((container.task.props.get("concurrent") if container.task else 0) or 0)
    return limit - running if limit > 0 else 1 << 60
