"""Tasks that publish values: outputs and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.model.properties import Properties, prop
from podium.model.schema import Example
from podium.plugin.context import MetricType, RunContext
from podium.plugin.task import RunnableTask, TaskError
from podium.tasks.scripts.protocol import metric_value


@dataclass
class ValuesOutputs:
    """The rendered values."""

    values: dict[str, Any] = field(metadata={"doc": "The values, structured as given."})


class OutputValues(RunnableTask):
    """Publishes values as outputs. Lists and maps keep their structure, every text in them is rendered."""

    type = "io.kestra.plugin.core.output.OutputValues"
    title = "Publish values as outputs."
    outputs = ValuesOutputs
    inline = True
    examples = (
        Example(
            "Publish two values",
            "type: io.kestra.plugin.core.output.OutputValues\nvalues:\n"
            "  rows: 42\n  day: \"{{ execution.startDate | date('yyyy-MM-dd') }}\"",
        ),
    )

    values: dict[str, Any] | None = prop(doc="The values to publish.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"values": self.values or {}}


class Metric(Properties):
    """One metric to publish."""

    type: MetricType = prop(required=True, doc="What kind of metric it is.")
    name: str = prop(required=True, doc="Its name.")
    value: Any = prop(required=True, doc="A number; for a timer seconds, or a duration such as PT1.5S.")
    tags: dict[str, str] | None = prop(doc="What it is about.")
    description: str | None = prop(doc="What it means.")


@dataclass
class PublishOutputs:
    """How much was published."""

    metrics: int = field(metadata={"doc": "The number of metrics."})


class Publish(RunnableTask):
    """Publishes metrics of the execution."""

    type = "io.kestra.plugin.core.metric.Publish"
    title = "Publish metrics."
    outputs = PublishOutputs
    inline = True
    examples = (
        Example(
            "Count rows",
            "type: io.kestra.plugin.core.metric.Publish\nmetrics:\n"
            '  - type: counter\n    name: rows\n    value: "{{ outputs.load.vars.rows }}"\n'
            "    tags:\n      table: users",
        ),
    )

    metrics: list[Metric] = prop(required=True, doc="The metrics to publish.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        for metric in self.metrics:
            try:
                value = metric_value(metric.type, metric.value)
            except (TypeError, ValueError) as error:
                raise TaskError(f"The metric `{metric.name}` has no usable value: {error}") from error
            ctx.metric(metric.name, value, metric.type, metric.tags)
        return {"metrics": len(self.metrics)}
