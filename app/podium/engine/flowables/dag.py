"""Dag: tasks that start when those they depend on are over."""

from collections.abc import Iterable

from podium.engine.flowable import Flowable, Spawn
from podium.engine.flowables.parallel import free_places
from podium.engine.front import Front
from podium.engine.progress import Container
from podium.engine.states import TERMINAL
from podium.model.properties import ChildDag, ChildTasks, prop
from podium.model.schema import Example


class Dag(Flowable):
    """Starts each task as soon as all the tasks it depends on have ended, in whatever state."""

    type = "io.kestra.plugin.core.flow.Dag"
    title = "Run tasks in the order of their dependencies"
    examples = (
        Example(
            "A diamond",
            """id: dag
type: io.kestra.plugin.core.flow.Dag
tasks:
  - task:
      id: load
      type: io.kestra.plugin.core.log.Log
      message: load
  - task:
      id: report
      type: io.kestra.plugin.core.log.Log
      message: report
    dependsOn:
      - load""",
        ),
    )

    tasks: ChildDag | None = prop(required=True, doc="Entries of a `task` and the ids it depends on (`dependsOn`).")
    concurrent: int = prop(default=0, dynamic=False, doc="How many may run at a time; 0 means all that can.")
    errors: ChildTasks | None = prop(doc="Tasks that run when one failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        lane = container.lane("tasks")
        if container.front is None:
            runs = lane.group(None).runs
            depends = container.task.props.get("dependsOn", {}) if container.task else {}
            over = [name for name, run in runs.items() if run.state in TERMINAL]
            container.front = Front([task.id for task in container.branch], depends, runs, over)
        for name in container.front.take(max(0, free_places(container, lane.open))):
            yield Spawn(container.branch[container.order[name]])
