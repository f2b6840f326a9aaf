"""From the class of a type to its declaration: what the model may know without the class."""

import inspect
from typing import Any

from podium.engine.flowable import Flowable
from podium.model.properties import Properties, describe, describe_outputs
from podium.model.schema import Family, TaskKind, TypeDecl
from podium.plugin.task import ConditionType, RunnableTask, TaskRunner, TriggerType, UpdatingTask

_FAMILIES: tuple[tuple[type[Properties], Family], ...] = (
    (Flowable, "task"),
    (RunnableTask, "task"),
    (UpdatingTask, "task"),
    (TriggerType, "trigger"),
    (ConditionType, "condition"),
    (TaskRunner, "taskRunner"),
)


def declaration(cls: type[Properties]) -> TypeDecl:
    """Everything that a class says about its type. Raises TypeError for a class that is no type."""
    said: Any = cls
    outputs = getattr(said, "results", None) or getattr(said, "outputs", None)
    return TypeDecl(
        name=said.type,
        family=family_of(cls),
        title=getattr(said, "title", ""),
        doc=inspect.cleandoc(cls.__doc__ or ""),
        kind=_kind(said),
        properties=describe(cls),
        outputs=describe_outputs(outputs) if inspect.isclass(outputs) else (),
        aliases=tuple(getattr(said, "aliases", ())),
        examples=tuple(getattr(said, "examples", ())),
        deprecated=getattr(said, "deprecated", None),
        since=getattr(said, "since", None),
        removed=getattr(said, "removed", None),
        check=getattr(said, "check", None),
    )


def family_of(cls: type[Any]) -> Family:
    """The family of a class by its base class. Raises TypeError when it has none, or no `type`."""
    if not isinstance(getattr(cls, "type", None), str):
        raise TypeError(f"{cls.__module__}.{cls.__qualname__} has no `type`, so no flow can name it.")
    for base, family in _FAMILIES:
        if issubclass(cls, base):
            return family
    bases = ", ".join(base.__name__ for base, _ in _FAMILIES)
    raise TypeError(f"{cls.__module__}.{cls.__qualname__} is no type: it must be a subclass of one of {bases}.")


def _kind(cls: Any) -> TaskKind:
    kind: TaskKind = getattr(cls, "kind", "runnable")
    return kind
