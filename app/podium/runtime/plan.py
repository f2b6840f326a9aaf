"""`podium plan`: what a flow would do, as far as that is known before it runs. Nothing is executed or sent."""

import dataclasses
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.base.masking import Masker
from podium.engine.execution import Execution
from podium.model.flow import Flow
from podium.plugin.registry import Registry
from podium.runtime.checks import FiredCheck
from podium.runtime.creation import Creation, NewExecution
from podium.runtime.masks import hide_inputs, secret_inputs_of
from podium.runtime.process_census import is_alive
from podium.store.stores import Stores

Certainty = Literal["known", "earlier", "unknown", "wrong"]
"""`earlier` values come from an earlier execution; `wrong` is an expression that would fail the task."""

Fate = Literal["runs", "may run", "skipped", "disabled", "not chosen", "on failure", "always"]


@dataclass(frozen=True, slots=True)
class PlannedValue:
    """One property: as written and, if that can be known, rendered; `reason` says why not, or what is wrong."""

    name: str
    written: Any
    certainty: Certainty
    value: Any = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedLane:
    """The tasks of one branch of a flowable, and what becomes of them."""

    name: str
    fate: Fate
    tasks: "tuple[PlannedTask, ...]"


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One task. `local` is False when only a Kestra server runs its type. `decision` says in words what a flowable
    decides and why; `values` are those of a loop, whose tasks are planned for the first one.
    """

    id: str
    type: str
    local: bool
    fate: Fate
    reason: str = ""
    values: tuple[str, ...] | None = None
    decision: str = ""
    properties: tuple[PlannedValue, ...] = ()
    lanes: tuple[PlannedLane, ...] = ()

    def walk(self) -> "Iterator[PlannedTask]":
        """This task and all below it."""
        yield self
        for lane in self.lanes:
            for task in lane.tasks:
                yield from task.walk()


@dataclass(frozen=True, slots=True)
class Need:
    """Something outside the flow that it needs: `there` None when that cannot be told here."""

    kind: Literal["secret", "key", "flow", "program"]
    name: str
    there: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """The whole plan. `problems` are the reasons why a run would not start, or a task in it would fail."""

    namespace: str
    flow_id: str
    inputs: Mapping[str, Any]
    lanes: tuple[PlannedLane, ...]
    outputs: tuple[PlannedValue, ...] = ()
    checks: tuple[FiredCheck, ...] = ()
    needs: tuple[Need, ...] = ()
    queue: str = ""
    """What the concurrency limit would do now, in words; empty when nothing stands in the way."""
    problems: tuple[str, ...] = field(default=())

    @property
    def tasks(self) -> Iterator[PlannedTask]:
        """All tasks, in the order of the flow."""
        for lane in self.lanes:
            for task in lane.tasks:
                yield from task.walk()

    def json(self) -> dict[str, Any]:
        """The plan as JSON values, for `-o json`."""
        document: dict[str, Any] = dataclasses.asdict(self)
        return document


def plan_flow(
    stores: Stores, registry: Registry, creation: Creation, flow: Flow, inputs: Mapping[str, Any] | None = None,
    *, labels: Sequence[tuple[str, str]] = (), trigger: Mapping[str, Any] | None = None,
    earlier: Execution | None = None,
) -> FlowPlan:  # fmt: skip
    """What an execution of `flow` with these inputs would do. `earlier` lends outputs where there are none yet.

    Secrets are hidden in everything that is returned. Raises NotCreated for a flow that is disabled, StoreError.
    """
    from podium.runtime.plan_walk import Walker

    new = NewExecution(flow, inputs or {}, labels, trigger=trigger)
    preview = creation.preview(new, effects=False)
    masker = Masker()
    hide_inputs(masker, preview.inputs.values, secret_inputs_of(flow))
    walker = Walker(stores, registry, flow, preview.inputs.values, labels, trigger, masker, earlier)
    lanes = walker.flow_lanes()
    outputs = tuple(walker.value(output.id, output.value) for output in flow.outputs)
    problems = [str(error) for error in preview.inputs.errors]
    problems += [check.message for check in preview.checks if check.behavior != "CREATE_EXECUTION"]
    problems += [f"output {one.name}: {one.reason}" for one in outputs if one.certainty == "wrong"]
    plan = FlowPlan(
        flow.namespace, flow.id, preview.inputs.values, lanes, outputs, preview.checks, walker.needs(),
        _queue(stores, flow), (*problems, *walker.problems),
    )  # fmt: skip
    masked: FlowPlan = _masked(plan, masker)
    return masked


def _queue(stores: Stores, flow: Flow) -> str:
    limit = flow.concurrency
    if limit is None:
        return ""
    running = len(stores.index.slots(flow.namespace, flow.id, is_alive))
    if running < limit.limit:
        return ""
    what = {"QUEUE": "wait in the queue", "CANCEL": "be cancelled", "FAIL": "fail"}[limit.behavior]
    return f"It would {what}: {running} of {limit.limit} allowed executions run already."


def program_need(program: str) -> Need:
    """Whether a program is installed."""
    path = shutil.which(program)
    return Need("program", program, path is not None, path or "not on PATH")


def _masked(value: Any, masker: Masker) -> Any:
    """A copy of the plan, or of a part of it, without secrets in any text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value)]
        return dataclasses.replace(value, **{name: _masked(getattr(value, name), masker) for name in names})
    if isinstance(value, tuple):
        return tuple(_masked(item, masker) for item in value)
    return masker.value(value)
