"""What the workspace knows that a flow may name: other flows and their inputs, secrets, keys, files, the last run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from podium.model.outline import outline_of
from podium.model.suggestions import Surroundings
from podium.store.errors import StoreError

if TYPE_CHECKING:
    from podium.store.stores import Stores

T = TypeVar("T")
_FRESH = 5.0
"""Seconds for which a list is not read again: it is asked for at every key."""


class Around:
    """Reads lists when they are asked for and keeps them for a moment; whatever cannot be read is empty."""

    def __init__(self, stores: Stores, now: Callable[[], float] = time.monotonic) -> None:
        self._stores = stores
        self._now = now
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}
        self._outputs: dict[tuple[str, str], Mapping[str, Any]] = {}

    def surroundings(self, namespace: str, flow_id: str) -> Surroundings:
        """For completion in one flow."""
        return Surroundings(
            namespaces=self._namespaces,
            flows=self._flows,
            inputs=self._inputs,
            secrets=lambda: self._kept_for(("secrets", namespace), lambda: self._secrets(namespace)),
            keys=lambda of: self._kept_for(("keys", of), lambda: self._stores.key_values.keys(of)),
            files=lambda of: self._kept_for(("files", of), lambda: self._stores.namespace_files.list(of)),
            last_outputs=self._outputs.get((namespace, flow_id), {}),
        )

    def read_last_outputs(self, namespace: str, flow_id: str) -> Mapping[str, Any]:
        """The outputs of the newest run, secrets hidden. Reads a journal: not for the screen's thread."""
        from podium.engine.plan import Plan
        from podium.engine.variables import Variables
        from podium.model.flow import Flow
        from podium.runtime.masks import masker_of

        newest = self._stores.index.latest().get((namespace, flow_id))
        if newest is None:
            return {}
        execution = self._stores.record(newest.id).load().execution
        outputs = Variables(Plan(Flow(flow_id, namespace)), execution, {}).outputs
        hidden: Mapping[str, Any] = masker_of(self._stores, newest.id).value(outputs)
        return hidden

    def keep_last_outputs(self, namespace: str, flow_id: str, outputs: Mapping[str, Any]) -> None:
        """What `read_last_outputs` found, for the next completion."""
        self._outputs[namespace, flow_id] = outputs

    def _kept_for(self, key: tuple[str, ...], read: Callable[[], Sequence[T]]) -> Sequence[T]:
        found = self._kept.get(key)
        if found is None or self._now() - found[0] > _FRESH:
            try:
                values: Sequence[T] = read()
            except (StoreError, OSError):
                values = ()
            found = self._kept[key] = (self._now(), values)
        values = found[1]
        return values

    def _namespaces(self) -> Sequence[str]:
        return self._kept_for(("namespaces",), self._stores.workspace.namespaces)

    def _flows(self, namespace: str) -> Sequence[str]:
        flows = self._kept_for(("flows",), self._stores.workspace.flow_files)
        return sorted({flow.id for flow in flows if flow.namespace == namespace})

    def _inputs(self, namespace: str, flow_id: str) -> Sequence[tuple[str, str]]:
        for flow in self._kept_for(("flows",), self._stores.workspace.flow_files):
            if (flow.namespace, flow.id) == (namespace, flow_id):
                return [(each.id, each.type) for each in outline_of(flow.text.split("\n")).inputs]
        return ()

    def _secrets(self, namespace: str) -> Sequence[str]:
        return [secret.name for secret in self._stores.secrets.names(namespace or None)]
