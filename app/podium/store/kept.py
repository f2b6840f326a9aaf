"""Whether secrets, keys and namespace files are there, for the check of flows. Never raises."""

from dataclasses import dataclass

from podium.store.errors import StoreError
from podium.store.key_values import KeyValueStore
from podium.store.namespace_files import NamespaceFolders
from podium.store.secrets import Secrets


@dataclass(frozen=True, slots=True)
class WorkspaceKept:
    """What a workspace keeps beside its flows. What cannot be told (`keys` is None, a broken file) counts as there."""

    secrets: Secrets
    files: NamespaceFolders
    keys: KeyValueStore | None = None

    def has_secret(self, key: str, namespace: str) -> bool:
        try:
            return self.secrets.get(key, namespace) is not None
        except StoreError:
            return True

    def has_key(self, key: str, namespace: str) -> bool:
        try:
            return self.keys is None or self.keys.get(namespace, key)[0]
        except StoreError:
            return True

    def has_file(self, path: str, namespace: str) -> bool:
        try:
            return self.files.exists(namespace, path.removeprefix("/"))
        except StoreError:
            return True
