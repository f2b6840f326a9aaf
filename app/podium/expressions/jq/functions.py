"""jq's functions that are written in Python: those on values, and those on streams and paths."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from podium.expressions.jq import calculation, data, dates, matching, mathematics, trees
from podium.expressions.jq.data import JqError, JqLimit, Path, is_number, shown, type_of
from podium.expressions.jq.evaluation import Evaluator, Native, Scope, Stream
from podium.expressions.json_text import parse_json
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.values import utf16_length

NATIVES: dict[str, Native] = {}
"""By name and count of arguments, `has/1`."""
_Found = tuple[Path | None, Any]


def _stream(name: str) -> Callable[[Native], Native]:
    """A function on streams: it evaluates its arguments itself."""

    def register(native: Native) -> Native:
        NATIVES[name] = native
        return native

    return register


def value_native(name: str, run: Callable[..., Any]) -> Native:
    """A function from the input and the values of its arguments, called for each combination of them."""

    def native(
        evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
    ) -> Stream:
        for given in _combinations(evaluator, arguments, scope, value):
            if path is not None:
                raise JqError(f"Invalid path expression with result of {name.split('/')[0]}")
            yield None, run(value, *given)

    return native


def _combinations(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, value: Any
) -> Iterator[tuple[Any, ...]]:
    if not arguments:
        yield ()
        return
    for first in evaluator.values(arguments[0], scope, value):
        for rest in _combinations(evaluator, arguments[1:], scope, value):
            yield (first, *rest)


@_stream("empty/0")
def _empty(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    return iter(())


@_stream("error/0")
def _error(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    raise JqError(value)


@_stream("error/1")
def _error_with(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for message in evaluator.values(arguments[0], scope, value):
        raise JqError(message)
    return iter(())


@_stream("path/1")
def _path(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for found in evaluator.paths(arguments[0], scope, value):
        yield None, list(found)


@_stream("getpath/1")
def _getpath(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for keys in evaluator.values(arguments[0], scope, value):
        if not isinstance(keys, list):
            raise JqError("Path must be specified as an array")
        yield (None if path is None else (*path, *keys)), data.at_path(value, tuple(keys))


@_stream("recurse/1")
@_stream("repeat/1")
def _recurse(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    def steps(found: _Found) -> Iterable[tuple[bool, _Found]]:
        return itertools.chain([(True, found)], _again(evaluator, arguments[0], scope, found))

    return _walked((path, value), steps)


@_stream("while/2")
def _while(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    def steps(found: _Found) -> Iterator[tuple[bool, _Found]]:
        for holds in evaluator.values(arguments[0], scope, found[1]):
            if data.truthy(holds):
                yield True, found
                yield from _again(evaluator, arguments[1], scope, found)

    return _walked((path, value), steps)


@_stream("until/2")
def _until(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    def steps(found: _Found) -> Iterator[tuple[bool, _Found]]:
        for holds in evaluator.values(arguments[0], scope, found[1]):
            if data.truthy(holds):
                yield True, found
            else:
                yield from _again(evaluator, arguments[1], scope, found)

    return _walked((path, value), steps)


def _again(evaluator: Evaluator, update: trees.Tree, scope: Scope, found: _Found) -> Iterator[tuple[bool, _Found]]:
    return ((False, following) for following in evaluator.run(update, scope, *found))


def _walked(start: _Found, steps: Callable[[_Found], Iterable[tuple[bool, _Found]]]) -> Stream:
    """jq's recursive functions without recursion: `steps` says for a value what comes out and what it goes on with."""
    pending: list[Iterator[tuple[bool, _Found]]] = [iter([(False, start)])]
    while pending:
        result, found = next(pending[-1], (True, None))
        if found is None:
            pending.pop()
        elif result:
            yield found
        else:
            if len(pending) > DEFAULT_LIMITS.elements:
                raise JqLimit("a recursion has no end")
            pending.append(iter(steps(found)))


@_stream("first/1")
def _first(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    return itertools.islice(evaluator.run(arguments[0], scope, path, value), 1)


@_stream("last/1")
def _last(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    yield from deque(evaluator.run(arguments[0], scope, path, value), maxlen=1)


@_stream("limit/2")
def _limit(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for count in evaluator.values(arguments[0], scope, value):
        yield from itertools.islice(evaluator.run(arguments[1], scope, path, value), _count(count))


@_stream("skip/2")
def _skip(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for count in evaluator.values(arguments[0], scope, value):
        yield from itertools.islice(evaluator.run(arguments[1], scope, path, value), _count(count), None)


def _count(value: Any) -> int:
    if not is_number(value) or value != value:
        raise JqError(f"{type_of(value)} ({shown(value)}) is no count")
    most = DEFAULT_LIMITS.elements * 10
    return 0 if value <= 0 else most if value > most else math.ceil(value)


@_stream("range/3")
def _range(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for start, end, step in _combinations(evaluator, arguments, scope, value):
        if not (is_number(start) and is_number(end) and is_number(step)):
            raise JqError("Range bounds must be numeric")
        current = start
        while current < end if step > 0 else current > end:
            if step == 0:
                raise JqLimit("a range with the step 0 has no end")
            evaluator.tick()
            yield None, current
            current = data.tidy(current + step)


def _by(name: str, run: Callable[[list[Any], list[Any]], Any]) -> None:
    """`name(f)`: a function of the input list and, for each element, the list of what `f` gives."""

    def native(
        evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
    ) -> Stream:
        items = _list(value, name)
        yield None, run(items, [list(evaluator.values(arguments[0], scope, item)) for item in items])

    NATIVES[f"{name}/1"] = native


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise JqError(f"{type_of(value)} ({shown(value)}) cannot be used by {name}, as it is not an array")
    return value


def _sorted_pairs(items: list[Any], keys: list[Any]) -> list[tuple[Any, Any]]:
    """(key, item) in the order of the keys; equal keys keep the order of the items."""
    return sorted(zip(keys, items, strict=True), key=lambda pair: data.order(pair[0]))


def _grouped(items: list[Any], keys: list[Any]) -> list[list[Any]]:
    groups: list[list[Any]] = []
    last: Any = None
    for key, item in _sorted_pairs(items, keys):
        if groups and data.compare(last, key) == 0:
            groups[-1].append(item)
        else:
            groups.append([item])
        last = key
    return groups


def _extreme(items: list[Any], keys: list[Any], greatest: bool) -> Any:
    if not items:
        return None
    pairs = zip(keys, items, strict=True)
    if greatest:
        return max(reversed(list(pairs)), key=lambda pair: data.order(pair[0]))[1]
    return min(pairs, key=lambda pair: data.order(pair[0]))[1]


_by("sort_by", lambda items, keys: [item for _, item in _sorted_pairs(items, keys)])
_by("group_by", _grouped)
_by("unique_by", lambda items, keys: [group[0] for group in _grouped(items, keys)])
_by("min_by", lambda items, keys: _extreme(items, keys, False))
_by("max_by", lambda items, keys: _extreme(items, keys, True))


def _length(value: Any) -> Any:
    if isinstance(value, bool):
        raise JqError(f"boolean ({shown(value)}) has no length")
    if value is None:
        return 0
    return abs(value) if is_number(value) else utf16_length(value) if isinstance(value, str) else len(value)


def _keys(value: Any, ordered: bool) -> list[Any]:
    if isinstance(value, list):
        return list(range(len(value)))
    if not isinstance(value, dict):
        raise JqError(f"{type_of(value)} ({shown(value)}) has no keys")
    return sorted(value) if ordered else list(value)


def _has(value: Any, key: Any) -> bool:
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if isinstance(value, list) and is_number(key):
        return bool(0 <= key < len(value))
    raise JqError(f"Cannot check whether {type_of(value)} has a {type_of(key)} key")


def _setpath(value: Any, keys: Any, new: Any) -> Any:
    if not isinstance(keys, list):
        raise JqError("Path must be specified as an array")
    return data.with_path(value, tuple(keys), new)


def _delpaths(value: Any, paths: Any) -> Any:
    if not isinstance(paths, list) or not all(isinstance(path, list) for path in paths):
        raise JqError("Paths must be specified as an array of arrays")
    return data.without_paths(value, [tuple(path) for path in paths])


def _flatten(value: Any, depth: Any) -> list[Any]:
    if not is_number(depth) or depth < 0:
        raise JqError("flatten depth must not be negative")
    items = [item for _, item in data.elements(data.sized(value))]
    result: list[Any] = []
    for item in items:
        result += _flatten(item, depth - 1) if isinstance(item, list) and depth > 0 else [item]
    return result


def _tonumber(value: Any) -> Any:
    if is_number(value):
        return value
    if isinstance(value, str):
        try:
            number = parse_json(value)
        except ValueError:
            number = None
        if is_number(number):
            return number
    raise JqError(f"{type_of(value)} ({shown(value)}) cannot be parsed as a number")


def _fromjson(value: Any) -> Any:
    text = _text(value, "fromjson")
    try:
        return parse_json(text)
    except ValueError as error:
        raise JqError(f"{shown(value)} cannot be parsed as JSON: {error}") from None


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise JqError(f"{name} input must be a string, not {type_of(value)} ({shown(value)})")
    return value


def _implode(value: Any) -> str:
    codes = _list(value, "implode")
    if not all(is_number(code) and 0 <= code < 0x110000 for code in codes):
        raise JqError("Unicode codepoints must be numeric and between 0 and 1114111")
    return "".join(chr(int(code)) for code in codes)


def _join(value: Any, separator: Any) -> str:
    texts = []
    for _, item in data.elements(value):
        if isinstance(item, (list, dict)):
            raise JqError(f"string ({shown(separator)}) and {type_of(item)} ({shown(item)}) cannot be added")
        texts.append("" if item is None else data.text_of(item))
    return _text(separator, "join").join(texts)


def _affix(value: Any, affix: Any, name: str) -> tuple[str, str]:
    if not isinstance(value, str) or not isinstance(affix, str):
        raise JqError(f"{name} requires string inputs")
    return value, affix


def _without_affix(value: Any, affix: Any, *, start: bool, end: bool) -> Any:
    if not isinstance(value, str) or not isinstance(affix, str):
        return value
    value = value.removeprefix(affix) if start else value
    return value.removesuffix(affix) if end else value


def _split(value: Any, separator: Any) -> list[str]:
    text, glue = _affix(value, separator, "split")
    return (text.split(glue) if glue else list(text)) if text else []


def _bsearch(value: Any, wanted: Any) -> int:
    items = _list(value, "bsearch")
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        sign = data.compare(items[middle], wanted)
        if sign == 0:
            return middle
        low, high = (middle + 1, high) if sign < 0 else (low, middle)
    return -1 - low


def _transpose(value: Any) -> list[Any]:
    rows = [_list(row, "transpose") for row in _list(value, "transpose")]
    return [list(column) for column in itertools.zip_longest(*rows)]


def _case(value: Any, name: str, shift: Callable[[str], str]) -> str:
    return "".join(shift(c) if c.isascii() else c for c in _text(value, name))


for _name, _run in mathematics.FUNCTIONS.items():
    NATIVES[_name] = value_native(_name, _run)
for _format in calculation.FORMAT_NAMES:
    _full_name = f"@{_format}/0"
    NATIVES[_full_name] = value_native(_full_name, lambda value, name=_format: calculation.formatted(name, value))

_VALUES: dict[str, Callable[..., Any]] = {
    "length/0": _length,
    "utf8bytelength/0": lambda value: len(_text(value, "utf8bytelength").encode("utf-8", "replace")),
    "keys/0": lambda value: _keys(value, True),
    "keys_unsorted/0": lambda value: _keys(value, False),
    "has/1": _has,
    "contains/1": data.contains,
    "setpath/2": _setpath,
    "delpaths/1": _delpaths,
    "flatten/1": _flatten,
    "type/0": type_of,
    "tostring/0": data.text_of,
    "tonumber/0": _tonumber,
    "tojson/0": data.to_json,
    "fromjson/0": _fromjson,
    "sort/0": lambda value: sorted(_list(value, "sort"), key=data.order),
    "unique/0": lambda value: [group[0] for group in _grouped(_list(value, "unique"), value)],
    "min/0": lambda value: _extreme(_list(value, "min"), value, False),
    "max/0": lambda value: _extreme(_list(value, "max"), value, True),
    "reverse/0": lambda value: (
        [] if value is None else value[::-1] if isinstance(value, str) else _list(value, "reverse")[::-1]
    ),
    "transpose/0": _transpose,
    "bsearch/1": _bsearch,
    "indices/1": data.indices,
    "index/1": lambda value, wanted: next(iter(data.indices(value, wanted) or ()), None),
    "rindex/1": lambda value, wanted: next(iter(reversed(data.indices(value, wanted) or ())), None),
    "startswith/1": lambda value, affix: (lambda pair: pair[0].startswith(pair[1]))(
        _affix(value, affix, "startswith()")
    ),
    "endswith/1": lambda value, affix: (lambda pair: pair[0].endswith(pair[1]))(_affix(value, affix, "endswith()")),
    "ltrimstr/1": lambda value, affix: _without_affix(value, affix, start=True, end=False),
    "rtrimstr/1": lambda value, affix: _without_affix(value, affix, start=False, end=True),
    "trimstr/1": lambda value, affix: _without_affix(value, affix, start=True, end=True),
    "trim/0": lambda value: _text(value, "trim").strip(),
    "ltrim/0": lambda value: _text(value, "trim").lstrip(),
    "rtrim/0": lambda value: _text(value, "trim").rstrip(),
    "explode/0": lambda value: [ord(character) for character in _text(value, "explode")],
    "implode/0": _implode,
    "split/1": _split,
    "split/2": matching.split,
    "join/1": _join,
    "ascii_downcase/0": lambda value: _case(value, "ascii_downcase", str.lower),
    "ascii_upcase/0": lambda value: _case(value, "ascii_upcase", str.upper),
    "infinite/0": lambda value: math.inf,
    "nan/0": lambda value: math.nan,
    "isinfinite/0": lambda value: math.isinf(mathematics.number(value, "isinfinite")),
    "isnan/0": lambda value: math.isnan(mathematics.number(value, "isnan")),
    "isnormal/0": lambda value: math.isfinite(mathematics.number(value, "isnormal")) and value != 0,
    "builtins/0": lambda value: sorted(name for name in NATIVES if not name.startswith("@")),
    "input_filename/0": lambda value: None,
    "test/2": matching.test,
    "todateiso8601/0": dates.to_iso,
    "fromdateiso8601/0": dates.from_iso,
    "gmtime/0": dates.broken_down,
    "mktime/0": dates.seconds,
    "strftime/1": dates.formatted,
    "strptime/1": dates.parsed,
}
for _name, _run in _VALUES.items():
    NATIVES[_name] = value_native(_name, _run)


@_stream("match/2")
def _match(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    for pattern, flags in _combinations(evaluator, arguments, scope, value):
        for found in matching.matches(value, pattern, flags):
            yield None, found


@_stream("sub/3")
def _sub(
    evaluator: Evaluator, arguments: tuple[trees.Tree, ...], scope: Scope, path: Path | None, value: Any
) -> Stream:
    pattern_tree, text_tree, flags_tree = arguments
    for pattern, flags in _combinations(evaluator, (pattern_tree, flags_tree), scope, value):
        found = list(matching.matches(value, pattern, flags))
        for texts in _replacements(evaluator, text_tree, scope, [matching.captures(match) for match in found]):
            yield None, matching.replaced(value, found, texts)


def _replacements(
    evaluator: Evaluator, tree: trees.Tree, scope: Scope, captures: list[dict[str, Any]]
) -> Iterator[list[Any]]:
    if not captures:
        yield []
        return
    for rest in _replacements(evaluator, tree, scope, captures[:-1]):
        for text in evaluator.values(tree, scope, captures[-1]):
            yield [*rest, text]
