"""`podium types`: the types that flows can use, and what is known about one."""

import difflib
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import OK, CommandError
from podium.cli.outcome import shown_value
from podium.cli.output import Cell, Console
from podium.cli.session import Session
from podium.model.describe import type_text
from podium.model.schema import Family, OutputDecl, PropertyDecl, TypeDecl

if TYPE_CHECKING:
    from podium.plugin.registry import Registry

_FAMILIES: Sequence[Family] = ("task", "trigger", "condition", "taskRunner")
_WIDTH = 96


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="A type to explain: its name, an older one, or the end of it (`log.Log`).",
    )
    parser.add_argument("--family", choices=_FAMILIES, metavar="FAMILY", help=f"Only {', '.join(_FAMILIES)} types.")
    parser.add_argument("--grep", metavar="TEXT", help="Only types with this text in their name or title.")
    add_output(parser)


def _types(arguments: Arguments, console: Console) -> int:
    registry = Session(arguments.workspace, console).registry
    if arguments.name:
        declared = find_type(registry, arguments.name)
        if arguments.output == "json":
            console.json(type_json(declared))
        else:
            for line in explained(declared, console):
                console.line(line)
        return OK
    families = [arguments.family] if arguments.family else _FAMILIES
    found = [
        decl for family in families for name in registry.names(family) if (decl := registry.find(name)) is not None
    ]
    if arguments.grep:
        wanted = arguments.grep.lower()
        found = [decl for decl in found if wanted in decl.name.lower() or wanted in decl.title.lower()]
    if arguments.output == "json":
        console.json([{"type": decl.name, "family": decl.family, "title": decl.title} for decl in found])
    elif found:
        several = len(families) > 1
        header = ("TYPE", "FAMILY", "TITLE") if several else ("TYPE", "TITLE")
        console.table(
            header,
            [(decl.name, *((decl.family,) if several else ()), Cell(_title(decl), "dim")) for decl in found],
        )
    else:
        console.narrate("No type is like that.", "dim")
    return OK


def find_type(registry: "Registry", name: str) -> TypeDecl:
    """The declaration of a type by its name, an older name, or the end of its name; raises CommandError."""
    decl = registry.find(name)
    if decl is not None and decl.local:
        return decl
    names = [known for family in _FAMILIES for known in registry.names(family)]
    ending = [known for known in names if known.lower().endswith(("." + name.lower(), name.lower()))]
    whole = [known for known in ending if known.lower().endswith("." + name.lower())]
    chosen = whole or ending
    if len(chosen) == 1 and (found := registry.find(chosen[0])) is not None:
        return found
    if len(chosen) > 1:
        raise CommandError(f"several types end with {name}: {', '.join(chosen)}.")
    if decl is not None:
        raise CommandError(f"{name} runs on a Kestra server, not here; its properties are not known.")
    close = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    raise CommandError(f"nobody knows a type {name}.{meant}")


def _title(decl: TypeDecl) -> str:
    return decl.title + (" (deprecated)" if decl.deprecated else "")


# ---- as text ---------------------------------------------------------------------------------------------------


def explained(decl: TypeDecl, console: Console) -> Iterator[str]:
    """The documentation of a type, line by line."""
    yield console.style(decl.name, "bold")
    if decl.title:
        yield from _wrapped(decl.title)
    for note in (decl.deprecated and f"Deprecated: {decl.deprecated}", decl.removed and f"Removed in {decl.removed}."):
        if note:
            yield console.style(note, "warning")
    if decl.doc:
        yield ""
        yield from _wrapped(decl.doc)
    if decl.aliases:
        yield ""
        yield from _wrapped("Older names: " + ", ".join(decl.aliases))
    own = [each for each in decl.properties if each.group == "main"]
    common = [each for each in decl.properties if each.group != "main"]
    if own:
        yield ""
        yield console.style("Properties", "bold")
        for declared in own:
            yield from _property(declared, console)
    if common:
        yield ""
        yield from _wrapped("Also: " + ", ".join(each.name for each in common))
    if decl.outputs:
        yield ""
        yield console.style("Outputs", "bold")
        for output in decl.outputs:
            yield from _output(output, console)
    for example in decl.examples:
        yield ""
        yield console.style(example.title or "Example", "bold")
        yield from (f"  {line}".rstrip() for line in example.code.strip("\n").split("\n"))


def _property(declared: PropertyDecl, console: Console) -> Iterator[str]:
    marks = ["required"] if declared.required else []
    if declared.default is not None:
        marks.append(f"default {shown_value(declared.default)}")
    if declared.deprecated:
        marks.append("deprecated")
    facts = ", ".join([type_text(declared.type), *marks])
    yield f"  {console.style(declared.name, 'bold')}  {console.style(facts, 'dim')}"
    yield from _wrapped(declared.doc, "      ")


def _output(declared: OutputDecl, console: Console) -> Iterator[str]:
    yield f"  {console.style(declared.name, 'bold')}  {console.style(type_text(declared.type), 'dim')}"
    yield from _wrapped(declared.doc, "      ")


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        if paragraph:
            yield from textwrap.wrap(
                " ".join(paragraph.split()), _WIDTH, initial_indent=indent, subsequent_indent=indent
            )


# ---- as JSON ---------------------------------------------------------------------------------------------------


def type_json(decl: TypeDecl) -> dict[str, Any]:
    """The declaration of a type as a document."""
    return {
        "type": decl.name,
        "family": decl.family,
        "title": decl.title,
        "description": decl.doc,
        "deprecated": decl.deprecated,
        "aliases": list(decl.aliases),
        "properties": [
            {
                "name": each.name,
                "type": type_text(each.type),
                "required": each.required,
                "default": each.default,
                "dynamic": each.dynamic,
                "description": each.doc,
                "deprecated": each.deprecated,
            }
            for each in decl.properties
        ],
        "outputs": [
            {"name": each.name, "type": type_text(each.type), "description": each.doc} for each in decl.outputs
        ],
        "examples": [{"title": each.title, "code": each.code} for each in decl.examples],
    }


COMMANDS = {
    "types": Command(
        _arguments,
        _types,
        examples=(
            ("types --grep http", "which types have to do with HTTP"),
            ("types python.Commands", "properties, outputs and examples of one"),
        ),
    )
}
