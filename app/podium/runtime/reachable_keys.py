"""The key-values that a flow can reach: a slip in the name of a namespace must not make a new one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from podium.plugin.task import TaskError
from podium.store.key_values import KeyValueStore
from podium.store.workspace import Workspace


class ReachableKeys:
    """The key-value store as a task of a flow in `namespace` sees it.

    Values can be set in the flow's own namespace and those above it, and in any other that has flows or keys.
    """

    def __init__(self, store: KeyValueStore, workspace: Workspace, namespace: str) -> None:
        self._store = store
        self._workspace = workspace
        self._namespace = namespace

    def get(self, namespace: str, key: str) -> tuple[bool, Any]:
        return self._store.get(namespace, key)

    def set(
        self, namespace: str, key: str, value: Any, *, ttl: timedelta | None = None, overwrite: bool = True,
        description: str | None = None,
    ) -> bool:  # fmt: skip
        """As of the store; raises TaskError for a namespace that does not exist."""
        if not self._exists(namespace):
            raise TaskError(
                f"Cannot set the key '{key}': the namespace '{namespace}' does not exist. "
                "It has no flow and no key; check its spelling."
            )
        return self._store.set(namespace, key, value, ttl=ttl, overwrite=overwrite, description=description)

    def delete(self, namespace: str, key: str) -> bool:
        return self._store.delete(namespace, key)

    def keys(self, namespace: str, prefix: str = "") -> Sequence[str]:
        return self._store.keys(namespace, prefix)

    def namespaces(self) -> Sequence[str]:
        return self._store.namespaces()

    def expired(self, namespace: str) -> Sequence[str]:
        return self._store.expired(namespace)

    def _exists(self, namespace: str) -> bool:
        if f"{self._namespace}.".startswith(f"{namespace}."):
            return True
        return namespace in self._store.namespaces() or namespace in self._workspace.namespaces()
