"""Other executions of the workspace: counting, resuming and removing them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from podium.engine.states import TERMINAL
from podium.expressions.render import truthy
from podium.model.properties import Expression, Properties, prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError


class FlowName(Properties):
    """One flow."""

    namespace: str = prop(required=True, doc="The namespace of the flow.")
    flowId: str = prop(required=True, doc="The id of the flow.")


@dataclass
class CountsOutputs:
    """The counts."""

    results: list[dict[str, Any]] = field(
        metadata={"doc": "`{namespace, flowId, count}` of every flow for which the expression is true."}
    )
    total: int = field(metadata={"doc": "The sum of these counts."})


class Counts(RunnableTask):
    """Counts the executions of flows, and reports those for which an expression over `count` is true."""

    type = "io.kestra.plugin.core.execution.Count"
    title = "Count executions of flows."
    aliases = ("io.kestra.core.tasks.executions.Counts",)
    outputs = CountsOutputs
    examples = (
        Example(
            "Find flows that did not run today",
            "type: io.kestra.plugin.core.execution.Count\nflows:\n"
            "  - namespace: company.team\n    flowId: daily\n"
            'expression: "{{ count == 0 }}"\nstartDate: "{{ now() | dateAdd(-1, \'DAYS\') }}"',
        ),
    )

    flows: list[FlowName] | None = prop(doc="The flows to count.")
    namespaces: list[str] | None = prop(doc="Namespaces whose executions are counted together, instead of flows.")
    states: list[str] | None = prop(doc="Only executions in these states.")
    startDate: datetime = prop(required=True, doc="Only executions from this date on.")
    endDate: datetime | None = prop(doc="Only executions before this date.")
    expression: Expression = prop(required=True, doc="The condition over `count`.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        if not self.flows and not self.namespaces:
            raise TaskError("Say what to count: `flows` or `namespaces` is needed.")
        wanted = [(flow.namespace, flow.flowId) for flow in self.flows or ()]
        wanted += [(namespace, "") for namespace in self.namespaces or ()]
        results = []
        for namespace, flow_id in wanted:
            count = count_executions(ctx, namespace, flow_id or None, self.states, self.startDate, self.endDate)
            if truthy(ctx.render(self.expression, {"count": count})):
                results.append({"namespace": namespace, "flowId": flow_id or None, "count": count})
        return {"results": results, "total": sum(result["count"] for result in results)}


@dataclass
class CountOutputs:
    """The count."""

    count: int = field(metadata={"doc": "The number of executions; 0 when the expression is not true."})


class Count(RunnableTask):
    """Counts executions of this workspace."""

    type = "io.kestra.plugin.kestra.executions.Count"
    title = "Count executions."
    outputs = CountOutputs
    examples = (
        Example(
            "Count failures of a namespace",
            "type: io.kestra.plugin.kestra.executions.Count\nnamespaces:\n  - company.team\nstates:\n  - FAILED",
        ),
    )

    namespaces: list[str] | None = prop(doc="Only these namespaces.")
    flowId: str | None = prop(doc="Only this flow.")
    states: list[str] | None = prop(doc="Only executions in these states.")
    startDate: datetime | None = prop(doc="Only executions from this date on.")
    endDate: datetime | None = prop(doc="Only executions before this date.")
    expression: Expression | None = prop(doc="A condition over `count`.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        count = 0
        for namespace in self.namespaces or [""]:
            count += count_executions(ctx, namespace or None, self.flowId, self.states, self.startDate, self.endDate)
        if self.expression is not None and not truthy(ctx.render(self.expression, {"count": count})):
            count = 0
        return {"count": count}


def count_executions(
    ctx: RunContext,
    namespace: str | None,
    flow_id: str | None,
    states: list[str] | None,
    start: datetime | None,
    end: datetime | None,
) -> int:
    """How many executions there are; None stands for any."""
    return len(ctx.executions.find(namespace=namespace, flow_id=flow_id, states=states, start=start, end=end))


class Resume(RunnableTask):
    """Lets a paused execution go on."""

    type = "io.kestra.plugin.core.execution.Resume"
    title = "Resume a paused execution."
    aliases = ("io.kestra.plugin.kestra.executions.Resume",)
    examples = (
        Example(
            "Resume with an answer",
            'type: io.kestra.plugin.core.execution.Resume\nexecutionId: "{{ inputs.execution }}"\n'
            "inputs:\n  approved: true",
        ),
    )

    executionId: str = prop(required=True, doc="The execution to resume.")
    namespace: str | None = prop(doc="The namespace of its flow.")
    flowId: str | None = prop(doc="The id of its flow.")
    inputs: dict[str, Any] | None = prop(doc="Values for the `onResume` inputs of the pause.")

    def run(self, ctx: RunContext) -> None:
        ctx.executions.resume(self.executionId, self.inputs)


@dataclass
class PurgeOutputs:
    """What was removed."""

    executionsCount: int = field(metadata={"doc": "Executions removed."})
    logsCount: int = field(metadata={"doc": "Log entries removed."})
    metricsCount: int = field(metadata={"doc": "Executions whose metrics were removed."})
    storagesCount: int = field(metadata={"doc": "Executions whose files were removed."})


class PurgeExecutions(RunnableTask):
    """Removes old executions of this workspace, with their logs, metrics and files. Running ones stay."""

    type = "io.kestra.plugin.core.execution.PurgeExecutions"
    title = "Remove old executions."
    aliases = ("io.kestra.core.tasks.storages.Purge", "io.kestra.plugin.core.storage.Purge")
    outputs = PurgeOutputs
    examples = (
        Example(
            "Keep a month of successful runs",
            "type: io.kestra.plugin.core.execution.PurgeExecutions\n"
            "endDate: \"{{ now() | dateAdd(-1, 'MONTHS') }}\"\nstates:\n  - SUCCESS",
        ),
    )

    namespace: str | None = prop(doc="Only this namespace and those below it.")
    flowId: str | None = prop(doc="Only this flow of the namespace.")
    states: list[str] | None = prop(doc="Only executions in these states; all that have ended without it.")
    startDate: datetime | None = prop(doc="Only executions from this date on.")
    endDate: datetime = prop(required=True, doc="Only executions before this date.")
    purgeExecution: bool = prop(default=True, doc="Remove the executions themselves.")
    purgeLog: bool = prop(default=True, doc="Remove their logs.")
    purgeMetric: bool = prop(default=True, doc="Remove their metrics.")
    purgeStorage: bool = prop(default=True, doc="Remove their files.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        states = sorted(TERMINAL & set(self.states or TERMINAL))
        found = ctx.executions.find(
            namespace=self.namespace, flow_id=self.flowId, states=states, start=self.startDate, end=self.endDate
        )
        ids = [str(execution["id"]) for execution in found if execution["id"] != ctx.execution_id]
        if not self.purgeExecution:
            logs = sum(ctx.executions.delete_logs(each) for each in ids) if self.purgeLog else 0
            return {"executionsCount": 0, "logsCount": logs, "metricsCount": 0, "storagesCount": 0}
        logs = sum(
            ctx.executions.delete(each, logs=self.purgeLog, metrics=self.purgeMetric, storage=self.purgeStorage)
            for each in ids
        )
        return {
            "executionsCount": len(ids),
            "logsCount": logs,
            "metricsCount": len(ids) if self.purgeMetric else 0,
            "storagesCount": len(ids) if self.purgeStorage else 0,
        }
