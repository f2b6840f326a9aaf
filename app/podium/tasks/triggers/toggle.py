"""Toggle: a task that switches a trigger on or off (semantics 9.7)."""

from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask


class Toggle(RunnableTask):
    """Switches a trigger on or off. The flow itself stays as it is; `podium serve` remembers it."""

    type = "io.kestra.plugin.core.trigger.Toggle"
    title = "Switch a trigger on or off."
    aliases = ("io.kestra.core.tasks.trigger.Toggle", "io.kestra.plugin.kestra.triggers.Toggle")
    examples = (
        Example(
            "Stop a schedule of this flow",
            "type: io.kestra.plugin.core.trigger.Toggle\ntrigger: nightly\nenabled: false",
        ),
    )

    trigger: str = prop(required=True, doc="The id of the trigger.")
    namespace: str | None = prop(doc="The namespace of its flow; that of this flow when absent.")
    flowId: str | None = prop(doc="The id of its flow; this flow when absent.")
    enabled: bool = prop(default=False, doc="Whether the trigger is on afterwards.")

    def run(self, ctx: RunContext) -> None:
        namespace, flow_id = self.namespace or ctx.namespace, self.flowId or ctx.flow_id
        ctx.triggers.switch(namespace, flow_id, self.trigger, enabled=self.enabled)
