"""The reference page of `podium.toml`, made from the declarations of the settings."""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import Any, Literal

from podium.base.durations import format_duration
from podium.store.settings import Settings
from podium.store.toml_files import entry_name

_HEAD = """# Settings: `podium.toml`

A file `podium.toml` at the root of the workspace. Every entry may be left out, and so may the file. What Podium does
not know is an error with its line and the name that was probably meant.

<!-- Made by `python -m podium.store.settings_page` from the declarations in podium/store/settings.py. -->
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n\n".join([_HEAD.strip(), *_table(Settings, ())]) + "\n"


def _table(cls: type[Any], path: tuple[str, ...], doc: str = "") -> Iterator[str]:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    title = f"`[{'.'.join(path)}]`" if path else "At the top"
    plain = [field for field in fields if not _nested(hints[field.name])]
    if plain or not path:
        yield f"## {title}"
        if doc:
            yield doc
        rows = ["| Entry | Type | Default | Meaning |", "|---|---|---|---|"]
        for field in plain:
            cells = (f"`{entry_name(field)}`", _type(hints[field.name]), _default(field), field.metadata["doc"])
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        yield "\n".join(rows)
        yield from _example(path, plain)
    for field in fields:
        inner = _nested(hints[field.name])
        if inner is not None:
            yield from _table(inner, (*path, entry_name(field)), field.metadata["doc"])


def _nested(hint: Any) -> type[Any] | None:
    """The dataclass that has a section of its own: one table, a list of tables, or tables by name."""
    if dataclasses.is_dataclass(hint):
        return hint if isinstance(hint, type) else None
    return None


def _type(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (UnionType, typing.Union):
        return _type(next(option for option in arguments if option is not NoneType))
    if origin is Literal:
        return " or ".join(f'`"{choice}"`' for choice in arguments)
    if origin is tuple:
        inner = arguments[0]
        return "list of tables" if dataclasses.is_dataclass(inner) else f"list of {_type(inner)}s"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = arguments[1]
        return (
            "table"
            if inner is Any
            else "table of tables"
            if _type(inner) in ("table", "")
            else f"table of {_type(inner)}s"
        )
    return {str: "text", int: "number", bool: "true or false", timedelta: "duration"}.get(hint, "")


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is dataclasses.MISSING:
        return "" if field.default_factory is not dataclasses.MISSING else "(needed)"
    return "" if field.default in (None, "", ()) else f"`{_toml(field.default)}`"


def _example(path: tuple[str, ...], fields: list["dataclasses.Field[Any]"]) -> Iterator[str]:
    lines: list[str] = []
    tables: list[str] = []
    for field in fields:
        example = field.metadata["example"]
        if isinstance(example, dict):
            tables += ["", *_tables((*path, entry_name(field)), example)]
        elif example is not None:
            lines.append(f"{entry_name(field)} = {_toml(example)}")
        elif field.name == "plugin_defaults":
            tables += ["", *_list_of_tables((*path, entry_name(field)), _entry_class(field))]
    if path and lines:
        lines.insert(0, f"[{'.'.join(path)}]")
    text = "\n".join([*lines, *tables]).strip("\n")
    if text:
        yield f"```toml\n{text}\n```"


def _entry_class(field: "dataclasses.Field[Any]") -> type[Any]:
    found: type[Any] = typing.get_args(typing.get_type_hints(Settings)[field.name])[0]
    return found


def _list_of_tables(path: tuple[str, ...], cls: type[Any]) -> Iterator[str]:
    yield f"[[{'.'.join(path)}]]"
    for field in dataclasses.fields(cls):
        yield f"{entry_name(field)} = {_toml(field.metadata['example'])}"


def _tables(path: tuple[str, ...], example: Mapping[str, Any]) -> Iterator[str]:
    if example and all(isinstance(value, dict) for value in example.values()):
        for key, value in example.items():
            yield from _tables((*path, key), value)
        return
    yield f"[{'.'.join(_key(part) for part in path)}]"
    for key, value in example.items():
        yield f"{_key(key)} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)} = {_toml(item)}' for key, item in value.items())}}}"
    return str(value)


def _key(part: str) -> str:
    return part if part.replace("-", "").replace("_", "").isalnum() else f'"{part}"'


if __name__ == "__main__":
    print(page(), end="")
