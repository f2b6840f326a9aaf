"""Rendering of whole values: what tasks, triggers and inputs call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.expressions.errors import ExpressionError, LimitExceeded, MissingValue, RenderDepthExceeded
from podium.expressions.lexer import without_raw_tags
from podium.expressions.services import Services
from podium.expressions.state import State
from podium.expressions.template import Template, compile_template, has_expression
from podium.expressions.trace import Step, Trace
from podium.expressions.values import bounded, to_output

_FALSY = frozenset({"", "false", "0", "-0"})


def render(
    value: Any, context: Mapping[str, Any], services: Services, *, dialect: str = "1.x", recursive: bool = False
) -> Any:
    """Texts in lists and maps (keys too) rendered, everything else as it is. Raises `ExpressionError`.

    A text that renders to nothing is `""` by itself and null inside a list or map. With `recursive`, results
    are rendered again until they settle (the server option `recursive-rendering`).
    """
    if isinstance(value, str):
        return _text(value, context, services, dialect, recursive) or ""
    return _value(value, context, services, dialect, recursive)


def render_typed(value: Any, context: Mapping[str, Any], services: Services, *, dialect: str = "1.x") -> Any:
    """As `render`, but a text that is one expression becomes that expression's value."""
    if isinstance(value, str):
        if not has_expression(value):
            return value
        return compile_template(value, dialect).render_typed(context, services)
    if isinstance(value, Mapping):
        rendered: dict[Any, Any] = {}
        for key, item in value.items():
            name = _text(key, context, services, dialect, False) or "" if isinstance(key, str) else key
            rendered.setdefault(name, render_typed(item, context, services, dialect=dialect))
        return rendered
    if isinstance(value, (list, tuple)):
        return [render_typed(item, context, services, dialect=dialect) for item in value]
    return value


def truthy(value: Any) -> bool:
    """Whether a rendered condition (`runIf`, `when`, `If.condition`) holds: null, false, 0, -0 and "" do not."""
    return value is not None and to_output(value).strip() not in _FALSY


def render_trace(text: str, context: Mapping[str, Any], services: Services, *, dialect: str = "1.x") -> Trace:
    """Render once and note the value of every piece on the way. Never raises `ExpressionError`."""
    steps: list[Step] = []
    try:
        template = Template(text, dialect, traced=True)
        state = template.state(context, services)
        state.steps = steps
        result = without_raw_tags(template.render_in(state) or "")
    except ExpressionError as error:
        return Trace(text, tuple(steps), None, error)
    return Trace(text, tuple(steps), result, None)


def render_within(state: State, value: Any, recursive: bool) -> Any:
    """`render(value)` from inside an expression: with its variables, loop variables and remaining time."""
    if isinstance(value, str):
        return _settled(state, value, recursive)
    return _render_container(state, bounded(value), recursive)


def _render_container(state: State, value: Any, recursive: bool) -> Any:
    if isinstance(value, str):
        return _settled(state, value, recursive)
    if isinstance(value, Mapping):
        rendered: dict[Any, Any] = {}
        for key, item in value.items():
            name = _settled(state, key, recursive) or "" if isinstance(key, str) else key
            rendered.setdefault(name, _render_container(state, item, recursive))
        return rendered
    if isinstance(value, (list, tuple)):
        return [_render_container(state, item, recursive) for item in value]
    return value


def _value(value: Any, context: Mapping[str, Any], services: Services, dialect: str, recursive: bool) -> Any:
    if isinstance(value, str):
        return _text(value, context, services, dialect, recursive)
    if isinstance(value, Mapping):
        rendered: dict[Any, Any] = {}
        for key, item in value.items():
            name = _text(key, context, services, dialect, recursive) or "" if isinstance(key, str) else key
            rendered.setdefault(name, _value(item, context, services, dialect, recursive))
        return rendered
    if isinstance(value, (list, tuple)):
        return [_value(item, context, services, dialect, recursive) for item in value]
    return value


def _text(text: str, context: Mapping[str, Any], services: Services, dialect: str, recursive: bool) -> str | None:
    if not has_expression(text):
        return text
    template = compile_template(text, dialect)
    if not recursive:
        rendered = template.render_in(template.state(context, services))
        return None if rendered is None else without_raw_tags(rendered)
    state = template.state(context, services)
    state.recursive = True
    return _settled(state, text, True)


def _settled(state: State, text: str, recursive: bool) -> str | None:
    """Rendered once or, if recursive, until the text stops changing; raw blocks lose their tags at the end."""
    current: str | None = text
    for _ in range(state.limits.render_rounds):
        if current is None or not has_expression(current):
            return current
        state.check_time()
        before, current = current, _rendered(state, current)
        if current == before or not recursive:
            return None if current is None else without_raw_tags(current)
    raise LimitExceeded("Too many rendering attempts")


def _rendered(state: State, text: str) -> str | None:
    template = compile_template(text, state.dialect)
    inner = template.state(state.context, state.services, state.limits)
    inner.frames = [*state.frames, {}] if state.frames else []
    inner.deadline, inner.depth, inner.recursive = state.deadline, state.depth + 1, state.recursive
    if inner.depth > state.limits.render_depth:
        raise RenderDepthExceeded(state.limits.render_depth)
    try:
        return template.render_in(inner)
    except MissingValue as error:
        # What is missing in a rendered text is an error of that text: a `??` around render() must not hide it.
        raise ExpressionError(
            error.message, template=error.template, offset=error.offset, suggestion=error.suggestion
        ) from error
