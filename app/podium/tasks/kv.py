"""The key-value store of a namespace."""

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from podium.base.durations import parse_duration
from podium.model.properties import Expression, Properties, prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError

_KEY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")

KvType = Literal["STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON"]


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise TaskError(f"'{key}' is not a valid key: use letters, digits, `.`, `_` and `-`, a letter or digit first.")
    return key


class Set(RunnableTask):
    """Stores a value under a key. A lone expression keeps the type of its value."""

    type = "io.kestra.plugin.core.kv.Set"
    title = "Set a value of the key-value store."
    examples = (
        Example(
            "Remember the last run for a day",
            'type: io.kestra.plugin.core.kv.Set\nkey: last_run\nvalue: "{{ now() }}"\nkvType: DATETIME\nttl: P1D',
        ),
    )

    key: str = prop(required=True, doc="The key.")
    value: Expression | bool | int | float | dict[str, Any] | list[Any] = prop(required=True, doc="The value.")
    namespace: str = prop(default="{{ flow.namespace }}", doc="The namespace of the store.")
    kvType: KvType | None = prop(doc="How to read a value that is a text.")
    ttl: timedelta | None = prop(doc="How long the value is kept.")
    overwrite: bool = prop(default=True, doc="Whether a key that exists may be set.")
    kvDescription: str | None = prop(doc="What the value is for.")

    def run(self, ctx: RunContext) -> None:
        value = ctx.render_typed(self.value)
        if isinstance(value, str) and self.kvType is not None:
            value = self._converted(value, self.kvType)
        stored = ctx.kv.set(
            self.namespace, _checked(self.key), value,
            ttl=self.ttl, overwrite=self.overwrite, description=self.kvDescription,
        )  # fmt: skip
        if not stored:
            raise TaskError(
                f"Cannot set value for key '{self.key}'. Key already exists and `overwrite` is set to `false`."
            )

    def _converted(self, text: str, kind: KvType) -> Any:
        try:
            return _READERS[kind](text)
        except ValueError as error:
            raise TaskError(f"The value of key '{self.key}' is not a {kind}: {text[:200]}") from error


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"\s*[+-]?\d+\s*", text) else float(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


_READERS: dict[KvType, Any] = {
    "STRING": str, "NUMBER": _number, "BOOLEAN": lambda text: text.strip().lower() == "true",
    "DATETIME": _moment, "DATE": _day, "DURATION": parse_duration, "JSON": json.loads,
}  # fmt: skip


@dataclass
class GetOutputs:
    """The value."""

    value: Any = field(default=None, metadata={"doc": "The value with its type; null when there is none."})


class Get(RunnableTask):
    """Reads a value of the key-value store."""

    type = "io.kestra.plugin.core.kv.Get"
    title = "Get a value of the key-value store."
    outputs = GetOutputs
    examples = (Example("Read a value", "type: io.kestra.plugin.core.kv.Get\nkey: last_run"),)

    key: str = prop(required=True, doc="The key.")
    namespace: str = prop(default="{{ flow.namespace }}", doc="The namespace of the store.")
    errorOnMissing: bool = prop(default=False, doc="Fail when there is no such key.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        exists, value = ctx.kv.get(self.namespace, self.key)
        if not exists and self.errorOnMissing:
            raise TaskError(
                f"No value found for key '{self.key}' in namespace '{self.namespace}' and `errorOnMissing` is set "
                "to true"
            )
        return {"value": value}


@dataclass
class KeysOutputs:
    """The keys."""

    keys: list[str] = field(metadata={"doc": "The keys, sorted."})


class GetKeys(RunnableTask):
    """Lists the keys of a namespace."""

    type = "io.kestra.plugin.core.kv.GetKeys"
    title = "List keys of the key-value store."
    outputs = KeysOutputs
    examples = (Example("List some keys", "type: io.kestra.plugin.core.kv.GetKeys\nprefix: last_"),)

    prefix: str | None = prop(doc="What the keys begin with.")
    namespace: str = prop(default="{{ flow.namespace }}", doc="The namespace of the store.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"keys": list(ctx.kv.keys(self.namespace, self.prefix or ""))}


@dataclass
class DeleteOutputs:
    """Whether something was deleted."""

    deleted: bool = field(metadata={"doc": "False when there was no such key."})


class Delete(RunnableTask):
    """Deletes a key."""

    type = "io.kestra.plugin.core.kv.Delete"
    title = "Delete a key of the key-value store."
    outputs = DeleteOutputs
    examples = (Example("Delete a key", "type: io.kestra.plugin.core.kv.Delete\nkey: last_run"),)

    key: str = prop(required=True, doc="The key.")
    namespace: str = prop(default="{{ flow.namespace }}", doc="The namespace of the store.")
    errorOnMissing: bool = prop(default=False, doc="Fail when there is no such key.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        deleted = ctx.kv.delete(self.namespace, self.key)
        if not deleted and self.errorOnMissing:
            raise TaskError(
                f"No value found for key '{self.key}' in namespace '{self.namespace}' and `errorOnMissing` is set "
                "to true"
            )
        return {"deleted": deleted}


class PurgeBehavior(Properties):
    """Which entries are removed."""

    type: Literal["key", "version"] = prop(default="key", doc="Whole keys, or old versions of their values.")
    expiredOnly: bool = prop(default=True, doc="Only keys whose time is over.")
    before: datetime | None = prop(doc="Only versions older than this.")
    keepAmount: int | None = prop(doc="How many versions are kept.")


@dataclass
class PurgeOutputs:
    """What was removed."""

    size: int = field(metadata={"doc": "The number of entries removed."})


class PurgeKV(RunnableTask):
    """Removes keys, by default those that have expired. Only the current version of a value is kept anyway."""

    type = "io.kestra.plugin.core.kv.PurgeKV"
    title = "Remove expired keys."
    outputs = PurgeOutputs
    examples = (
        Example(
            "Remove what has expired below a namespace",
            "type: io.kestra.plugin.core.kv.PurgeKV\nnamespaces:\n  - company",
        ),
    )

    namespaces: list[str] | None = prop(doc="The namespaces to look at; all without it.")
    namespacePattern: str | None = prop(doc="A pattern of namespaces, instead of a list.")
    keyPattern: str | None = prop(doc="A pattern of keys.")
    includeChildNamespaces: bool = prop(default=True, doc="Look below the given namespaces too.")
    behavior: PurgeBehavior | None = prop(doc="Which entries are removed.")
    expiredOnly: bool | None = prop(doc="Only expired keys.", deprecated="Use `behavior`.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        if self.namespaces and self.namespacePattern:
            raise TaskError("Give either `namespaces` or `namespacePattern`, not both.")
        if self.behavior is not None and self.behavior.type == "version":
            ctx.log.info("Nothing to remove: older versions of values are not kept.")
            return {"size": 0}
        expired_only = self.behavior.expiredOnly if self.behavior else True
        if self.expiredOnly is not None:
            expired_only = self.expiredOnly
        size = 0
        for namespace in filter(self._wanted, ctx.kv.namespaces()):
            keys = set(ctx.kv.expired(namespace))
            if not expired_only:
                keys.update(ctx.kv.keys(namespace))
            for key in sorted(keys):
                if fnmatch.fnmatchcase(key, self.keyPattern or "*"):
                    ctx.kv.delete(namespace, key)
                    size += 1
        return {"size": size}

    def _wanted(self, namespace: str) -> bool:
        if self.namespacePattern:
            return fnmatch.fnmatchcase(namespace, self.namespacePattern)
        if not self.namespaces:
            return True
        below = self.includeChildNamespaces
        return any(namespace == name or (below and namespace.startswith(f"{name}.")) for name in self.namespaces)
