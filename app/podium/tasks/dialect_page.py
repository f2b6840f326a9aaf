"""The page of the dialects: every other spelling that is read, and the current one."""

from collections.abc import Iterable, Iterator

from podium.model import grammar
from podium.model.dialects import OLDER_DEFAULTS, SUCCESSORS
from podium.model.schema import PropertyDecl, TypeDecl
from podium.tasks.builtin_types import ALIASES

_NOTE = "<!-- Made from the declarations of the types by `make docs`; changes here are lost. -->"
_SOME = 10
_WHERE: tuple[tuple[str, tuple[PropertyDecl, ...]], ...] = (
    ("the flow", grammar.FLOW),
    ("every task", grammar.TASK),
    ("every trigger", grammar.TRIGGER),
    ("every input", grammar.INPUT_COMMON),
    ("a check", grammar.CHECK),
    *((f"input {name}", decl.properties) for name, decl in grammar.INPUT_TYPES.items()),
    *((f"retry {name}", decl.properties) for name, decl in grammar.RETRY_TYPES.items()),
)


def dialect_page(types: Iterable[TypeDecl]) -> str:
    """Property spellings, types and defaults of the dialects 0.x to 2.0, as a page."""
    declared = [*_WHERE, *((f"`{decl.name.removeprefix('io.kestra.plugin.')}`", decl.properties) for decl in types)]
    lines = ["# Dialects", "", _NOTE, ""]
    lines += [
        "Podium reads the flow format of Kestra 0.x, 1.x and 2.0 and makes one model of it. `podium validate` and",
        "the editor point out older spellings and can replace them. A flow that is pushed to a server must keep to",
        "the spellings of that server.",
        "", "## Properties", "", "| where | other spelling | current spelling |", "|---|---|---|",
    ]  # fmt: skip
    lines += _spellings(declared)
    lines += ["", "## New in 2.0, and gone", "", "| where | property | |", "|---|---|---|"]
    lines += _versions(declared)
    lines += ["", "## Types", "", "| older name | current name |", "|---|---|"]
    lines += [f"| `{old}` | `{ALIASES[old]}` |" for old in sorted(ALIASES)]
    lines += ["", "## Successors", "", "These types run as they always did. The fix in the editor replaces them:", ""]
    lines += [f"* `{old}` by `{new.type}`" for old, new in sorted(SUCCESSORS.items())]
    lines += ["", "## Older defaults", "", "Who writes the older name gets what it did without being told:", ""]
    for name, defaults in OLDER_DEFAULTS.items():
        shown = [f"`{prop}.{key}`: `{value}`" for prop, values in defaults.items() for key, value in values.items()]
        lines.append(f"* `{name}`: {', '.join(shown)}")
    return "\n".join(lines) + "\n"


Declared = list[tuple[str, tuple[PropertyDecl, ...]]]


def _spellings(declared: Declared) -> Iterator[str]:
    places: dict[tuple[str, str, str], list[str]] = {}
    for where, properties in declared:
        for decl in properties:
            for age, names in (("older", decl.aliases), ("newer", decl.also)):
                for name in names:
                    places.setdefault((name, age, decl.name), []).append(where)
    for (name, age, current), found in places.items():
        shown = "the script tasks" if len(found) > _SOME else ", ".join(found)
        yield f"| {shown} | `{name}` ({age}) | `{current}` |"


def _versions(declared: Declared) -> Iterator[str]:
    for where, properties in declared:
        for decl in properties:
            if decl.since:
                yield f"| {where} | `{decl.name}` | since {decl.since} |"
            if decl.removed:
                version, _, instead = decl.removed.partition(": ")
                yield f"| {where} | `{decl.name}` | gone from {version}{f', {instead}' if instead else ''} |"
