"""Tasks that judge the execution: fail it, or check that something holds."""

from dataclasses import dataclass, field

from podium.expressions.errors import ExpressionError
from podium.expressions.render import truthy
from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.binding import render_late
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError


class Fail(RunnableTask):
    """Fails, always or when a condition is true, and with it the execution."""

    type = "io.kestra.plugin.core.execution.Fail"
    title = "Fail the execution."
    aliases = ("io.kestra.core.tasks.executions.Fail",)
    inline = True
    examples = (
        Example(
            "Fail when an input is wrong",
            'type: io.kestra.plugin.core.execution.Fail\ncondition: "{{ inputs.count < 1 }}"\n'
            'errorMessage: "count must be at least 1"',
        ),
    )

    condition: str | None = prop(doc="Fail only when this renders to something true.")
    errorMessage: str = prop(default="Task failure", doc="What to say.")

    def run(self, ctx: RunContext) -> None:
        if self.condition is None:
            raise TaskError(self.errorMessage)
        if truthy(self.condition):
            ctx.log.error(self.errorMessage)
            raise TaskError("Fail on a condition")


@dataclass
class AssertOutputs:
    """How many conditions held."""

    success: int = field(metadata={"doc": "Conditions that were true."})
    failed: int = field(metadata={"doc": "Conditions that were false, or could not be rendered."})


class Assert(RunnableTask):
    """Checks that all conditions are true, and fails with the list of those that are not."""

    type = "io.kestra.plugin.core.execution.Assert"
    title = "Check conditions."
    outputs = AssertOutputs
    inline = True
    examples = (
        Example(
            "Check the result of a request",
            "type: io.kestra.plugin.core.execution.Assert\nconditions:\n"
            '  - "{{ outputs.fetch.code == 200 }}"\nerrorMessage: "The service does not answer"',
        ),
    )

    conditions: list[Expression] | Expression = prop(required=True, doc="Expressions that must be true.")
    errorMessage: str | None = prop(doc="What to say when one is not.")

    def run(self, ctx: RunContext) -> dict[str, int]:
        failed = 0
        conditions = self.conditions
        if isinstance(conditions, str):
            conditions = render_late(ctx, conditions, list[str], "conditions")
        for condition in conditions:
            try:
                holds = truthy(ctx.render(condition))
            except ExpressionError as error:
                ctx.log.error(f"Assertion `{condition}` could not be evaluated: {error}")
                holds = False
            else:
                if not holds:
                    ctx.log.error(f"Assertion `{condition}` failed!")
            failed += not holds
        counts = {"success": len(conditions) - failed, "failed": failed}
        for name, count in counts.items():
            ctx.metric(name, count, "counter")
        if failed:
            message = f"{failed} assertion{'' if failed == 1 else 's'} failed!"
            raise TaskError(message + (f"\n{self.errorMessage}" if self.errorMessage else ""), counts)
        return counts
