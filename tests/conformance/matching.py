"""Comparing what Podium answers with what a case expects: plain values, matchers and placeholders."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from podium.base.durations import parse_duration

Lookup = Callable[[str], str]


def filled(value: Any, lookup: Lookup) -> Any:
    """`value` with every `${name}` inside its texts replaced."""
    if isinstance(value, str):
        return re.sub(r"\$\{([^}]+)\}", lambda found: lookup(found[1]), value)
    if isinstance(value, Mapping):
        return {filled(key, lookup): filled(item, lookup) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, lookup) for item in value]
    return value


def differs(actual: Any, expected: Any, *, subset: bool = False) -> str:
    """What is different, nothing when it fits. With `subset` maps may have more keys than expected."""
    if isinstance(expected, Mapping):
        matcher = next(iter(expected), "")
        if len(expected) == 1 and matcher.startswith("$"):
            if matcher not in _MATCHERS:
                return f"the runner does not know the matcher {matcher}"
            return _matched(matcher, actual, expected[matcher])
        if not isinstance(actual, Mapping):
            return f"expected a map {shown(expected)}, got {shown(actual)}"
        for key, value in expected.items():
            if key in _MATCHERS:
                problem = _matched(key, actual, value)
                if problem:
                    return problem
                continue
            if key not in actual:
                return f"`{key}` is missing in {shown(actual)}"
            problem = differs(actual[key], value, subset=subset)
            if problem:
                return f"`{key}`: {problem}"
        extra = [key for key in actual if key not in expected]
        return "" if subset or not extra else f"there is also `{extra[0]}`: {shown(actual[extra[0]])}"
    if isinstance(expected, list):
        if not isinstance(actual, Sequence) or isinstance(actual, str) or len(actual) != len(expected):
            return f"expected {shown(expected)}, got {shown(actual)}"
        for index, (one, wanted) in enumerate(zip(actual, expected, strict=True)):
            problem = differs(one, wanted, subset=subset)
            if problem:
                return f"[{index}]: {problem}"
        return ""
    return "" if same(actual, expected) else f"expected {shown(expected)}, got {shown(actual)}"


def _matched(matcher: str, actual: Any, wanted: Any) -> str:
    try:
        return _MATCHERS[matcher](actual, wanted)
    except (TypeError, ValueError, LookupError) as error:  # an answer of another kind
        return f"{shown(actual)} is nothing for {matcher}: {error}"


def same(actual: Any, expected: Any) -> bool:
    """Equality in which true is not 1, but 1.0 is."""
    return actual == expected and isinstance(actual, bool) == isinstance(expected, bool)


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else text[:200] + "…"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _check(holds: bool, name: str, actual: Any, wanted: Any) -> str:
    return "" if holds else f"{shown(actual)} is not {name} {shown(wanted)}"


def _contains(actual: Any, wanted: Any) -> str:
    if isinstance(actual, (list, tuple)):
        return _check(any(not differs(item, wanted) for item in actual), "a list with", actual, wanted)
    return _check(str(wanted) in _text(actual), "a text with", actual, wanted)


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _moment(value: Any) -> datetime:
    return datetime.fromisoformat(str(value).replace("Z", "+00:00")).astimezone(UTC)


def _within(actual: Any, seconds: float) -> str:
    return _check(abs((datetime.now(UTC) - _moment(actual)).total_seconds()) <= seconds, "within", actual, seconds)


def _one_key(actual: Any, wanted: Any) -> str:
    return _check(isinstance(actual, Mapping) and wanted in actual, "a map with", actual, wanted)


def _between(actual: Any, wanted: Any) -> str:
    return _check(wanted[0] <= int(actual) <= wanted[1], "between", actual, wanted)


def _all_of(actual: Any, wanted: Any) -> str:
    return next((problem for one in wanted if (problem := differs(actual, one))), "")


def _same_set(actual: Any, wanted: Any) -> str:
    key = lambda item: json.dumps(item, sort_keys=True, default=str)  # noqa: E731
    return _check(sorted(actual, key=key) == sorted(wanted, key=key), "the set", actual, wanted)


def _contains_all(actual: Any, wanted: Any) -> str:
    items = _parsed(actual)
    return next((f"{shown(one)} is not in {shown(items)}" for one in wanted if one not in items), "")


def _starts(actual: Any, wanted: Any) -> str:
    return _check(_text(actual).startswith(wanted), "a text that starts with", actual, wanted)


_MATCHERS: dict[str, Callable[[Any, Any], str]] = {
    "$any": lambda actual, wanted: "",
    "$nonEmpty": lambda actual, wanted: _check(bool(actual) == bool(wanted), "non-empty:", actual, wanted),
    "$contains": _contains,
    "$notContains": lambda actual, wanted: _check(bool(_contains(actual, wanted)), "without", actual, wanted),
    "$startsWith": _starts,
    "$endsWith": lambda actual, wanted: _check(_text(actual).endswith(wanted), "ending in", actual, wanted),
    "$regex": lambda actual, wanted: _check(re.search(wanted, _text(actual)) is not None, "matching", actual, wanted),
    "$not": lambda actual, wanted: _check(bool(differs(actual, wanted)), "other than", actual, wanted),
    "$in": lambda actual, wanted: _check(actual in wanted, "one of", actual, wanted),
    "$size": lambda actual, wanted: _check(actual is not None and len(actual) == wanted, "of size", actual, wanted),
    "$first": lambda actual, wanted: differs(next(iter(actual), None), wanted),
    "$hasKey": _one_key,
    "$allOf": _all_of,
    "$sameSet": _same_set,
    "$json": lambda actual, wanted: differs(_parsed(actual), _parsed(wanted)),
    "$jsonSubset": lambda actual, wanted: differs(_parsed(actual), _parsed(wanted), subset=True),
    "$jsonSameSet": lambda actual, wanted: _same_set(_parsed(actual), _parsed(wanted)),
    "$jsonContainsAll": _contains_all,
    "$instant": lambda actual, wanted: _check(_moment(actual) == _moment(wanted), "the instant", actual, wanted),
    "$date": lambda actual, wanted: _check(
        date.fromisoformat(str(actual)[:10]) == date.fromisoformat(wanted), "the date", actual, wanted
    ),
    "$time": lambda actual, wanted: _check(
        time.fromisoformat(str(actual)) == time.fromisoformat(wanted), "the time", actual, wanted
    ),
    "$duration": lambda actual, wanted: _check(duration(actual) == duration(wanted), "lasting", actual, wanted),
    "$intBetween": _between,
    "$isodatetime_within_s": _within,
}


class AtLeast(int):
    """Equal to every number that is not larger."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and int(self) >= other

    __hash__ = int.__hash__


def moment_of(text: str | None) -> datetime | None:
    """A date of a case; None for none."""
    return None if text is None else _moment(text)


def duration(value: Any) -> timedelta:
    """A duration from its ISO text or from seconds."""
    return parse_duration(value) if isinstance(value, str) else timedelta(seconds=float(value))
