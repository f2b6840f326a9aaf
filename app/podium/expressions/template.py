"""Compiled templates: the fast way to render one text many times."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any

from podium.expressions import nodes
from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.lexer import without_raw_tags
from podium.expressions.limits import DEFAULT_LIMITS, Limits
from podium.expressions.operators import dialect_name
from podium.expressions.services import Services
from podium.expressions.state import Evaluate, State
from podium.expressions.statements import TemplateCompiler, joined, printing
from podium.expressions.tags import parse
from podium.expressions.values import bounded, plain, to_output

_LONGEST_KEPT = 100_000
_CONTAINERS = (Mapping, list, tuple, Set)


def has_expression(text: str) -> bool:
    """Whether rendering the text could change it."""
    return "{{" in text or "{%" in text or "{#" in text


def compile_template(text: str, dialect: str = "1.x") -> Template:
    """The template for a text; the most recent ones are kept, unless they are very long.

    Raises `ExpressionSyntaxError`, or `LimitExceeded` for a text that is too long.
    """
    if len(text) > _LONGEST_KEPT:
        return Template(text, dialect)
    return _kept(text, dialect)


@lru_cache(maxsize=2000)
def _kept(text: str, dialect: str) -> Template:
    return Template(text, dialect)


class Template:
    """A text, parsed and compiled once. Rendering never changes it, so threads may share it."""

    __slots__ = ("_compiler", "_single", "_write", "dialect", "source")

    def __init__(self, source: str, dialect: str = "1.x", *, traced: bool = False) -> None:
        """Raises `ExpressionSyntaxError`, or `LimitExceeded` for absurdly deep nesting."""
        if len(source) > DEFAULT_LIMITS.template:
            raise LimitExceeded(
                f"The text has {len(source)} characters; with expressions in it, {DEFAULT_LIMITS.template} are possible"
            )
        self.source = source
        self.dialect = dialect_name(dialect)
        self._compiler = TemplateCompiler(source, self.dialect, traced)
        body = parse(source, dialect)
        self._single: Evaluate | None = None
        try:
            if len(body) == 1 and isinstance(body[0], nodes.Print):
                self._single = self._compiler.expression(body[0].expression)
                self._write = printing(self._single)
            else:
                self._write = self._compiler.body(body)
        except RecursionError:
            raise self._too_deep() from None

    def render(self, context: Mapping[str, Any], services: Services, limits: Limits = DEFAULT_LIMITS) -> str:
        """The text, `""` when nothing was written. Raises `ExpressionError`."""
        return without_raw_tags(self.render_in(self.state(context, services, limits)) or "")

    def render_typed(self, context: Mapping[str, Any], services: Services, limits: Limits = DEFAULT_LIMITS) -> Any:
        """The value of a lone expression with its type; texts and scalars joined; else JSON, where it is JSON."""
        if "{" not in self.source:
            return self.source
        state = self.state(context, services, limits)
        try:
            self._write(state)
            return self._typed(state)
        except Exception as error:
            raise self._failure(error) from error.__cause__

    def state(self, context: Mapping[str, Any], services: Services, limits: Limits = DEFAULT_LIMITS) -> State:
        return State(context, services, limits, self._compiler.macros, self._compiler.blocks, self.dialect)

    def render_in(self, state: State) -> str | None:
        """The text with raw blocks still in their tags, None when nothing was written at all."""
        try:
            if self._single is not None:
                value = self._single(state)
                return value if value is None or type(value) is str else to_output(value)
            self._write(state)
            return joined(state) if state.out else None
        except Exception as error:
            raise self._failure(error) from error.__cause__

    def _typed(self, state: State) -> Any:
        written = state.out
        if not written:
            return None
        if len(written) == 1:
            value = plain(bounded(written[0]))
            return without_raw_tags(value) if isinstance(value, str) else value
        text = without_raw_tags(joined(state))
        if not any(isinstance(value, _CONTAINERS) for value in written):
            return text
        try:
            return json.JSONDecoder().raw_decode(text.lstrip())[0]
        except ValueError:
            return text

    def _failure(self, error: Exception) -> ExpressionError:
        """What went wrong, as an error that knows its template; nothing else leaves a rendering."""
        if isinstance(error, ExpressionError):
            return error.locate(self.source, 0)
        if isinstance(error, RecursionError):
            return self._too_deep()
        if isinstance(error, MemoryError):
            return LimitExceeded("The values need too much memory", template=self.source)
        reason = str(error) or type(error).__name__
        return ExpressionError(f"The expression cannot be evaluated: {reason}", template=self.source)

    def _too_deep(self) -> LimitExceeded:
        return LimitExceeded("The expression is nested too deeply", template=self.source)
