"""How filters, functions and tests are declared: once, with what evaluation, completion, hover and lint need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Implementation = Callable[..., Any]
Kind = Literal["filter", "function", "test"]

ABSENT: Final = object()
"""Stands for an argument that was not given where that differs from a given null."""


@dataclass(frozen=True, slots=True)
class Param:
    """One argument, usable by position or name. `default` is what the implementation gets when it is left out;
    `shown` is the default as documentation should print it, empty for a required argument."""

    name: str
    doc: str = ""
    default: Any = None
    shown: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A filter, function or test. `since` is the first Kestra line that has it, empty for all; `removed` the
    first one without it. `passes_null` filters give null for null without being called. `variadic` entries take
    any number of positional values; one without params ignores surplus values."""

    name: str
    kind: Kind
    run: Implementation
    params: tuple[Param, ...] = ()
    doc: str = ""
    example: str = ""
    since: str = ""
    removed: str = ""
    aliases: tuple[str, ...] = ()
    passes_null: bool = True
    variadic: bool = False

    @property
    def signature(self) -> str:
        """`date(format="iso", timeZone, …)`, as completion and hover show it."""
        if self.variadic:
            return f"{self.name}(…)"
        shown = ", ".join(f"{param.name}={param.shown}" if param.shown else param.name for param in self.params)
        return f"{self.name}({shown})" if shown or self.kind == "function" else self.name


class Catalog(dict[str, Entry]):
    """Entries of one module, by name and alias; used as a decorator factory."""

    def add(
        self,
        kind: Kind,
        name: str,
        *params: Param,
        doc: str,
        example: str = "",
        since: str = "",
        removed: str = "",
        aliases: tuple[str, ...] = (),
        passes_null: bool = True,
        variadic: bool = False,
    ) -> Callable[[Implementation], Implementation]:
        def register(run: Implementation) -> Implementation:
            entry = Entry(name, kind, run, params, doc, example, since, removed, aliases, passes_null, variadic)
            for key in (name, *aliases):
                self[key] = entry
            return run

        return register


def merged(*catalogs: Mapping[str, Entry]) -> dict[str, Entry]:
    """One catalog of many; a name may be declared only once."""
    result: dict[str, Entry] = {}
    for catalog in catalogs:
        for name, entry in catalog.items():
            if name in result:
                raise ValueError(f"{entry.kind} {name} is declared twice")
            result[name] = entry
    return result
