"""A task that is made at run time."""

from collections.abc import Mapping
from typing import Any

from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask


class TemplatedTask(RunnableTask):
    """Runs a task whose whole text, its type included, is rendered first. Its outputs are those of that
    task.
    """

    type = "io.kestra.plugin.core.templating.TemplatedTask"
    title = "Run a task that is written by an expression."
    aliases = ("io.kestra.core.tasks.templating.TemplatedTask",)
    examples = (
        Example(
            "Choose the task by an input",
            "type: io.kestra.plugin.core.templating.TemplatedTask\nspec: |\n"
            "  type: io.kestra.plugin.scripts.{{ inputs.language }}.Script\n  script: {{ inputs.script }}",
        ),
    )

    spec: str = prop(required=True, doc="One runnable task as YAML text.", language="yaml")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return ctx.run_task(self.spec)
