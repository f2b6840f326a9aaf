"""Waiting."""

from datetime import timedelta

from podium.base.durations import format_duration
from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import Cancelled, RunnableTask


class Sleep(RunnableTask):
    """Waits for a while. A kill or a timeout ends the wait at once."""

    type = "io.kestra.plugin.core.flow.Sleep"
    title = "Wait for a while."
    examples = (Example("Wait half a minute", "type: io.kestra.plugin.core.flow.Sleep\nduration: PT30S"),)

    duration: timedelta = prop(required=True, doc="How long to wait.")

    def run(self, ctx: RunContext) -> None:
        ctx.log.info(f"Waiting for {format_duration(self.duration)}")
        if ctx.cancelled.wait(max(self.duration.total_seconds(), 0)):
            raise Cancelled
