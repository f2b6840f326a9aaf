"""Evaluating jq: every tree turns one input into a stream of (path, value) pairs.

The path is None unless the stream is used as a path expression (`path(f)`, assignments, `del`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podium.expressions.jq import calculation, data, trees
from podium.expressions.jq.data import JqError, JqLimit, Path
from podium.expressions.limits import DEFAULT_LIMITS

Located = tuple[Path | None, Any]
Stream = Iterator[Located]
_CHECK_EVERY = 512


class Scope:
    """Variables and functions by name: a chain, so that adding one leaves the others' view unchanged."""

    __slots__ = ("name", "parent", "value")

    def __init__(self, parent: Scope | None, name: str, value: Any) -> None:
        self.parent, self.name, self.value = parent, name, value

    def find(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None:
            if scope.name == name:
                return scope
            scope = scope.parent
        return None


@dataclass(frozen=True, slots=True)
class Argument:
    """A filter given to a function: evaluated where it was written."""

    body: trees.Tree
    scope: Scope


@dataclass(frozen=True, slots=True)
class Function:
    """A `def`; it sees what was there before it, and itself."""

    parameters: tuple[str, ...]
    body: trees.Tree


class _Break(Exception):
    def __init__(self, label: object) -> None:
        super().__init__()
        self.label = label


Native = Callable[["Evaluator", tuple[trees.Tree, ...], Scope, Path | None, Any], Stream]


class Evaluator:
    """One run of a program. Raises `JqError` for errors of the program, `JqLimit` when it takes too long."""

    def __init__(self, natives: Mapping[str, Native], seconds: float, library: Mapping[str, Scope]) -> None:
        self._natives = natives
        self._library = library
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._steps = 0

    def tick(self) -> None:
        self._steps += 1
        if self._steps % _CHECK_EVERY == 0 and time.monotonic() > self._deadline:
            raise JqLimit(f"the jq program took longer than {self._seconds:g} seconds")

    def values(self, tree: trees.Tree, scope: Scope, value: Any) -> Iterator[Any]:
        """The results without their paths."""
        for _, result in self.run(tree, scope, None, value):
            yield result

    def paths(self, tree: trees.Tree, scope: Scope, value: Any) -> Iterator[Path]:
        for path, _ in self.run(tree, scope, (), value):
            yield path or ()

    def run(self, tree: trees.Tree, scope: Scope, path: Path | None, value: Any) -> Stream:
        self.tick()
        return _RUN[type(tree)](self, tree, scope, path, value)

    def _made(self, path: Path | None, value: Any) -> Located:
        """A result that is no part of the input, so it has no path."""
        if path is not None:
            raise JqError(f"Invalid path expression with result {data.shown(value)}")
        return None, value

    def _identity(self, tree: trees.Identity, scope: Scope, path: Path | None, value: Any) -> Stream:
        yield path, value

    def _literal(self, tree: trees.Literal, scope: Scope, path: Path | None, value: Any) -> Stream:
        yield self._made(path, tree.value)

    def _text(self, tree: trees.Text, scope: Scope, path: Path | None, value: Any) -> Stream:
        for text in self._joined(tree, len(tree.parts), scope, value):
            yield self._made(path, text)

    def _joined(self, tree: trees.Text, count: int, scope: Scope, value: Any) -> Iterator[str]:
        if count == 0:
            yield ""
            return
        part = tree.parts[count - 1]
        if isinstance(part, trees.Literal):
            for before in self._joined(tree, count - 1, scope, value):
                yield before + part.value
            return
        for piece in self.values(part, scope, value):
            written = calculation.formatted(tree.format, piece)
            for before in self._joined(tree, count - 1, scope, value):
                yield before + written

    def _index(self, tree: trees.Index, scope: Scope, path: Path | None, value: Any) -> Stream:
        keys = [tree.key.value] if isinstance(tree.key, trees.Literal) else self.values(tree.key, scope, value)
        for key in keys:
            for inner, target in self.run(tree.target, scope, path, value):
                yield (None if inner is None else (*inner, key)), data.member(target, key)

    def _slice(self, tree: trees.Slice, scope: Scope, path: Path | None, value: Any) -> Stream:
        ends: Iterator[Any] = iter([None]) if tree.end is None else self.values(tree.end, scope, value)
        for end in ends:
            starts: Iterator[Any] = iter([None]) if tree.start is None else self.values(tree.start, scope, value)
            for start in starts:
                for inner, target in self.run(tree.target, scope, path, value):
                    key = {"start": start, "end": end}
                    yield (None if inner is None else (*inner, key)), data.sliced(target, start, end)

    def _iterate(self, tree: trees.Iterate, scope: Scope, path: Path | None, value: Any) -> Stream:
        for inner, target in self.run(tree.target, scope, path, value):
            for key, item in data.elements(target):
                self.tick()
                yield (None if inner is None else (*inner, key)), item

    def _try(self, tree: trees.Try, scope: Scope, path: Path | None, value: Any) -> Stream:
        stream = self.run(tree.body, scope, path, value)
        while True:
            try:
                found = next(stream)
            except StopIteration:
                return
            except JqError as error:
                if tree.handler is not None:
                    yield from self.run(tree.handler, scope, path, error.value)
                return
            yield found

    def _list(self, tree: trees.ListOf, scope: Scope, path: Path | None, value: Any) -> Stream:
        items: list[Any] = []
        if tree.content is not None:
            for item in self.values(tree.content, scope, value):
                items.append(item)
                if len(items) > DEFAULT_LIMITS.elements * 4:
                    raise JqLimit("a list has too many elements")
        yield self._made(path, items)

    def _object(self, tree: trees.ObjectOf, scope: Scope, path: Path | None, value: Any) -> Stream:
        for made in self._entries(tree.entries, scope, value, {}):
            yield self._made(path, made)

    def _entries(
        self, entries: tuple[tuple[trees.Tree, trees.Tree], ...], scope: Scope, value: Any, made: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        if not entries:
            yield made
            return
        (key_tree, value_tree), rest = entries[0], entries[1:]
        for key in self.values(key_tree, scope, value):
            if not isinstance(key, str):
                raise JqError(f"Object keys must be strings, not {data.type_of(key)} ({data.shown(key)})")
            for item in self.values(value_tree, scope, value):
                yield from self._entries(rest, scope, value, {**made, key: item})

    def _negate(self, tree: trees.Negate, scope: Scope, path: Path | None, value: Any) -> Stream:
        for number in self.values(tree.operand, scope, value):
            if not data.is_number(number):
                raise JqError(f"{data.type_of(number)} ({data.shown(number)}) cannot be negated")
            yield self._made(path, -number)

    def _pipe(self, tree: trees.Pipe, scope: Scope, path: Path | None, value: Any) -> Stream:
        for inner, item in self.run(tree.left, scope, path, value):
            yield from self.run(tree.right, scope, inner, item)

    def _comma(self, tree: trees.Comma, scope: Scope, path: Path | None, value: Any) -> Stream:
        yield from self.run(tree.left, scope, path, value)
        yield from self.run(tree.right, scope, path, value)

    def _binary(self, tree: trees.Binary, scope: Scope, path: Path | None, value: Any) -> Stream:
        for right in self.values(tree.right, scope, value):
            for left in self.values(tree.left, scope, value):
                yield self._made(path, calculation.calculate(tree.operator, left, right))

    def _logic(self, tree: trees.Logic, scope: Scope, path: Path | None, value: Any) -> Stream:
        decisive = tree.operator == "or"
        for left in self.values(tree.left, scope, value):
            if data.truthy(left) is decisive:
                yield self._made(path, decisive)
                continue
            for right in self.values(tree.right, scope, value):
                yield self._made(path, data.truthy(right))

    def _alternative(self, tree: trees.Alternative, scope: Scope, path: Path | None, value: Any) -> Stream:
        found = False
        for inner, item in self._try(trees.Try(tree.left, None), scope, path, value):
            if data.truthy(item):
                found = True
                yield inner, item
        if not found:
            yield from self.run(tree.right, scope, path, value)

    def _assign(self, tree: trees.Assign, scope: Scope, path: Path | None, value: Any) -> Stream:
        if tree.operator == "|=":
            yield self._made(path, self.updated(tree.target, tree.value, scope, value))
            return
        for given in self.values(tree.value, scope, value):
            result = value
            for target in self.paths(tree.target, scope, value):
                if tree.operator == "=":
                    new = given
                else:
                    new = calculation.combined(tree.operator[:-1], data.at_path(result, target), given)
                result = data.with_path(result, target, new)
            yield self._made(path, result)

    def updated(self, target: trees.Tree, update: trees.Tree, scope: Scope, value: Any) -> Any:
        """`target |= update`: each place gets the first result, or goes when there is none."""
        result, gone = value, []
        for path in list(self.paths(target, scope, value)):
            new = next(self.values(update, scope, data.at_path(result, path)), _NOTHING)
            if new is _NOTHING:
                gone.append(path)
            else:
                result = data.with_path(result, path, new)
        return data.without_paths(result, gone) if gone else result

    def _if(self, tree: trees.If, scope: Scope, path: Path | None, value: Any) -> Stream:
        for condition in self.values(tree.condition, scope, value):
            yield from self.run(tree.then if data.truthy(condition) else tree.otherwise, scope, path, value)

    def _variable(self, tree: trees.Variable, scope: Scope, path: Path | None, value: Any) -> Stream:
        found = scope.find("$" + tree.name)
        if found is None:
            if tree.name != "ENV":
                raise JqLimit(f"the variable ${tree.name} is not defined")
            yield self._made(path, {})
            return
        yield self._made(path, found.value)

    def _call(self, tree: trees.Call, scope: Scope, path: Path | None, value: Any) -> Stream:
        name = f"{tree.name}/{len(tree.arguments)}"
        found = scope.find(name)
        if found is None:
            native = self._natives.get(name)
            if native is not None:
                yield from native(self, tree.arguments, scope, path, value)
                return
            found = self._library.get(name)
            if found is None:
                raise JqLimit(f"the function {name} is not defined")
        if isinstance(found.value, Argument):
            yield from self.run(found.value.body, found.value.scope, path, value)
            return
        yield from self._applied(found.value, 0, tree.arguments, found, scope, path, value)

    def _applied(
        self,
        function: Function,
        index: int,
        arguments: tuple[trees.Tree, ...],
        inner: Scope,
        scope: Scope,
        path: Path | None,
        value: Any,
    ) -> Stream:
        """The body of a function, once for every combination of its `$` arguments."""
        if index == len(arguments):
            yield from self.run(function.body, inner, path, value)
            return
        parameter, argument = function.parameters[index], arguments[index]
        if not parameter.startswith("$"):
            bound = Scope(inner, parameter + "/0", Argument(argument, scope))
            yield from self._applied(function, index + 1, arguments, bound, scope, path, value)
            return
        for given in self.values(argument, scope, value):
            bound = Scope(Scope(inner, parameter, given), parameter[1:] + "/0", _constant(given))
            yield from self._applied(function, index + 1, arguments, bound, scope, path, value)

    def _define(self, tree: trees.Define, scope: Scope, path: Path | None, value: Any) -> Stream:
        yield from self.run(tree.rest, defined(tree, scope), path, value)

    def _bind(self, tree: trees.Bind, scope: Scope, path: Path | None, value: Any) -> Stream:
        for source in self.values(tree.source, scope, value):
            base = scope
            if len(tree.patterns) > 1:
                for name in sorted({name for pattern in tree.patterns for name in _names(pattern)}):
                    base = Scope(base, "$" + name, None)
            for number, pattern in enumerate(tree.patterns):
                last = number == len(tree.patterns) - 1
                try:
                    for bound in self._bound(pattern, base, source, value):
                        yield from self.run(tree.body, bound, path, value)
                    break
                except JqError:
                    if last:
                        raise

    def _bound(self, pattern: trees.Pattern, scope: Scope, source: Any, value: Any) -> Iterator[Scope]:
        """The scope with the variables of a pattern, once for every way it can match."""
        if isinstance(pattern, str):
            yield Scope(scope, "$" + pattern, source)
        elif isinstance(pattern, trees.ListPattern):
            if source is not None and not isinstance(source, list):
                raise JqError(f"Cannot index {data.type_of(source)} with number")
            yield from self._bound_list(pattern.items, 0, scope, source, value)
        else:
            yield from self._bound_object(pattern.entries, scope, source, value)

    def _bound_list(
        self, items: tuple[trees.Pattern, ...], index: int, scope: Scope, source: Any, value: Any
    ) -> Iterator[Scope]:
        if index == len(items):
            yield scope
            return
        for bound in self._bound(items[index], scope, data.member(source, index), value):
            yield from self._bound_list(items, index + 1, bound, source, value)

    def _bound_object(
        self,
        entries: tuple[tuple[trees.Tree, str | None, trees.Pattern | None], ...],
        scope: Scope,
        source: Any,
        value: Any,
    ) -> Iterator[Scope]:
        if not entries:
            yield scope
            return
        key_tree, variable, pattern = entries[0]
        for key in self.values(key_tree, scope, value):
            if not isinstance(key, str):
                raise JqError(f"Cannot index {data.type_of(source)} with {data.type_of(key)}")
            item = data.member(source, key)
            own = scope if variable is None else Scope(scope, "$" + variable, item)
            matches = iter([own]) if pattern is None else self._bound(pattern, own, item, value)
            for bound in matches:
                yield from self._bound_object(entries[1:], bound, source, value)

    def _reduce(self, tree: trees.Reduce, scope: Scope, path: Path | None, value: Any) -> Stream:
        for start in self.run(tree.start, scope, path, value):
            total: Located = start
            for source in self.values(tree.source, scope, value):
                for bound in self._bound(tree.pattern, scope, source, value):
                    last: Located = (total[0], None)
                    for found in self.run(tree.update, bound, *total):
                        last = found
                    total = last
            yield total

    def _foreach(self, tree: trees.Foreach, scope: Scope, path: Path | None, value: Any) -> Stream:
        for start in self.run(tree.start, scope, path, value):
            state: Located = start
            for source in self.values(tree.source, scope, value):
                for bound in self._bound(tree.pattern, scope, source, value):
                    for found in self.run(tree.update, bound, *state):
                        state = found
                        yield from self.run(tree.extract, bound, *state)

    def _label(self, tree: trees.Label, scope: Scope, path: Path | None, value: Any) -> Stream:
        label = object()
        try:
            yield from self.run(tree.body, Scope(scope, "*" + tree.name, label), path, value)
        except _Break as stop:
            if stop.label is not label:
                raise

    def _break(self, tree: trees.Break, scope: Scope, path: Path | None, value: Any) -> Stream:
        found = scope.find("*" + tree.name)
        if found is None:
            raise JqLimit(f"the label ${tree.name} is not defined")
        raise _Break(found.value)
        yield  # a generator that only ever raises


_NOTHING = object()


def defined(tree: trees.Define, scope: Scope | None) -> Scope:
    """The scope with one more function. Its link is also the scope in which its body runs."""
    return Scope(scope, f"{tree.name}/{len(tree.parameters)}", Function(tree.parameters, tree.body))


def _constant(value: Any) -> Argument:
    return Argument(trees.Literal(value), Scope(None, "", None))


def _names(pattern: trees.Pattern) -> Iterator[str]:
    if isinstance(pattern, str):
        yield pattern
    elif isinstance(pattern, trees.ListPattern):
        for item in pattern.items:
            yield from _names(item)
    else:
        for _, variable, inner in pattern.entries:
            if variable is not None:
                yield variable
            if inner is not None:
                yield from _names(inner)


_RUN: dict[type, Callable[..., Stream]] = {
    trees.Identity: Evaluator._identity,
    trees.Literal: Evaluator._literal,
    trees.Text: Evaluator._text,
    trees.Index: Evaluator._index,
    trees.Slice: Evaluator._slice,
    trees.Iterate: Evaluator._iterate,
    trees.Try: Evaluator._try,
    trees.ListOf: Evaluator._list,
    trees.ObjectOf: Evaluator._object,
    trees.Negate: Evaluator._negate,
    trees.Pipe: Evaluator._pipe,
    trees.Comma: Evaluator._comma,
    trees.Binary: Evaluator._binary,
    trees.Logic: Evaluator._logic,
    trees.Alternative: Evaluator._alternative,
    trees.Assign: Evaluator._assign,
    trees.If: Evaluator._if,
    trees.Variable: Evaluator._variable,
    trees.Call: Evaluator._call,
    trees.Define: Evaluator._define,
    trees.Bind: Evaluator._bind,
    trees.Reduce: Evaluator._reduce,
    trees.Foreach: Evaluator._foreach,
    trees.Label: Evaluator._label,
    trees.Break: Evaluator._break,
}
