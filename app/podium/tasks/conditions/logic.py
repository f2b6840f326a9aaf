"""Conditions of any expression, and conditions made of conditions."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from podium.model.grammar import AnyCondition
from podium.model.properties import Expression, prop
from podium.model.schema import Example, Problem
from podium.plugin.task import ConditionContext, ConditionType, TaskError
from podium.tasks.conditions.executions import truthy_text
from podium.tasks.triggers.windows import TimeWindow, window_problems

_PREFIX = "io.kestra.plugin.core.condition."
_OLD = "io.kestra.core.models.conditions.types."
_NESTED = f"conditions:\n  - type: {_PREFIX}Weekend"


class Expression_(ConditionType):  # noqa: N801 - `Expression` is the annotation
    """True when an expression renders to a text that is neither blank nor `false`."""

    type = _PREFIX + "Expression"
    title = "When an expression holds."
    aliases = (_OLD + "VariableCondition", _PREFIX + "ExpressionCondition")
    examples = (
        Example("By an input", f"type: {_PREFIX}Expression\nexpression: \"{{{{ trigger.body.action == 'opened' }}}}\""),
    )

    expression: Expression = prop(required=True, doc="The expression.")

    def holds(self, ctx: ConditionContext) -> bool:
        return truthy_text(ctx.render(self.expression))


class Not(ConditionType):
    """True when none of its conditions holds."""

    type = _PREFIX + "Not"
    title = "When no condition holds."
    aliases = (_OLD + "NotCondition", _PREFIX + "NotCondition")
    examples = (Example("On working days", f"type: {_PREFIX}Not\n{_NESTED}"),)

    conditions: list[AnyCondition] | None = prop(required=True, dynamic=False, doc="The conditions.")

    def holds(self, ctx: ConditionContext) -> bool:
        return not any(ctx.holds(condition) for condition in _conditions(self.conditions))


class Or(ConditionType):
    """True when at least one of its conditions holds."""

    type = _PREFIX + "Or"
    title = "When at least one condition holds."
    aliases = (_OLD + "OrCondition", _PREFIX + "OrCondition")
    examples = (Example("At the weekend", f"type: {_PREFIX}Or\n{_NESTED}"),)

    conditions: list[AnyCondition] | None = prop(required=True, dynamic=False, doc="The conditions.")

    def holds(self, ctx: ConditionContext) -> bool:
        return any(ctx.holds(condition) for condition in _conditions(self.conditions))


class MultipleCondition(ConditionType):
    """True when all of its conditions were seen within a window of time. `preconditions` is its successor.

    What was seen is kept by the scheduler, which asks the conditions one by one.
    """

    type = _PREFIX + "MultipleCondition"
    title = "When several executions were seen."
    aliases = (_OLD + "MultipleCondition",)
    deprecated = "use `preconditions` of the Flow trigger"
    examples = (
        Example(
            "After two flows",
            f"type: {_PREFIX}MultipleCondition\nid: both\nconditions:\n  first:\n    type: {_PREFIX}ExecutionFlow\n"
            f"    namespace: company.team\n    flowId: load\n  second:\n    type: {_PREFIX}ExecutionFlow\n"
            "    namespace: company.team\n    flowId: clean",
        ),
    )

    id: str = prop(required=True, dynamic=False, doc="The name, under which is kept what was seen.")
    description: str | None = prop(dynamic=False, doc="What it is for.")
    timeWindow: TimeWindow | None = prop(dynamic=False, doc="In which time; a day when absent.")
    window: timedelta | None = prop(dynamic=False, deprecated="use `timeWindow`", doc="The length of the window.")
    windowAdvance: timedelta | None = prop(dynamic=False, deprecated="use `timeWindow`", doc="Moves the window.")
    resetOnSuccess: bool = prop(default=True, dynamic=False, doc="Forget what was seen once the flow was started.")
    conditions: dict[str, AnyCondition] | None = prop(required=True, dynamic=False, doc="The conditions by name.")

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Iterable[Problem]:
        """The window has the bounds of its type."""
        yield from window_problems(values.get("timeWindow"), ("timeWindow",))

    def holds(self, ctx: ConditionContext) -> bool:
        raise TaskError(f"MultipleCondition {self.id}: only Flow triggers can have it.")


def _conditions(given: Any) -> Iterable[Any]:
    return given or ()
