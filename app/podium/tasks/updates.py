"""Tasks that change their own execution: its labels, its variables, its end."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import ExecutionUpdate, TaskError, UpdatingTask


class Labels(UpdatingTask):
    """Adds labels to the execution, or overwrites those with the same key."""

    type = "io.kestra.plugin.core.execution.Labels"
    title = "Add labels to the execution."
    aliases = ("io.kestra.core.tasks.executions.Labels",)
    examples = (
        Example(
            "Label with the result of a task",
            "type: io.kestra.plugin.core.execution.Labels\nlabels:\n"
            '  customer: "{{ inputs.customer }}"\n  rows: "{{ outputs.load.vars.rows }}"',
        ),
    )

    labels: dict[str, Any] | list[dict[str, Any]] | str = prop(
        required=True, doc="A map, a list of `{key, value}`, or a text that renders to one of them as JSON."
    )

    def run(self, ctx: RunContext) -> ExecutionUpdate:
        labels = {str(key): _label_text(value) for key, value in self._pairs()}
        for key, value in labels.items():
            if key.startswith("system."):
                raise TaskError(f"System labels can only be set by Kestra itself, offending label: {key}={value}")
            if not key or not value:
                raise TaskError(f"The label `{key}` is empty: a label needs a key and a value.")
        return ExecutionUpdate(labels=labels)

    def _pairs(self) -> list[tuple[Any, Any]]:
        given: Any = self.labels
        if isinstance(given, str):
            try:
                given = json.loads(given)
            except ValueError as error:
                raise TaskError(f"`labels` is neither a map nor JSON: {given[:200]}") from error
        if isinstance(given, Mapping):
            return list(given.items())
        if isinstance(given, list) and all(
            isinstance(each, Mapping) and {"key", "value"} <= set(each) for each in given
        ):
            return [(each["key"], each["value"]) for each in given]
        raise TaskError(
            f"Unknown value type: {type(given).__name__}. `labels` must be a map or a list of key and value."
        )


def _label_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


class SetVariables(UpdatingTask):
    """Sets variables of the execution; the tasks after it see them in `vars`. Maps are merged."""

    type = "io.kestra.plugin.core.execution.SetVariables"
    title = "Set variables of the execution."
    examples = (
        Example(
            "Remember a value",
            'type: io.kestra.plugin.core.execution.SetVariables\nvariables:\n  best: "{{ outputs.compare.vars.best }}"',
        ),
    )

    variables: dict[str, Any] = prop(required=True, doc="The variables to set.")
    overwrite: bool = prop(default=True, doc="Whether a variable that exists may be changed.")

    def run(self, ctx: RunContext) -> ExecutionUpdate:
        existing = sorted(set(self.variables) & set(ctx.variables.get("vars") or {}))
        if existing and not self.overwrite:
            raise TaskError(
                f"These variables exist already: {', '.join(existing)}. Set `overwrite: true` to change them."
            )
        return ExecutionUpdate(variables=self.variables)


class UnsetVariables(UpdatingTask):
    """Removes variables of the execution."""

    type = "io.kestra.plugin.core.execution.UnsetVariables"
    title = "Remove variables of the execution."
    examples = (
        Example(
            "Forget two variables",
            "type: io.kestra.plugin.core.execution.UnsetVariables\nvariables:\n  - best\n  - report.draft",
        ),
    )

    variables: list[str] = prop(required=True, doc="Names to remove; dots lead into maps.")
    ignoreMissing: bool = prop(default=False, doc="Do not warn about names that do not exist.")

    def run(self, ctx: RunContext) -> ExecutionUpdate:
        known = ctx.variables.get("vars") or {}
        missing = [name for name in self.variables if not _exists(known, name)]
        if missing and not self.ignoreMissing:
            ctx.log.warn(f"These variables do not exist: {', '.join(missing)}.")
        return ExecutionUpdate(unset=tuple(self.variables))


def _exists(values: Any, path: str) -> bool:
    for name in path.split("."):
        if not isinstance(values, Mapping) or name not in values:
            return False
        values = values[name]
    return True


class Exit(UpdatingTask):
    """Ends the execution now, in the given state."""

    type = "io.kestra.plugin.core.execution.Exit"
    title = "End the execution."
    examples = (
        Example(
            "Stop quietly when there is nothing to do", "type: io.kestra.plugin.core.execution.Exit\nstate: SUCCESS"
        ),
    )

    state: Literal["SUCCESS", "WARNING", "KILLED", "FAILED", "CANCELED", "CANCELLED"] = prop(
        default="SUCCESS", doc="The state of the execution."
    )

    def run(self, ctx: RunContext) -> ExecutionUpdate:
        return ExecutionUpdate(end_state="CANCELLED" if self.state == "CANCELED" else self.state)
