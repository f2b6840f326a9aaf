"""Writing to the log of the execution, and reading it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import Level, RunContext
from podium.plugin.task import RunnableTask, TaskError
from podium.tasks.records import store_records


class Log(RunnableTask):
    """Writes messages to the log of the execution.

    They have the source `log`, apart from what scripts print.
    """

    type = "io.kestra.plugin.core.log.Log"
    title = "Log a message."
    aliases = ("io.kestra.core.tasks.log.Log",)
    inline = True
    examples = (
        Example("Log a text", 'type: io.kestra.plugin.core.log.Log\nmessage: "Hello {{ inputs.name }}"'),
        Example(
            "Log several messages as warnings",
            "type: io.kestra.plugin.core.log.Log\nlevel: WARN\nmessage:\n"
            '  - "{{ task.id }}"\n  - "started {{ execution.startDate }}"',
        ),
    )

    message: str | list[str] = prop(required=True, doc="One message, or a list of them.")
    level: Level = prop(default="INFO", doc="The level of the entries.")

    def run(self, ctx: RunContext) -> None:
        for message in self.message if isinstance(self.message, list) else [self.message]:
            ctx.log.write(self.level, message if message is not None else "")


@dataclass
class FetchOutputs:
    """Where the fetched entries are."""

    size: int = field(metadata={"doc": "The number of entries."})
    uri: str = field(metadata={"doc": "A file with one entry per line."})


class Fetch(RunnableTask):
    """Stores the log entries of an execution in a file: one JSON object per line, oldest first."""

    type = "io.kestra.plugin.core.log.Fetch"
    title = "Fetch log entries into a file."
    aliases = ("io.kestra.core.tasks.log.Fetch", "io.kestra.plugin.kestra.logs.Fetch")
    outputs = FetchOutputs
    examples = (
        Example(
            "Keep the errors of this execution",
            "type: io.kestra.plugin.core.log.Fetch\nlevel: ERROR",
        ),
    )

    executionId: str | None = prop(doc="The execution; the current one without it.")
    namespace: str | None = prop(doc="The namespace of the execution, together with `flowId`.")
    flowId: str | None = prop(doc="The flow of the execution, together with `namespace`.")
    tasksId: list[str] | None = prop(doc="Only entries of these tasks.")
    level: Level = prop(default="INFO", doc="The lowest level to keep.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        if (self.namespace or self.flowId) and not (self.executionId and self.namespace and self.flowId):
            raise TaskError("`namespace` and `flowId` are only used together, and with an `executionId`.")
        execution = self.executionId or ctx.execution_id
        entries: list[Mapping[str, Any]] = []
        wanted = [{"task_id": task} for task in self.tasksId] if self.tasksId else [{}]
        for filters in wanted:
            entries += ctx.executions.logs(execution, min_level=self.level, **filters)
        entries.sort(key=lambda entry: str(entry.get("timestamp", "")))
        return {"size": len(entries), "uri": store_records(ctx, entries, "logs.ion")}


@dataclass
class PurgeOutputs:
    """What was removed."""

    count: int = field(metadata={"doc": "The number of entries removed."})


class PurgeLogs(RunnableTask):
    """Removes old log entries of this workspace."""

    type = "io.kestra.plugin.core.log.PurgeLogs"
    title = "Remove log entries."
    aliases = ("io.kestra.plugin.kestra.logs.PurgeLogs",)
    outputs = PurgeOutputs
    examples = (
        Example(
            "Remove what is older than a month",
            "type: io.kestra.plugin.core.log.PurgeLogs\nendDate: \"{{ now() | dateAdd(-1, 'MONTHS') }}\"",
        ),
    )

    namespace: str | None = prop(doc="Only this namespace and those below it.")
    flowId: str | None = prop(doc="Only this flow of the namespace.")
    executionId: str | None = prop(doc="Only this execution.")
    logLevels: list[Level] | None = prop(doc="Only entries of these levels.")
    startDate: datetime | None = prop(doc="Only entries from this date on.")
    endDate: datetime = prop(required=True, doc="Only entries before this date.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        executions = ctx.executions.find(namespace=self.namespace, flow_id=self.flowId)
        ids = [str(execution["id"]) for execution in executions]
        if self.executionId:
            ids = [found for found in ids if found == self.executionId]
        filters = {"levels": self.logLevels, "start": self.startDate, "end": self.endDate}
        count = sum(ctx.executions.delete_logs(found, **filters) for found in ids)
        return {"count": count}
