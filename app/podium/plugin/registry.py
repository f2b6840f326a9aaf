"""The set of known types, by name: declarations for the model, classes for the engine and the runtime.

The class behind a name is imported when the name is first asked for, so that a flow costs what it uses.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.engine.flowable import Flowable
from podium.model.flow import Condition
from podium.model.properties import Properties
from podium.model.schema import Family, TypeDecl
from podium.plugin.binding import bind
from podium.plugin.declaration import declaration, family_of
from podium.plugin.task import ConditionType

_JAVA_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.[A-Z][\w$]*")


class PluginError(Exception):
    """A plugin cannot be used; the message names it and says why."""


class UnknownType(Exception):
    """No class on this machine implements the type."""

    def __init__(self, type_name: str) -> None:
        super().__init__(f"The type `{type_name}` is not implemented on this machine.")


@dataclass(frozen=True)
class Table:
    """Types as data: current names with the `module:Class` behind them, by family, and older names."""

    places: Mapping[Family, Mapping[str, str]]
    aliases: Mapping[str, str] = field(default_factory=dict)
    server: Mapping[Family, frozenset[str]] = field(default_factory=dict)
    """Types that only a Kestra server runs, as far as they are known one by one."""
    closed: tuple[str, ...] = ()
    """Packages that are known completely: another name below them is a slip."""


class Registry:
    """Finds types by name. It implements the model's `Catalog` and the engine's `FlowableTypes`."""

    def __init__(self, table: Table, classes: Iterable[type[Any]] = (), *, enterprise: bool = False) -> None:
        """`classes` are types of plugins; they win over the table. Raises PluginError for a class that is no type.

        `enterprise` says that flows are for the Enterprise Edition.
        """
        self._places = {name: place for names in table.places.values() for name, place in names.items()}
        self._families: dict[str, Family] = {
            name: family for family, names in table.places.items() for name in names
        }  # fmt: skip
        self._aliases = dict(table.aliases)
        self._server = table.server
        self._server_families = {name: family for family, names in table.server.items() for name in names}
        self._closed = table.closed
        self._classes: dict[str, type[Properties]] = {}
        self._declarations: dict[str, TypeDecl | None] = {}
        for cls in classes:
            self._add(cls)
        self._names: dict[Family, tuple[str, ...]] = {}
        self.enterprise = enterprise

    def _add(self, cls: type[Any]) -> None:
        try:
            family = family_of(cls)
        except TypeError as error:
            raise PluginError(str(error)) from error
        self._classes[cls.type] = cls
        self._families[cls.type] = family
        self._aliases.pop(cls.type, None)
        for alias in getattr(cls, "aliases", ()):
            self._aliases[alias] = cls.type

    def find(self, type_name: str) -> TypeDecl | None:
        """The declaration of a type or of one of its aliases.

        A well-formed name of a package that Podium does not know is a type of a Kestra server: it is declared as
        not `local`, with properties of any kind. None for everything else.
        """
        if type_name not in self._declarations:
            name = self._aliases.get(type_name, type_name)
            local = name in self._families
            self._declarations[type_name] = declaration(self.implementation(name)) if local else self._elsewhere(name)
        return self._declarations[type_name]

    def _elsewhere(self, name: str) -> TypeDecl | None:
        family = self._server_families.get(name)
        if family is None:
            if name.startswith(self._closed) or name.count(".") < 2 or not _JAVA_NAME.fullmatch(name):
                return None
            if any(known.endswith(f".{name}") for known in self._families):
                # The end of a name is a slip, however well-formed it is.
                return None
            family = _likely_family(name)
        return TypeDecl(name, family, local=False, open=True)

    def names(self, family: Family) -> Sequence[str]:
        """The current names of the types of this machine, sorted, without the parts that are never written."""
        if family not in self._names:
            names = (name for name, own in self._families.items() if own == family and "$" not in name)
            self._names[family] = tuple(sorted(names))
        return self._names[family]

    def server_names(self, family: Family) -> Sequence[str]:
        """The names known of types that only a server runs, sorted; there are more than these."""
        return sorted(self._server.get(family, ()))

    def implementation(self, type_name: str) -> type[Properties]:
        """The class of a type or of one of its aliases; raises UnknownType."""
        name = self._aliases.get(type_name, type_name)
        cls = self._classes.get(name)
        if cls is None:
            place = self._places.get(name)
            if place is None:
                raise UnknownType(type_name)
            module, _, attribute = place.partition(":")
            cls = getattr(importlib.import_module(module), attribute)
            self._classes[name] = cls
        return cls

    def flowable(self, type_name: str) -> type[Flowable]:
        """The behaviour of a flowable; raises UnknownType for any other type."""
        cls = self.implementation(type_name)
        if not issubclass(cls, Flowable):
            raise UnknownType(type_name)
        return cls

    def holds(
        self, condition: Condition, variables: Mapping[str, Any], render: Callable[[Any, Mapping[str, Any]], Any]
    ) -> bool:
        """Whether a condition is true for these variables. `render` renders the expressions inside a value.

        Raises TaskError when the condition cannot be evaluated, ExpressionError when it cannot be rendered.
        """
        return _Evaluation(self, variables, render).holds(condition)


class _Evaluation:
    """The surroundings of one evaluation; what a condition gets as its context."""

    def __init__(
        self, registry: Registry, variables: Mapping[str, Any], render: Callable[[Any, Mapping[str, Any]], Any]
    ) -> None:
        self._registry = registry
        self.variables = variables
        self._render = render

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        return self._render(value, {**self.variables, **extra} if extra else self.variables)

    def holds(self, condition: Condition) -> bool:
        cls = self._registry.implementation(condition.type)
        instance = bind(cls, condition.props, self, self._registry.implementation)
        if not isinstance(instance, ConditionType):
            raise UnknownType(condition.type)
        return instance.holds(self)


def _likely_family(name: str) -> Family:
    last = name.rpartition(".")[2]
    if last.endswith("Trigger"):
        return "trigger"
    if ".runner." in name or last.endswith("TaskRunner"):
        return "taskRunner"
    return "condition" if last.endswith("Condition") else "task"
