"""Dag: tasks that start when those they depend on are over."""

from collections.abc import Iterable

from podium.engine.flowable import Flowable, Spawn
from podium.engine.flowables.parallel import free_places
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
        runs = lane.group(None).runs
        depends = container.task.props.get("dependsOn", {}) if container.task else {}
        room = free_places(container, lane.open)
        for task in container.branch:
            if room <= 0:
                return
            if task.id in runs:
                continue
            # A disabled dependency counts as satisfied, else its dependents would wait for ever.
            waits = (name for name in depends.get(task.id, ()) if name in container.order)
            if all(name in runs and runs[name].state in TERMINAL for name in waits):
                room -= 1
                yield Spawn(task)
