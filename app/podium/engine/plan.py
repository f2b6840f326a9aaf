"""Where each task of a flow stands: its parent, its lane and the retry that applies to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from podium.model.flow import Flow, Retry, Task

LaneName = Literal["tasks", "errors", "finally", "after", "pause"]

_LANES: dict[str, LaneName] = {"errors": "errors", "finally": "finally", "onPause": "pause"}


@dataclass(frozen=True, slots=True)
class Place:
    """A task in its flow: `parent` is None at the top, `retry` is its own or the nearest inherited one."""

    task: Task
    parent: Task | None
    lane: LaneName
    branch: str
    retry: Retry | None
    depth: int


class Plan:
    """The static structure of one flow, made once per run."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.places: dict[str, Place] = {}
        self._place(flow.tasks, None, "tasks", "tasks", flow.retry, 0)
        self._place(flow.errors, None, "errors", "errors", flow.retry, 0)
        self._place(flow.finally_, None, "finally", "finally", flow.retry, 0)
        self._place(flow.after_execution, None, "after", "after", None, 0)
        for number, listener in enumerate(flow.listeners):
            self._place(listener.tasks, None, "after", f"listener.{number}", None, 0)

    def enabled(self, tasks: Iterable[Task]) -> tuple[Task, ...]:
        """The tasks that are not disabled; a disabled task is treated as absent."""
        return tuple(task for task in tasks if not task.disabled)

    def lane_of(self, task: Task | None, lane: LaneName) -> tuple[Task, ...]:
        """The enabled tasks of a fixed lane (`errors`, `finally`, `pause`) of a flowable, or of the flow."""
        if task is None:
            block = {"tasks": self.flow.tasks, "errors": self.flow.errors, "finally": self.flow.finally_}
            return self.enabled(block.get(lane, ()))
        branch = {"pause": "onPause"}.get(lane, lane)
        return self.enabled(task.children.get(branch, ()))

    def _place(
        self, tasks: Iterable[Task], parent: Task | None, lane: LaneName, branch: str, retry: Retry | None, depth: int
    ) -> None:
        for task in tasks:
            own = task.retry or retry
            self.places[task.id] = Place(task, parent, lane, branch, own, depth)
            for name, children in task.children.items():
                self._place(children, task, _LANES.get(name, "tasks"), name, own, depth + 1)
