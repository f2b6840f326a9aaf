"""The description of a type: what validation, completion, hover, JSON Schema and the reference pages read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

PropKind = Literal[
    "string", "int", "float", "bool", "duration", "datetime", "any",
    "list", "map", "object", "enum", "union",
    "expression",  # a template that the task renders itself, later
    "task", "tasks", "cases", "dag",  # children: one task, a list, a map of lists, Dag entries
    "polymorphic",  # an object whose `type` names one of a family, e.g. a task runner
]  # fmt: skip

Family = Literal["task", "trigger", "condition", "taskRunner", "input", "retry", "sla", "check"]

TaskKind = Literal["runnable", "flowable", "executable", "updating"]

Format = Literal["cron", "timezone", "pattern", "labels", "json", "time"]
"""What a text, or a map of labels, must be beyond its type; `podium.model.formats` checks it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the properties of an object as a whole, said by its class.

    `path` leads from the object to the value to mark, by property names and list positions; `code` is one of
    `podium.model.codes`.
    """

    message: str
    path: tuple[str | int, ...] = ()
    code: str = "invalid-value"


Check = Callable[[Mapping[str, Any]], Iterable[Problem]]
"""Looks at the properties of one object, as they are written, under their canonical names."""


@dataclass(frozen=True, slots=True)
class PropType:
    """The type of a property's value after rendering."""

    kind: PropKind
    item: "PropType | None" = None
    fields: "tuple[PropertyDecl, ...]" = ()
    choices: tuple[str, ...] = ()
    options: "tuple[PropType, ...]" = ()
    family: Family | None = None


@dataclass(frozen=True, slots=True)
class PropertyDecl:
    """One declared property of a type.

    `dynamic` values may hold `{{ }}` expressions and are rendered before the task sees them. `aliases` are older
    spellings that are translated when the flow is loaded, `also` are those of another dialect, just as good.
    `default` is what the task sees when it is absent. `group` sorts documentation; properties of the groups
    `ignored` and `server` are read, but mean nothing on one machine, and nobody proposes them. `since` is the
    Kestra version that brought the property, `removed` the one that refuses it. `until` is said of a deprecated
    property that does all it ever did on servers before that version: in a flow for those it is no reason to warn.
    """

    name: str
    type: PropType
    doc: str = ""
    required: bool = False
    default: Any = None
    dynamic: bool = True
    secret: bool = False
    deprecated: str | None = None
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    group: str = "main"
    language: str | None = None
    format: Format | None = None
    since: str | None = None
    removed: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class OutputDecl:
    """One declared output attribute of a task type."""

    name: str
    type: PropType
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A titled YAML fragment that shows the type at work."""

    title: str
    code: str
    full: bool = False


@dataclass(frozen=True, slots=True)
class TypeDecl:
    """Everything known about one `type:` name without running it.

    `local` is False for types that are known by name but only run on a Kestra server; such a type accepts any
    property. `open` types accept properties that are not declared.
    """

    name: str
    family: Family
    title: str = ""
    doc: str = ""
    kind: TaskKind = "runnable"
    properties: tuple[PropertyDecl, ...] = ()
    outputs: tuple[OutputDecl, ...] = ()
    aliases: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    deprecated: str | None = None
    since: str | None = None
    removed: str | None = None
    local: bool = True
    open: bool = False
    check: Check | None = None


class Catalog(Protocol):
    """The set of known types. Implemented by the registry of `podium.plugin`; faked in tests of the model."""

    @property
    def enterprise(self) -> bool:
        """Whether flows are for the Enterprise Edition, and may use what an open-source server refuses."""
        ...

    def find(self, type_name: str) -> TypeDecl | None:
        """The declaration of a type or of one of its aliases; None when nobody knows the name."""
        ...

    def names(self, family: Family) -> Iterable[str]:
        """All current (not alias) type names of a family, sorted."""
        ...

    def server_names(self, family: Family) -> Iterable[str]:
        """Names known of types that only a Kestra server runs, sorted."""
        ...
