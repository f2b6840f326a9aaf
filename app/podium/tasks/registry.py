"""The registry that a program works with: the built-in types, those of installed packages, and plugin modules."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from podium.plugin.registry import PluginError, Registry, Table
from podium.tasks.builtin_types import ALIASES, PLACES
from podium.tasks.server_types import CLOSED_PACKAGES, SERVER_TYPES

ENTRY_POINTS = "podium.types"
"""The entry-point group of packages that bring types: each value is a module with `CLASSES`, or one class."""


def default_registry(plugins: Sequence[str] = (), *, enterprise: bool = False) -> Registry:
    """The types that are built in, installed, and of the plugin modules named `plugins`; later ones win.

    With `enterprise`, flows may use what only the Enterprise Edition of a server knows.

    Raises PluginError when a plugin cannot be imported or names something that is no type.
    """
    table = Table(PLACES, ALIASES, SERVER_TYPES, CLOSED_PACKAGES)
    return Registry(table, [*_installed(), *_classes_of(plugins)], enterprise=enterprise)


def _installed() -> Iterator[type[Any]]:
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        yield from _classes_in(_loaded(point), f"entry point {point.name} = {point.value}")


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:  # foreign code at import: anything may be raised
        raise PluginError(
            f"The plugin `{point.name}` of an installed package cannot be loaded ({point.value}): {error}. "
            "Mend or uninstall the package."
        ) from error


def _classes_of(modules: Iterable[str]) -> Iterator[type[Any]]:
    for name in modules:
        try:
            module = importlib.import_module(name)
        except Exception as error:  # foreign code at import: anything may be raised
            raise PluginError(
                f"The plugin module `{name}` cannot be imported: {type(error).__name__}: {error}. "
                "Check `plugins` in the settings, and that the module is installed or on PYTHONPATH."
            ) from error
        yield from _classes_in(module, f"module {name}")


def _classes_in(found: Any, place: str) -> Iterable[type[Any]]:
    if isinstance(found, ModuleType):
        classes = getattr(found, "CLASSES", None)
        if not isinstance(classes, (tuple, list)):
            raise PluginError(f"The plugin {place} has no `CLASSES`: a tuple of its task, trigger and condition types.")
        return classes
    return (found,)
