"""Java regular expressions on top of the `regex` package, bounded in time and in what they may produce."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.limits import DEFAULT_LIMITS

_LONGEST = 20_000
_CLASSES = {
    "d": "0-9",
    "w": "a-zA-Z0-9_",
    "s": " \\t\\n\\x0B\\f\\r",
    "h": " \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000",
}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": "\\x00-\\x7F",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": "!-/:-@\\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": " \\t",
    "Cntrl": "\\x00-\\x1F\\x7F",
    "XDigit": "0-9a-fA-F",
    "Space": " \\t\\n\\x0B\\f\\r",
}


@dataclass(frozen=True, slots=True)
class JavaPattern:
    """A compiled pattern. Every use raises `LimitExceeded` when it takes too long."""

    source: str
    compiled: Any

    def search(self, text: str) -> Any:
        return _timed(lambda timeout: self.compiled.search(text, timeout=timeout))

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return _timed(lambda timeout: self.compiled.fullmatch(text, timeout=timeout)) is not None

    def finds(self, text: str) -> list[Any]:
        most = DEFAULT_LIMITS.elements
        matches = self.compiled.finditer
        found: list[Any] = _timed(lambda timeout: list(islice(matches(text, timeout=timeout), most + 1)))
        if len(found) > most:
            raise LimitExceeded(f"The regular expression matches more than {most} times")
        return found


@lru_cache(maxsize=500)
def java_pattern(source: str, literal: bool = False) -> JavaPattern:
    """Compile Java's syntax. Raises `ExpressionError` with Kestra's wording."""
    import regex

    if len(source) > _LONGEST:
        raise ExpressionError(f"Invalid regex: it has {len(source)} characters; {_LONGEST} are possible")
    try:
        translated = regex.escape(source) if literal else _translated(source)
        return JavaPattern(source, regex.compile(translated, regex.VERSION1))
    except (regex.error, RecursionError, OverflowError) as error:
        raise ExpressionError(f"Invalid regex '{source}': {str(error).capitalize()}") from None


def substitute(text: str, pattern: JavaPattern, replacement: str, *, literal: bool = False, count: int = 0) -> str:
    """Replace matches; `$1` and `${name}` in the replacement stand for groups unless it is literal."""
    pieces: list[str] = []
    position = size = 0
    for number, match in enumerate(pattern.finds(text)):
        if count and number >= count:
            break
        piece = replacement if literal else _expanded(replacement, match)
        pieces += (text[position : match.start()], piece)
        size += len(piece)
        if size > DEFAULT_LIMITS.text:
            raise LimitExceeded(f"The text grows beyond {DEFAULT_LIMITS.text} characters")
        position = match.end()
    return "".join(pieces) + text[position:]


def split_text(text: str, delimiter: str, limit: int = 0) -> list[str]:
    """`String.split`: without a limit trailing empty parts are dropped, a negative one keeps them all."""
    parts: list[str] = []
    position = 0
    for match in java_pattern(delimiter).finds(text):
        if limit > 0 and len(parts) == limit - 1:
            break
        if match.end() == 0 or (match.start() == match.end() == len(text)):
            continue
        parts.append(text[position : match.start()])
        position = match.end()
    if not parts and position == 0:
        return [text]
    parts.append(text[position:])
    if limit == 0:
        while parts and not parts[-1]:
            parts.pop()
    return parts


def _timed(use: Any) -> Any:
    try:
        return use(DEFAULT_LIMITS.pattern_seconds)
    except TimeoutError:
        raise LimitExceeded(
            f"The regular expression took longer than {DEFAULT_LIMITS.pattern_seconds:g} seconds"
        ) from None


def _expanded(replacement: str, match: Any) -> str:
    if "$" not in replacement and "\\" not in replacement:
        return replacement
    result: list[str] = []
    index, size = 0, len(replacement)
    while index < size:
        character = replacement[index]
        index += 1
        if character == "\\":
            if index == size:
                raise ExpressionError("character to be escaped is missing")
            result.append(replacement[index])
            index += 1
        elif character == "$":
            group, index = _reference(replacement, index, match)
            result.append(group or "")
        else:
            result.append(character)
    return "".join(result)


def _reference(replacement: str, index: int, match: Any) -> tuple[str | None, int]:
    """The group named after a `$` and the index behind it. A number takes as many digits as make a group."""
    if replacement.startswith("{", index):
        end = replacement.find("}", index)
        name = replacement[index + 1 : end]
        if end < 0 or name not in match.re.groupindex:
            raise ExpressionError(f"No group with name {{{name}}}")
        return match.group(name), end + 1
    if index >= len(replacement) or not replacement[index].isascii() or not replacement[index].isdecimal():
        raise ExpressionError("Illegal group reference")
    number = int(replacement[index])
    index += 1
    if number > match.re.groups:
        raise ExpressionError(f"No group {number}")
    while index < len(replacement) and replacement[index].isascii() and replacement[index].isdecimal():
        longer = number * 10 + int(replacement[index])
        if longer > match.re.groups:
            break
        number, index = longer, index + 1
    return match.group(number), index


def _translated(source: str) -> str:
    """Java's escapes where the `regex` package differs: ASCII classes, POSIX names, `\\Q…\\E`, anchors."""
    import regex

    result: list[str] = []
    index = depth = 0
    while index < len(source):
        character = source[index]
        if character != "\\" or index + 1 == len(source):
            depth += (character == "[") - (character == "]" and depth > 0)
            result.append(character)
            index += 1
            continue
        escaped = source[index + 1]
        index += 2
        if escaped == "Q":
            end = source.find("\\E", index)
            end = len(source) if end < 0 else end
            result.append(regex.escape(source[index:end]))
            index = end + 2
        elif escaped.lower() in _CLASSES:
            result.append(_class(_CLASSES[escaped.lower()], escaped.isupper(), depth > 0))
        elif escaped in "pP" and source.startswith("{", index) and (end := source.find("}", index)) > 0:
            name = source[index + 1 : end]
            index = end + 1
            plain = _POSIX.get(name)
            if plain is not None:
                result.append(_class(plain, escaped == "P", depth > 0))
            else:
                unicode_name = name.removeprefix("java").removeprefix("Is").removesuffix("Case")
                result.append(f"\\{escaped}{{{unicode_name}}}")
        elif escaped == "z":
            result.append("\\Z")
        elif escaped == "Z":
            result.append("(?=\\n?\\Z)")
        else:
            result.append("\\" + escaped)
    return "".join(result)


def _class(characters: str, negated: bool, inside: bool) -> str:
    if inside and not negated:
        return characters
    return f"[{'^' if negated else ''}{characters}]"
