"""Properties declared on classes: one declaration gives validation, completion, docs and typed values."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, NewType, dataclass_transform

from podium.model.schema import Family, Format, OutputDecl, PropertyDecl, PropKind, PropType

Expression = NewType("Expression", str)
"""A template that the task renders itself, with variables of its own (`ctx.render(self.condition, extra)`)."""


class ChildTask:
    """Annotation of a property that holds one task."""


class ChildTasks:
    """Annotation of a property that holds a list of tasks."""


class ChildCases:
    """Annotation of a property that maps a value to a list of tasks."""


class ChildDag:
    """Annotation of a property that holds `{task, dependsOn}` entries."""


def prop(
    *,
    default: Any = None,
    required: bool = False,
    doc: str = "",
    dynamic: bool = True,
    secret: bool = False,
    deprecated: str | None = None,
    aliases: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    group: str = "main",
    language: str | None = None,
    format: Format | None = None,
    since: str | None = None,
    removed: str | None = None,
    until: str | None = None,
    name: str | None = None,
) -> Any:
    """Declare a property on a `Properties` class.

    The attribute name is the YAML name, in camelCase as Kestra spells it; `name` overrides it where the YAML name
    is a Python keyword. Mutable defaults are copied per instance.
    """
    meta = {
        "doc": doc, "required": required, "default": default, "dynamic": dynamic, "secret": secret,
        "deprecated": deprecated, "aliases": aliases, "also": also, "group": group, "language": language,
        "format": format, "since": since, "removed": removed, "until": until, "name": name,
    }  # fmt: skip
    if isinstance(default, (list, dict, set)):
        return dataclasses.field(default_factory=default.copy, metadata=meta)
    return dataclasses.field(default=default, metadata=meta)


@dataclass_transform(kw_only_default=True, field_specifiers=(prop,))
class Properties:
    """Base of everything that declares properties: task types, triggers, nested objects."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(kw_only=True)(cls)


class Polymorphic(Properties):
    """Base of nested objects that are chosen by their `type`, e.g. task runners; subclasses set `family`."""

    family: ClassVar[Family]


def describe(cls: type[Properties]) -> tuple[PropertyDecl, ...]:
    """The declared properties of a class, inherited ones first."""
    hints = _hints(cls)
    return tuple(_property(field, hints[field.name]) for field in dataclasses.fields(cls))  # type: ignore[arg-type]


def describe_outputs(cls: type[Any]) -> tuple[OutputDecl, ...]:
    """The output attributes of an output dataclass."""
    hints = _hints(cls)
    return tuple(
        OutputDecl(f.name, prop_type(hints[f.name]), f.metadata.get("doc", "")) for f in dataclasses.fields(cls)
    )


def _hints(cls: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _property(field: "dataclasses.Field[Any]", hint: Any) -> PropertyDecl:
    meta: Mapping[str, Any] = field.metadata
    return PropertyDecl(
        name=meta.get("name") or field.name,
        type=prop_type(hint),
        doc=meta.get("doc", ""),
        required=meta.get("required", False),
        default=meta.get("default"),
        dynamic=meta.get("dynamic", True),
        secret=meta.get("secret", False),
        deprecated=meta.get("deprecated"),
        aliases=meta.get("aliases", ()),
        also=meta.get("also", ()),
        group=meta.get("group", "main"),
        language=meta.get("language"),
        format=meta.get("format"),
        since=meta.get("since"),
        removed=meta.get("removed"),
        until=meta.get("until"),
    )


_SCALARS: dict[Any, PropKind] = {
    str: "string", int: "int", float: "float", bool: "bool", timedelta: "duration", datetime: "datetime",
    Any: "any", object: "any", Expression: "expression",
    ChildTask: "task", ChildTasks: "tasks", ChildCases: "cases", ChildDag: "dag",
}  # fmt: skip


def prop_type(hint: Any) -> PropType:
    """The `PropType` that a Python annotation stands for; raises TypeError for one that has no YAML meaning."""
    if hint in _SCALARS:
        return PropType(_SCALARS[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return PropType("enum", choices=tuple(str(choice) for choice in arguments))
    if origin in (typing.Union, types.UnionType):
        options = tuple(prop_type(option) for option in arguments if option is not type(None))
        return options[0] if len(options) == 1 else PropType("union", options=options)
    if origin in (list, tuple):
        return PropType("list", item=prop_type(arguments[0]))
    if origin is dict:
        return PropType("map", item=prop_type(arguments[1]))
    if hint is list:
        return PropType("list", item=PropType("any"))
    if hint is dict:
        return PropType("map", item=PropType("any"))
    if isinstance(hint, type) and issubclass(hint, Polymorphic):
        return PropType("polymorphic", family=hint.family)
    if isinstance(hint, type) and issubclass(hint, Properties):
        return PropType("object", fields=describe(hint))
    raise TypeError(f"{hint!r} cannot be the type of a property")
