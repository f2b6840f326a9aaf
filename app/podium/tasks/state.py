"""The state store: a JSON document that a flow keeps from run to run. Superseded by the key-value store."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.model.properties import Properties, prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError

_REPLACED = "Use the tasks of the key-value store (`io.kestra.plugin.core.kv.*`)."


class _Document(Properties):
    """Where the document is kept."""

    name: str = prop(default="default", doc="The name of the document.")
    namespace: bool = prop(default=False, doc="Share the document in the namespace instead of keeping it per flow.")
    taskrunValue: bool = prop(default=True, doc="Inside a loop, keep one document per value.")

    def key(self, ctx: RunContext) -> str:
        """The key in the key-value store that stands for the document."""
        parts = [] if self.namespace else [_slug(ctx.flow_id)]
        parts += ["states_tasks-states", self.name]
        value = (ctx.variables.get("taskrun") or {}).get("value")
        if self.taskrunValue and value is not None:
            text = str(value)
            plain = re.fullmatch(r"[a-zA-Z0-9._-]{1,64}", text)
            parts.append(text if plain else hashlib.sha256(text.encode()).hexdigest()[:16])
        return "_".join(parts)

    def load(self, ctx: RunContext, error_on_missing: bool = False) -> dict[str, Any]:
        """The document; an empty one when there is none."""
        exists, value = ctx.kv.get(ctx.namespace, self.key(ctx))
        if not exists and error_on_missing:
            raise TaskError(f"There is no state `{self.name}`, and `errorOnMissing` is set to true.")
        return dict(value) if isinstance(value, Mapping) else {}


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace(" ", "-"))
    return re.sub(r"-+", "-", re.sub(r"[^\w-]", "", plain).replace("_", "-")).strip("-").lower()


@dataclass
class SetOutputs:
    """What is kept now."""

    count: int = field(metadata={"doc": "The number of keys at the top of the document."})
    key: str = field(metadata={"doc": "Where the document is kept."})


class Set(RunnableTask, _Document):
    """Merges values into the document. Maps are merged, lists appended."""

    type = "io.kestra.plugin.core.state.Set"
    title = "Set the state."
    aliases = ("io.kestra.core.tasks.states.Set",)
    deprecated = _REPLACED
    outputs = SetOutputs
    examples = (
        Example(
            "Keep a value",
            'type: io.kestra.plugin.core.state.Set\ndata:\n  "{{ inputs.store }}": "{{ outputs.fetch.uri }}"',
        ),
    )

    data: dict[str, Any] = prop(required=True, doc="What to merge.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        merged = merge(self.load(ctx), self.data)
        ctx.kv.set(ctx.namespace, self.key(ctx), merged)
        return {"count": len(merged), "key": self.key(ctx)}


def merge(old: Any, new: Any) -> Any:
    """`new` over `old`: maps key by key, lists one after the other, anything else replaced."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: merge(old[key], value) if key in old else value for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *new]
    return new


@dataclass
class GetOutputs:
    """The document."""

    data: dict[str, Any] = field(metadata={"doc": "The document; empty when there is none."})
    count: int = field(metadata={"doc": "The number of keys at the top of it."})


class Get(RunnableTask, _Document):
    """Reads the document."""

    type = "io.kestra.plugin.core.state.Get"
    title = "Get the state."
    aliases = ("io.kestra.core.tasks.states.Get",)
    deprecated = _REPLACED
    outputs = GetOutputs
    examples = (Example("Read it", "type: io.kestra.plugin.core.state.Get"),)

    errorOnMissing: bool = prop(default=False, doc="Fail when there is no document.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        data = self.load(ctx, self.errorOnMissing)
        return {"data": data, "count": len(data)}


@dataclass
class DeleteOutputs:
    """Whether something was deleted."""

    deleted: bool = field(metadata={"doc": "False when there was no document."})


class Delete(RunnableTask, _Document):
    """Deletes the document."""

    type = "io.kestra.plugin.core.state.Delete"
    title = "Delete the state."
    aliases = ("io.kestra.core.tasks.states.Delete",)
    deprecated = _REPLACED
    outputs = DeleteOutputs
    examples = (Example("Delete it", "type: io.kestra.plugin.core.state.Delete"),)

    errorOnMissing: bool = prop(default=False, doc="Fail when there is no document.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        self.load(ctx, self.errorOnMissing)
        return {"deleted": ctx.kv.delete(ctx.namespace, self.key(ctx))}
