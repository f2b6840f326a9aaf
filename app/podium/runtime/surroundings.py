"""What expressions see of the installation: `globals`, `envs`, `kestra` and `namespace` (semantics 5.2)."""

from typing import Any

from podium.store.stores import Stores


def surroundings(stores: Stores, namespace: str) -> dict[str, Any]:
    """These top-level names for a flow of `namespace`; those without any content are left out, except `envs`.

    Raises StoreError when a file of variables is wrong.
    """
    settings = stores.settings
    found: dict[str, Any] = {"envs": _shown_environment(stores)}
    if settings.globals:
        found["globals"] = dict(settings.globals)
    variables = settings.namespace_variables(namespace)
    if variables:
        found["namespace"] = variables
    kestra: dict[str, Any] = {"url": settings.kestra.url} if settings.kestra.url else {}
    environment = settings.kestra.environment
    named = {key: value for key, value in (("name", environment.name), ("color", environment.color)) if value}
    if named:
        kestra["environment"] = named
    if kestra:
        found["kestra"] = kestra
    return found


def _shown_environment(stores: Stores) -> dict[str, str]:
    found: dict[str, str] = {}
    variables = stores.secrets.environment()
    for prefix in reversed(stores.settings.environment.prefixes):
        for name, value in variables.items():
            if prefix and name.startswith(prefix):
                found[name[len(prefix) :].lower()] = value
    return found
