"""What a template refers to, found without evaluating it: variables with their paths, calls, unknown names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from podium.expressions import nodes
from podium.expressions.bindings import mismatch
from podium.expressions.entries import Entry
from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.foreign import FOREIGN_FILTERS
from podium.expressions.registry import FILTERS, FUNCTIONS, TESTS, function_hint
from podium.expressions.tags import parse
from podium.expressions.tolerant import parse_tolerantly

Kind = Literal["filter", "function", "test"]
_RENDERED_BY = ("render", "renderOnce")


@dataclass(frozen=True, slots=True)
class Segment:
    """One key of a path; `key` is None where it is worked out at run time."""

    key: str | int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable and the keys behind it, as far as they are written out.

    `guarded` says that it may be missing: it stands before `??`, `default` or `is defined`. `rendered` says that
    its value goes through `render()`. `computed` says that more follows, a method or a key that is calculated.
    """

    segments: tuple[Segment, ...]
    guarded: bool = False
    rendered: bool = False
    computed: bool = False

    @property
    def root(self) -> str:
        return str(self.segments[0].key)

    @property
    def keys(self) -> tuple[str | int | None, ...]:
        """The keys behind the root."""
        return tuple(segment.key for segment in self.segments[1:])

    @property
    def text(self) -> str:
        """As one writes it, with `[…]` for calculated keys."""
        shown = self.root
        for key in self.keys:
            plain = isinstance(key, str) and key.isidentifier()
            shown += f".{key}" if plain else "[…]" if key is None else f"[{key!r}]"
        return shown


_WRAPPING = frozenset({"+", "-", "*", "/", "%", "==", "equals", "!=", "<", ">", "<=", ">="})
"""Operators that turn a missing operand into an error of their own, which nothing around them catches."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A call of a filter, function or test. `constants` are the arguments that are written out, by parameter."""

    kind: Kind
    name: str
    name_start: int
    constants: dict[str, Any]
    node: nodes.Filter | nodes.Call | nodes.Test


@dataclass(frozen=True, slots=True)
class Problem:
    """A name or argument list that must fail when it is evaluated."""

    message: str
    start: int
    end: int
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """`error` is set when the template cannot be parsed; the rest then covers what could be read of it."""

    template: str
    body: nodes.Body
    references: tuple[Reference, ...]
    usages: tuple[Usage, ...]
    problems: tuple[Problem, ...]
    operators: tuple[nodes.Binary, ...] = ()
    members: tuple[nodes.Member, ...] = ()
    dialect: str = "1.x"
    error: ExpressionError | None = None

    def constants(self, function: str, parameter: str) -> list[tuple[str, int, int]]:
        """What is named in calls of a function, with its place: the keys of `secret`, the paths of `read`."""
        found = []
        for usage in self.usages:
            value = usage.constants.get(parameter)
            if usage.kind == "function" and usage.name == function and isinstance(value, str):
                given = argument(usage, parameter)
                if given is not None:
                    found.append((value, given.start, given.end))
        return found


@lru_cache(maxsize=2000)
def analyze(template: str, dialect: str = "1.x") -> Analysis:
    """Everything that can be said about a template by looking at it. Never raises `ExpressionError`."""
    error: ExpressionError | None = None
    try:
        body = parse(template, dialect)
    except ExpressionError as failure:
        error, body = failure, parse_tolerantly(template, dialect).body
    walker = _Walker(body)
    try:
        walker.body(body)
    except RecursionError:
        return Analysis(template, (), (), (), (), dialect=dialect, error=error)
    return Analysis(
        template,
        body,
        walker.references,
        tuple(walker.usages),
        tuple(walker.problems),
        tuple(walker.operators),
        tuple(walker.members),
        dialect,
        error,
    )


def _tags(statement: nodes.Statement) -> Iterator[nodes.Statement]:
    """The statement and every statement inside it."""
    yield statement
    inner: list[nodes.Body] = []
    if isinstance(statement, nodes.If):
        inner = [*(body for _, body in statement.branches), statement.otherwise]
    elif isinstance(statement, nodes.For):
        inner = [statement.body, statement.otherwise]
    elif isinstance(statement, (nodes.Macro, nodes.FilterBlock, nodes.Block)):
        inner = [statement.body]
    for body in inner:
        for each in body:
            yield from _tags(each)


def argument(usage: Usage, parameter: str) -> nodes.Expression | None:
    """What is given for a parameter, by name or position; None when it is left out."""
    for name, value, _ in usage.node.arguments.named:
        if name == parameter:
            return value
    entry = _TABLES[usage.kind].get(usage.name)
    for param, value in zip(entry.params if entry else (), usage.node.arguments.positional, strict=False):
        if param.name == parameter:
            return value
    return None


class _Walker:
    """Collects from one template. Names bound in it are no references to the context."""

    def __init__(self, body: nodes.Body) -> None:
        self._found: list[Reference] = []
        self._tested: list[tuple[str | int | None, ...]] = []
        """Paths that the template asks for with `is defined` before it uses them."""
        self.usages: list[Usage] = []
        self.problems: list[Problem] = []
        self.operators: list[nodes.Binary] = []
        self.members: list[nodes.Member] = []
        found = [node for statement in body for node in _tags(statement)]
        self._macros = {node.name for node in found if isinstance(node, nodes.Macro)}
        self._locals = {node.variable for node in found if isinstance(node, nodes.Set)}
        self._rendered = False

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(
            replace(found, guarded=True) if not found.guarded and self._is_tested(found) else found
            for found in self._found
        )

    def _is_tested(self, reference: Reference) -> bool:
        path = (reference.root, *reference.keys)
        return any(path[: len(tested)] == tested for tested in self._tested)

    def body(self, body: nodes.Body) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: nodes.Statement) -> None:
        if isinstance(node, nodes.Print):
            self.expression(node.expression)
        elif isinstance(node, nodes.If):
            for condition, body in node.branches:
                self.expression(condition)
                self.body(body)
            self.body(node.otherwise)
        elif isinstance(node, nodes.For):
            self.expression(node.iterable)
            self._within({node.variable, "loop"}, node.body)
            self.body(node.otherwise)
        elif isinstance(node, nodes.Set):
            self.expression(node.value)
        elif isinstance(node, nodes.Macro):
            for _, default in node.parameters:
                if default is not None:
                    self.expression(default)
            self._within({name for name, _ in node.parameters}, node.body)
        elif isinstance(node, nodes.FilterBlock):
            for name, arguments, offset in node.filters:
                self._check_filter(name, arguments, offset)
            self.body(node.body)
        elif isinstance(node, nodes.Block):
            self.body(node.body)

    def _within(self, names: set[str], body: nodes.Body) -> None:
        outer = self._locals
        self._locals = outer | names
        self.body(body)
        self._locals = outer

    def expression(self, node: nodes.Expression, guarded: bool = False) -> None:
        if isinstance(node, (nodes.Name, nodes.Member)):
            self._path(node, guarded)
        elif isinstance(node, nodes.Group):
            self.expression(node.inner, guarded)
        elif isinstance(node, nodes.Binary):
            self.operators.append(node)
            guarded = guarded and node.operator not in _WRAPPING
            self.expression(node.left, guarded or node.operator in ("??", "???"))
            self.expression(node.right, guarded)
        elif isinstance(node, nodes.Filter):
            self.expression(node.value, guarded or node.name == "default")
            self._check_filter(node.name, node.arguments, node.name_start, node, guarded)
        elif isinstance(node, nodes.Test):
            known = len(self._found)
            self.expression(node.value, guarded or node.name == "defined")
            if node.name == "defined":
                self._tested += [(reference.root, *reference.keys) for reference in self._found[known:]]
            self._arguments(node.arguments, guarded)
            self._check("test", node.name, node.arguments, node.name_start, node, None)
        elif isinstance(node, nodes.Call):
            self._call(node, guarded)
        elif isinstance(node, nodes.Unary):
            self.expression(node.operand, guarded)
        elif isinstance(node, nodes.Ternary):
            for part in (node.condition, node.then, node.otherwise):
                self.expression(part, guarded)
        elif isinstance(node, nodes.ListLiteral):
            for item in node.items:
                self.expression(item, guarded)
        elif isinstance(node, nodes.MapLiteral):
            for key, value in node.pairs:
                self.expression(key, guarded)
                self.expression(value, guarded)
        elif isinstance(node, nodes.Interpolation):
            for part in node.parts:
                self.expression(part, guarded)

    def _path(self, node: nodes.Expression, guarded: bool) -> None:
        segments: list[Segment] = []
        computed, target = False, node
        while isinstance(target, nodes.Member):
            self.members.append(target)
            if target.arguments is not None:
                self._arguments(target.arguments, guarded)
                segments.clear()
                computed = True
            elif isinstance(target.key, nodes.Literal) and isinstance(target.key.value, (str, int)):
                segments.append(Segment(target.key.value, target.key.start, target.key.end))
            else:
                self.expression(target.key, guarded)
                segments.append(Segment(None, target.key.start, target.key.end))
            target = target.target
        if not isinstance(target, nodes.Name):
            self.expression(target, guarded)
            return
        if target.name in self._locals:
            return
        segments.append(Segment(target.name, target.start, target.end))
        self._found.append(Reference(tuple(reversed(segments)), guarded, self._rendered, computed))

    def _arguments(self, arguments: nodes.Arguments, guarded: bool) -> None:
        for argument in arguments.positional:
            self.expression(argument, guarded)
        for _, argument, _ in arguments.named:
            self.expression(argument, guarded)

    def _call(self, node: nodes.Call, guarded: bool) -> None:
        outer = self._rendered
        self._rendered = outer or node.name in _RENDERED_BY
        self._arguments(node.arguments, guarded)
        self._rendered = outer
        if node.name not in self._macros:
            self._check("function", node.name, node.arguments, node.start, node, None)

    def _check_filter(
        self,
        name: str,
        arguments: nodes.Arguments,
        offset: int,
        node: nodes.Filter | None = None,
        guarded: bool = False,
    ) -> None:
        self._arguments(arguments, guarded)
        self._check("filter", name, arguments, offset, node, FOREIGN_FILTERS.get(name))

    def _check(
        self,
        kind: Kind,
        name: str,
        arguments: nodes.Arguments,
        offset: int,
        node: nodes.Filter | nodes.Call | nodes.Test | None,
        hint: str | None,
    ) -> None:
        entry = _TABLES[kind].get(name)
        if entry is None:
            if name:
                shown = {"filter": "Filter", "test": "Test", "function": "Function or Macro"}[kind]
                hint = hint or (function_hint(name) if kind == "function" else None)
                hint = hint or did_you_mean(name, _TABLES[kind])
                self.problems.append(Problem(f"{shown} [{name}] does not exist.", offset, offset + len(name), hint))
            return
        failure = mismatch(entry, arguments)
        if failure is not None:
            start = offset if failure.offset is None else failure.offset
            self.problems.append(Problem(failure.message, start, offset + len(name) if start == offset else start + 1))
        if node is not None:
            self.usages.append(Usage(kind, name, offset, _constants(entry, arguments), node))


def _constants(entry: Entry, arguments: nodes.Arguments) -> dict[str, Any]:
    given = [(param.name, value) for param, value in zip(entry.params, arguments.positional, strict=False)]
    given += [(name, value) for name, value, _ in arguments.named]
    return {name: value.value for name, value in given if isinstance(value, nodes.Literal)}


_TABLES: dict[Kind, Any] = {"filter": FILTERS, "function": FUNCTIONS, "test": TESTS}
