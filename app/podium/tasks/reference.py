"""The reference pages of all built-in types, made from what their classes declare.

`python -m podium.tasks.reference docs` writes them, with the page of the diagnostics; a test keeps them current.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from podium.base.durations import format_duration
from podium.model import grammar
from podium.model.codes import reference as diagnostics
from podium.model.describe import type_text
from podium.model.schema import OutputDecl, PropertyDecl, PropType, TypeDecl
from podium.plugin.registry import Registry
from podium.tasks.builtin_types import CONDITIONS, TASK_RUNNERS, TASKS, TRIGGERS
from podium.tasks.dialect_page import dialect_page
from podium.tasks.registry import default_registry

_SCRIPTS = "io.kestra.plugin.scripts."
_NOTE = "<!-- Made from the declarations of the types by `make docs`; changes here are lost. -->"


def pages() -> dict[str, str]:
    """Every page by its path below the documentation folder."""
    registry = default_registry()
    made = {"diagnostics.md": diagnostics(), "reference/flow.md": _flow_page()}
    groups = _groups(registry)
    for name, (title, intro, types) in groups.items():
        made[f"reference/{name}.md"] = _page(title, intro, types)
    types = [decl for _, _, listed in groups.values() for decl in listed]
    made["reference/dialects.md"] = dialect_page(types)
    made["reference/README.md"] = _index(groups)
    return made


def write(folder: Path) -> None:
    """Write the pages below `folder`, and remove pages of types that are gone."""
    made = pages()
    for path in (folder / "reference").glob("*.md"):
        if f"reference/{path.name}" not in made:
            path.unlink()
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


Group = tuple[str, str, list[TypeDecl]]


def _groups(registry: Registry) -> dict[str, Group]:
    """Page name to title, introduction and types."""
    groups: dict[str, Group] = {
        "flowables": ("Flowable tasks", "Tasks that hold other tasks, or run other flows.", []),
        "core": ("Core tasks", "Tasks of the packages below `io.kestra.plugin.core`.", []),
        "scripts": ("Script tasks", "Tasks that run programs and scripts as processes of this machine.", []),
        "task-runners": ("Task runners", "Where the process of a script task runs.", []),
        "triggers": ("Triggers", "What starts a flow by itself while `podium serve` runs.", []),
        "conditions": ("Conditions", "What has to be true for a trigger to fire.", []),
    }
    for table, page in (
        (TASKS, None),
        (TASK_RUNNERS, "task-runners"),
        (TRIGGERS, "triggers"),
        (CONDITIONS, "conditions"),
    ):
        for name in sorted(table):
            if "$" not in name:
                decl = registry.find(name)
                assert decl is not None, name
                groups[page or _page_of(decl)][2].append(decl)
    return groups


def _page_of(decl: TypeDecl) -> str:
    if decl.name.startswith((_SCRIPTS, "io.kestra.core.tasks.scripts.")):
        return "scripts"
    return "core" if decl.kind in ("runnable", "updating") else "flowables"


# -- pages -----------------------------------------------------------------------------------------------------------


def _index(groups: dict[str, Group]) -> str:
    lines = ["# Reference", "", _NOTE, "", "What a flow can be made of, and everything that can be set.", ""]
    lines += ["* [The flow](flow.md)", "* [Dialects](dialects.md)"]
    for name, (title, _, types) in groups.items():
        lines += ["", f"## [{title}]({name}.md)", ""]
        lines += [f"* [{decl.name}]({name}.md#{_anchor(decl)}): {_plain(decl.title)}" for decl in types]
    return "\n".join(lines) + "\n"


def _flow_page() -> str:
    lines = ["# The flow", "", _NOTE, "", "A flow is one YAML document with these properties.", ""]
    lines += _properties(each for each in grammar.FLOW if each.group != "server")
    for title, intro, properties in (
        ("Every task", "", grammar.TASK),
        ("Every trigger", "", grammar.TRIGGER),
        ("Every input", "", grammar.INPUT_COMMON),
        ("Outputs", "Entries of `outputs`.", grammar.OUTPUT),
        ("Checks", "Entries of `checks`.", grammar.CHECK),
        ("Concurrency", "", grammar.CONCURRENCY),
        ("Plugin defaults", "Entries of `pluginDefaults`.", grammar.PLUGIN_DEFAULT),
        ("Listeners", "Entries of `listeners`.", grammar.LISTENER),
    ):
        lines += ["", f"## {title}", "", *([intro, ""] if intro else []), *_properties(properties)]
    for title, types in (
        ("Inputs", grammar.INPUT_TYPES),
        ("Retries", grammar.RETRY_TYPES),
        ("SLAs", grammar.SLA_TYPES),
    ):
        lines += ["", f"## {title} by type"]
        for decl in types.values():
            lines += ["", f"### {decl.name}", ""]
            lines += [f"Deprecated: {decl.deprecated}.", ""] if decl.deprecated else []
            lines += _properties(decl.properties) if decl.properties else ["No properties of its own."]
    return "\n".join(lines) + "\n"


def _page(title: str, intro: str, types: Sequence[TypeDecl]) -> str:
    lines = [f"# {title}", "", _NOTE, "", intro, ""]
    lines += [f"* [{_short(decl)}](#{_anchor(decl)})" for decl in types]
    shared, outputs = _shared(types)
    if shared:
        lines += ["", "## What they have in common", "", f"All types below `{_SCRIPTS}` have these properties.", ""]
        lines += [*_properties(shared), "", "Outputs:", "", *_outputs(outputs)]
    for decl in types:
        apart = decl.name.startswith(_SCRIPTS)
        lines += ["", *_type(decl, shared if apart else (), outputs if apart else ())]
    return "\n".join(lines) + "\n"


def _shared(types: Sequence[TypeDecl]) -> tuple[tuple[PropertyDecl, ...], tuple[OutputDecl, ...]]:
    """What all script types declare alike; said once, since there are thirty of them."""
    scripts = [decl for decl in types if decl.name.startswith(_SCRIPTS) and ".runner." not in decl.name]
    if len(scripts) < 2:
        return (), ()
    first, others = scripts[0], scripts[1:]
    properties = tuple(each for each in first.properties if all(each in other.properties for other in others))
    return properties, tuple(each for each in first.outputs if all(each in other.outputs for other in others))


def _type(decl: TypeDecl, shared: Sequence[PropertyDecl], outputs: Sequence[OutputDecl]) -> Iterator[str]:
    yield f"## {_short(decl)}"
    yield ""
    yield f"`{decl.name}`"
    yield ""
    yield from decl.doc.splitlines()
    notes = [
        (decl.deprecated, f"**Deprecated:** {_sentence(decl.deprecated)}"),
        (decl.since, f"Since Kestra {decl.since}."),
        (decl.removed, f"Gone from Kestra {decl.removed}; it runs here."),
        (decl.aliases, f"Older names: {', '.join(f'`{name}`' for name in decl.aliases)}."),
    ]
    for given, text in notes:
        if given:
            yield ""
            yield text
    if own := [each for each in decl.properties if each not in shared]:
        yield ""
        yield from _properties(own)
    if made := [each for each in decl.outputs if each not in outputs]:
        yield ""
        yield "Outputs:"
        yield ""
        yield from _outputs(made)
    for example in decl.examples:
        yield ""
        yield f"{example.title}:"
        yield ""
        yield "```yaml"
        yield from example.code.splitlines()
        yield "```"


# -- tables ----------------------------------------------------------------------------------------------------------


def _properties(properties: Iterable[PropertyDecl]) -> Iterator[str]:
    yield "| property | type | default | |"
    yield "|---|---|---|---|"
    nested: list[tuple[str, PropertyDecl]] = []
    for decl in properties:
        yield _row(decl.name, decl)
        nested += [(decl.name, each) for each in _fields(decl.type)]
    while nested:
        above, decl = nested.pop(0)
        name = f"{above}.{decl.name}"
        yield _row(name, decl)
        nested[:0] = [(name, each) for each in _fields(decl.type)]


def _row(name: str, decl: PropertyDecl) -> str:
    remarks = [_sentence(decl.doc)]
    remarks += [f"**Deprecated:** {_sentence(decl.deprecated)}"] if decl.deprecated else []
    remarks += [f"Since Kestra {decl.since}."] if decl.since else []
    remarks += [f"Gone from Kestra {decl.removed}."] if decl.removed else []
    spellings = [f"`{each}`" for each in (*decl.also, *decl.aliases)]
    remarks += [f"Also written {' or '.join(spellings)}."] if spellings else []
    required = " *required*" if decl.required else ""
    return f"| `{name}`{required} | {type_text(decl.type, '`')} | {_default(decl)} | {_cell(' '.join(remarks))} |"


def _outputs(outputs: Iterable[OutputDecl]) -> Iterator[str]:
    yield "| output | type | |"
    yield "|---|---|---|"
    for output in outputs:
        yield f"| `{output.name}` | {type_text(output.type, '`')} | {_cell(_sentence(output.doc))} |"


def _fields(wanted: PropType) -> tuple[PropertyDecl, ...]:
    """The properties of an object, or of the objects in a list or map."""
    if wanted.kind == "object":
        return wanted.fields
    if wanted.kind in ("list", "map") and wanted.item is not None:
        return _fields(wanted.item)
    return next((_fields(option) for option in wanted.options if _fields(option)), ())


def _default(decl: PropertyDecl) -> str:
    value: Any = decl.default
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{value if isinstance(value, str) and value.strip() else json.dumps(value, default=str)}`"


def _short(decl: TypeDecl) -> str:
    """`log.Log`, `python.Script`: what tells it apart on its page."""
    package, _, name = decl.name.rpartition(".")
    return f"{package.rpartition('.')[2]}.{name}"


def _anchor(decl: TypeDecl) -> str:
    return re.sub(r"[^a-z0-9 -]", "", _short(decl).lower())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _sentence(text: str | None) -> str:
    text = (text or "").strip()
    if not text:
        return ""
    text = text if text[0] == "`" else text[0].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _plain(title: str) -> str:
    return title.rstrip(".")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
