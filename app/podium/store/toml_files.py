"""Typed reading of TOML: values for the fields of dataclasses, and for everything wrong its line and what was meant."""

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from podium.base.durations import parse_duration
from podium.store.errors import StoreError, read_failure

T = TypeVar("T")
_Path = tuple[str, ...]

_SYNTAX = re.compile(r"(?P<reason>.*) \(at line (?P<line>\d+), column \d+\)")
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[(?P<many>\[)?\s*(?P<name>{_NAME})\s*\]")
_ENTRY = re.compile(rf"\s*(?P<name>{_NAME})\s*=")
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*')


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: `line` counts from 1."""

    line: int
    message: str


class SettingsError(StoreError):
    """A file of settings cannot be used. The text has one line per problem, each with its place."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(f"{path}:{problem.line}: {problem.message}" for problem in problems))
        self.path, self.problems = path, problems


def entry(
    default: Any = dataclasses.MISSING, *, doc: str, example: Any = None, name: str | None = None,
    factory: Any = dataclasses.MISSING,
) -> Any:  # fmt: skip
    """Declare an entry of a table: a dataclass field with its documentation.

    The name in the file is the attribute's with `-` for `_`, unless `name` says otherwise; `example` is a value for
    the reference page.
    """
    metadata = {"doc": doc, "example": example, "name": name}
    if factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=factory, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def entry_name(field: "dataclasses.Field[Any]") -> str:
    """What an entry is called in the file."""
    return field.metadata.get("name") or field.name.replace("_", "-")


def read_toml(path: Path, cls: type[T]) -> tuple[T, "Lines"]:
    """The file as an instance of the dataclass `cls`, and where its entries are.

    A file that does not exist is empty. Raises SettingsError with every problem that was found, StoreError when
    the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        text = ""
    except OSError as error:
        raise read_failure("The settings", path, error) from error
    except UnicodeDecodeError as error:
        raise SettingsError(path, (Problem(1, "The file is not UTF-8 text. Save it as UTF-8."),)) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.match(str(error))
        line, reason = (int(found["line"]), found["reason"]) if found else (text.count("\n") + 1, str(error))
        raise SettingsError(path, (Problem(line, f"This is not TOML: {reason}."),)) from error
    lines = Lines(text)
    reader = _Reader(lines)
    value = reader.table(document, cls, ())
    if reader.problems:
        raise SettingsError(path, tuple(sorted(reader.problems, key=lambda problem: problem.line)))
    return value, lines


class Lines:
    """On which line the entries of a TOML text are."""

    def __init__(self, text: str) -> None:
        self._lines: dict[_Path, int] = {}
        for path, line in _places(text):
            self._lines.setdefault(path, line)

    def of(self, path: _Path) -> int:
        """The line of an entry, else that of the table around it, else 1."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1


def _places(text: str) -> Iterator[tuple[_Path, int]]:
    table: _Path = ()
    counts: dict[_Path, int] = {}
    closing, depth = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            if closing in line:
                closing = ""
            continue
        if depth == 0:
            if header := _HEADER.match(line):
                table = tuple(_parts(header["name"]))
                if header["many"]:
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, str(counts[table]))
                yield table, number
                continue
            if found := _ENTRY.match(line):
                path = table
                for part in _parts(found["name"]):
                    path = (*path, part)
                    yield path, number
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                closing = quotes
        plain = _STRINGS.sub("", line)
        depth = max(0, depth + plain.count("[") + plain.count("{") - plain.count("]") - plain.count("}"))


def _parts(name: str) -> Iterator[str]:
    for part in re.findall(_PART, name):
        yield part[1:-1] if part[0] in "\"'" else part


class _Reader:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.problems: list[Problem] = []

    def table(self, given: Mapping[str, Any], cls: type[T], path: _Path) -> T:
        hints = typing.get_type_hints(cls)
        fields = {entry_name(field): field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        values: dict[str, Any] = {}
        for name, raw in given.items():
            if name not in fields:
                self._unknown(name, list(fields), path)
                continue
            field = fields[name]
            try:
                values[field.name] = self.value(raw, hints[field.name], (*path, name))
            except _Mismatch as mismatch:
                self._wrong(mismatch)
        for name, field in fields.items():
            if name not in given and field.default is field.default_factory is dataclasses.MISSING:
                self.problems.append(Problem(self._lines.of(path), f"`{_dotted(path)}` needs an entry `{name}`."))
                values[field.name] = None
        return cls(**{field.name: values[field.name] for field in fields.values() if field.name in values})

    def value(self, raw: Any, hint: Any, path: _Path) -> Any:
        if hint is Any:
            return raw
        if hint in _SCALARS:
            return _SCALARS[hint](raw, path)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (types.UnionType, typing.Union):
            return self.value(raw, next(option for option in arguments if option is not types.NoneType), path)
        if origin is Literal:
            if raw not in arguments:
                close = _meant(str(raw), [str(choice) for choice in arguments])
                choices = ", ".join(f'"{choice}"' for choice in arguments)
                raise _Mismatch(path, f"one of {choices}", raw, close)
            return raw
        if origin is tuple:
            if not isinstance(raw, list):
                raise _Mismatch(path, "a list in `[ ]`", raw)
            return tuple(self.value(item, arguments[0], (*path, str(at))) for at, item in enumerate(raw))
        if not isinstance(raw, dict):
            raise _Mismatch(path, "a table", raw)
        if dataclasses.is_dataclass(hint):
            return self.table(raw, hint, path)  # type: ignore[arg-type]
        return {key: self.value(item, arguments[1], (*path, key)) for key, item in raw.items()}

    def _unknown(self, name: str, known: list[str], path: _Path) -> None:
        line = self._lines.of((*path, name))
        advice = _meant(name, known) or f" There are: {', '.join(f'`{each}`' for each in sorted(known))}."
        self.problems.append(Problem(line, f"`{_dotted((*path, name))}` is not a setting.{advice}"))

    def _wrong(self, mismatch: "_Mismatch") -> None:
        text = (
            f"`{_dotted(mismatch.path)}` must be {mismatch.wanted}, but it is {_shown(mismatch.raw)}.{mismatch.advice}"
        )
        self.problems.append(Problem(self._lines.of(mismatch.path), text))


class _Mismatch(Exception):
    def __init__(self, path: _Path, wanted: str, raw: Any, advice: str = "") -> None:
        super().__init__(wanted)
        self.path, self.wanted, self.raw, self.advice = path, wanted, raw, advice


def _text(raw: Any, path: _Path) -> str:
    if not isinstance(raw, str):
        raise _Mismatch(path, 'a text in `" "`', raw)
    return raw


def _whole(raw: Any, path: _Path) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise _Mismatch(path, "a whole number", raw)
    return raw


def _flag(raw: Any, path: _Path) -> bool:
    if not isinstance(raw, bool):
        raise _Mismatch(path, "`true` or `false`", raw)
    return raw


def _length(raw: Any, path: _Path) -> timedelta:
    try:
        length = parse_duration(raw if isinstance(raw, str) else "")
    except ValueError:
        raise _Mismatch(path, 'a duration such as "PT30M" or "P30D"', raw) from None
    if length <= timedelta(0):
        raise _Mismatch(path, "a duration longer than nothing", raw)
    return length


_SCALARS: Mapping[Any, Any] = {str: _text, int: _whole, bool: _flag, timedelta: _length}


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean `{close[0]}`?" if close else ""


def _dotted(path: _Path) -> str:
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


def _shown(raw: Any) -> str:
    if isinstance(raw, bool):
        return "`true`" if raw else "`false`"
    if isinstance(raw, dict):
        return "a table"
    text = f'"{raw}"' if isinstance(raw, str) else str(raw)
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"
