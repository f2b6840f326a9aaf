"""From the raw properties of a task to an instance of its class: render, convert, or say which property is
wrong.

The rules of conversion are those of Kestra's typed properties: a scalar is rendered to text and parsed as its
declared type; a list or map may also be one text that renders to JSON.
"""

import dataclasses
import functools
import json
import operator
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar, cast

from podium.base.durations import parse_duration
from podium.expressions.errors import ExpressionError, did_you_mean
from podium.model.flow import Condition
from podium.model.properties import (
    ChildCases,
    ChildDag,
    ChildTask,
    ChildTasks,
    Expression,
    Polymorphic,
    Properties,
    describe,
)
from podium.model.schema import PropertyDecl, PropType
from podium.plugin.task import TaskError

P = TypeVar("P", bound=Properties)

Resolver = Callable[[str], type[Properties] | None]
"""Finds the class of a nested object by its `type`, e.g. of a task runner; None when nobody knows it."""

_CHILDREN = (ChildTask, ChildTasks, ChildCases, ChildDag)
_SHOWN = 200


class Renderer(Protocol):
    """The part of a RunContext that binding needs."""

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any: ...


class BindingError(TaskError):
    """A property has no value of its type; the message names the property and the value."""


def bind(cls: type[P], props: Mapping[str, Any], ctx: Renderer, resolve: Resolver | None = None) -> P:
    """An instance of `cls` with every dynamic property rendered and converted to its declared type.

    Conditions inside the properties are handed over as they are in the flow.

    Properties that are declared as an `Expression`, or hold one, are handed over as written: the task
    renders them itself (`render_late`). Properties that `cls` does not declare are ignored. Raises
    BindingError.
    """
    return _Binder(ctx, resolve).instance(cls, props, "")


def render_late(ctx: Renderer, value: Any, hint: Any, name: str, extra: Mapping[str, Any] | None = None) -> Any:
    """Render and convert a property that was bound as written, with variables of the task's own."""
    return _Binder(ctx, None, extra).value(value, _without_expressions(hint), name, _PLAIN)


_PLAIN = PropertyDecl("", PropType("any"))


_plans: dict[type[Properties], tuple[tuple[str, PropertyDecl, Any], ...]] = {}


def _plan(cls: type[Properties]) -> tuple[tuple[str, PropertyDecl, Any], ...]:
    """Attribute name, declaration and type of every property; made once per class."""
    if cls not in _plans:
        hints = typing.get_type_hints(cls)
        fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(cast(Any, cls))
        pairs = zip(fields, describe(cls), strict=True)
        _plans[cls] = tuple((field.name, decl, hints[field.name]) for field, decl in pairs)
    return _plans[cls]


class _Binder:
    def __init__(self, ctx: Renderer, resolve: Resolver | None, extra: Mapping[str, Any] | None = None) -> None:
        self._ctx = ctx
        self._resolve = resolve
        self._extra = extra

    def instance(self, cls: type[P], props: Mapping[str, Any], prefix: str) -> P:
        values: dict[str, Any] = {}
        for attribute, decl, hint in _plan(cls):
            path = prefix + decl.name
            raw = _given(props, decl)
            if raw is None:
                raw = decl.default
            value = self.value(raw, hint, path, decl)
            if value is None and decl.required:
                written = "" if raw is None else f": {_shown(raw)} renders to nothing"
                raise BindingError(f"The property `{path}` is required{written}.")
            if value is not None:
                values[attribute] = value
            elif raw is not None:
                values[attribute] = None
        return cls(**values)

    def value(self, raw: Any, hint: Any, path: str, decl: PropertyDecl) -> Any:
        if raw is None or _unrendered(hint):
            return raw
        if decl.dynamic:
            raw = self._rendered(raw, path, hint)
        try:
            return self._converted(raw, hint, path)
        except _Mismatch as mismatch:
            shown = "(hidden)" if decl.secret else _shown(mismatch.value)
            raise BindingError(
                f"The property `{mismatch.path}` must be {mismatch.wanted}, but it is {shown}."
            ) from None

    def _rendered(self, raw: Any, path: str, hint: Any) -> Any:
        """`raw` with all its texts rendered, except inside nested objects, which are bound on their own."""
        if isinstance(raw, str):
            if "{" not in raw:
                return raw
            try:
                return self._ctx.render(raw, self._extra)
            except ExpressionError as error:
                raise BindingError(f"The property `{path}` could not be rendered: {error}") from error
        if isinstance(raw, Mapping):
            if _object_option(hint) is not None:
                return raw
            inner = _item_hint(hint, dict)
            return {
                self._rendered(key, f"{path}.{key}", str): self._rendered(value, f"{path}.{key}", inner)
                for key, value in raw.items()
            }
        if isinstance(raw, (list, tuple)):
            inner = _item_hint(hint, list)
            return [self._rendered(item, f"{path}[{index}]", inner) for index, item in enumerate(raw)]
        return raw

    def _converted(self, value: Any, hint: Any, path: str) -> Any:
        if hint in _SCALARS:
            return None if value is None else _SCALARS[hint](value, path)
        if value is None or hint is Any or hint is object or hint in _CHILDREN:
            return value
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._one_of(value, [option for option in arguments if option is not type(None)], path)
        if origin is Literal:
            return _choice(value, arguments, path)
        if origin in (list, tuple) or hint is list:
            return self._list(value, arguments[0] if arguments else Any, path)
        if origin is dict or hint is dict:
            return self._map(value, arguments[1] if arguments else Any, path)
        return self._object(value, hint, path)

    def _one_of(self, value: Any, options: list[Any], path: str) -> Any:
        """The first option that fits; a value that already has the shape of one is not tried as another."""
        failure: _Mismatch | None = None
        for option in sorted(options, key=lambda option: not _has_shape(value, option)):
            try:
                return self._converted(value, option, path)
            except _Mismatch as mismatch:
                failure = failure or mismatch
        raise failure or _Mismatch(path, "one of its forms", value)

    def _list(self, value: Any, item: Any, path: str) -> Any:
        items = _parsed(value, list, path, "a list")
        if items is None:
            return None
        return [self._converted(each, item, f"{path}[{index}]") for index, each in enumerate(items)]

    def _map(self, value: Any, item: Any, path: str) -> Any:
        entries = _parsed(value, Mapping, path, "a map")
        if entries is None:
            return None
        return {str(key): self._converted(each, item, f"{path}.{key}") for key, each in entries.items()}

    def _object(self, value: Any, cls: type[Properties], path: str) -> Any:
        if isinstance(value, Condition):
            return value
        entries = _parsed(value, Mapping, path, "an object")
        if entries is None:
            return None
        return self.instance(self._class(cls, entries, path), entries, f"{path}.")

    def _class(self, cls: type[Properties], entries: Mapping[str, Any], path: str) -> type[Properties]:
        if not issubclass(cls, Polymorphic):
            return cls
        name = entries.get("type")
        if not isinstance(name, str):
            raise BindingError(f"The property `{path}` needs a `type`.")
        found = self._resolve(name) if self._resolve else None
        if found is None or not issubclass(found, cls):
            raise BindingError(f"The property `{path}` has the type `{name}`, which cannot run on this machine.")
        return found


class _Mismatch(Exception):
    def __init__(self, path: str, wanted: str, value: Any) -> None:
        super().__init__(path)
        self.path, self.wanted, self.value = path, wanted, value


def _given(props: Mapping[str, Any], decl: PropertyDecl) -> Any:
    value = props.get(decl.name)
    if value is None:
        for alias in decl.aliases:
            value = props.get(alias)
            if value is not None:
                break
    return value


def _unrendered(hint: Any) -> bool:
    """Whether the task renders this itself: some part of the type is an Expression, or it holds child
    tasks.
    """
    return hint is Expression or hint in _CHILDREN or any(map(_unrendered, typing.get_args(hint)))


def _without_expressions(hint: Any) -> Any:
    if hint is Expression:
        return str
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if not arguments:
        return hint
    plain = tuple(_without_expressions(argument) for argument in arguments)
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(operator.or_, plain)
    return origin[plain]


def _options(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _object_option(hint: Any) -> type[Properties] | None:
    for option in _options(hint):
        if isinstance(option, type) and issubclass(option, Properties):
            return option
    return None


def _item_hint(hint: Any, container: type[Any]) -> Any:
    for option in _options(hint):
        if typing.get_origin(option) is container:
            return typing.get_args(option)[-1]
    return Any


def _has_shape(value: Any, option: Any) -> bool:
    base = typing.get_origin(option) or option
    if isinstance(base, type) and issubclass(base, Properties):
        return isinstance(value, Mapping)
    if base is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(base, type) and type(value) is base


def _parsed(value: Any, shape: Any, path: str, wanted: str) -> Any:
    """`value` as a list or mapping, from JSON if it is a text; None for an empty text."""
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = json.loads(value)
        except ValueError:
            raise _Mismatch(path, f"{wanted} (or a text that renders to one as JSON)", value) from None
    if not isinstance(value, shape):
        raise _Mismatch(path, wanted, value)
    return value


def _text(value: Any, path: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _int(value: Any, path: str) -> int | None:
    number = _float(value, path, "a whole number")
    if number is None:
        return None
    if number != number or number in (float("inf"), float("-inf")) or number != int(number):
        raise _Mismatch(path, "a whole number", value)
    # Not by way of the float, which loses digits of a long number.
    try:
        return int(value)
    except ValueError:
        return int(number)


def _float(value: Any, path: str, wanted: str = "a number") -> float | None:
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            return float(value)
        except ValueError:
            raise _Mismatch(path, wanted, value) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Mismatch(path, wanted, value)
    return float(value)


def _bool(value: Any, path: str) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if not word:
            return None
        if word in ("true", "false"):
            return word == "true"
    raise _Mismatch(path, "`true` or `false`", value)


def _duration(value: Any, path: str) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        if isinstance(value, str) and not value.strip():
            return None
        try:
            return parse_duration(str(value).strip('"'))
        except ValueError:
            pass
    raise _Mismatch(path, "a duration such as PT30S, PT1H30M or P1D, or a number of seconds", value)


def _datetime(value: Any, path: str) -> datetime | None:
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = datetime.fromisoformat(value.strip().strip('"'))
        except ValueError:
            raise _Mismatch(path, "a date such as 2026-01-31T08:00:00Z", value) from None
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise _Mismatch(path, "a date such as 2026-01-31T08:00:00Z", value)
    # A date without a zone is local time, as on a server.
    return value if value.tzinfo else value.astimezone()


_SCALARS: dict[Any, Callable[[Any, str], Any]] = {
    str: _text, int: _int, float: _float, bool: _bool, timedelta: _duration, datetime: _datetime,
}  # fmt: skip


def _choice(value: Any, choices: tuple[Any, ...], path: str) -> Any:
    word = _text(value, path).strip()
    if not word:
        return None
    for choice in choices:
        if str(choice).upper() == word.upper():
            return choice
    hint = did_you_mean(word, map(str, choices))
    raise _Mismatch(path, f"one of {', '.join(map(str, choices))}{f' ({hint})' if hint else ''}", value)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        text = f"'{value}'"
    else:
        text = _text(value, "")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
