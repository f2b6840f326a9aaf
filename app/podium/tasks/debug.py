"""Tasks for trying things out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import Level, RunContext
from podium.plugin.task import RunnableTask


@dataclass
class ReturnOutputs:
    """The rendered text."""

    value: str | None = field(default=None, metadata={"doc": "What `format` rendered to."})


class Return(RunnableTask):
    """Renders a text and gives it to the tasks after it."""

    type = "io.kestra.plugin.core.debug.Return"
    title = "Return a rendered value."
    aliases = ("io.kestra.core.tasks.debugs.Return",)
    outputs = ReturnOutputs
    inline = True
    examples = (
        Example("Return a text", 'type: io.kestra.plugin.core.debug.Return\nformat: "{{ task.id }} at {{ now() }}"'),
    )

    format: str | None = prop(doc="The text to render.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        begin = time.monotonic()
        if self.format is None:
            return {}
        ctx.log.debug(self.format)
        tags = {"format": self.format}
        ctx.metric("length", len(self.format), "counter", tags)
        ctx.metric("duration", time.monotonic() - begin, "timer", tags)
        return {"value": self.format}


class Echo(RunnableTask):
    """Writes a rendered text to the log."""

    type = "io.kestra.plugin.core.debug.Echo"
    title = "Log a rendered text."
    aliases = ("io.kestra.core.tasks.debugs.Echo",)
    deprecated = "Use `io.kestra.plugin.core.log.Log`."
    inline = True
    examples = (Example("Log a text", 'type: io.kestra.plugin.core.debug.Echo\nformat: "{{ task.id }}"'),)

    format: str = prop(required=True, doc="The text to log.")
    level: Level = prop(default="INFO", doc="The level of the entry.")

    def run(self, ctx: RunContext) -> None:
        ctx.log.write(self.level, self.format)
