"""The reference page of all commands, `docs/cli.md`, made from the parsers themselves."""

import argparse
from collections.abc import Iterator

from podium.cli import catalog
from podium.cli.command import Command, Parser, parser_of

_HEAD = """\
# Commands

This page is made from the parsers: `python -m podium.cli.reference > docs/cli.md`.

`podium [PATH]` opens the workbench on a directory or a file. `podium COMMAND --help` says what stands here.

- **Data goes to stdout, narration to stderr.** `-o json` is nearly everywhere, with Kestra's field names; lists are one
  document, logs are one object per line.
- **Colours** appear at a terminal only, and never with `NO_COLOR`. `PODIUM_ASCII=1` draws states in plain letters.
- **RUN** is the id of an execution, the beginning or end of one, `last`, or `last:FLOW`.
- **FLOW** is the id of a flow, `namespace.id`, or a file.
- **The workspace** is the current directory, or the closest above it that was used before; `-C PATH` names another.

| exit code | meaning |
|---|---|
| 0 | done; the execution is SUCCESS or WARNING |
| 1 | the execution FAILED, or what was asked for is not possible |
| 2 | wrong usage, an invalid flow or invalid inputs; nothing was started |
| 124 | the time of `--timeout` was over, and it goes on |
| 130 | interrupted; the execution was killed or cancelled |
| 141 | the reader of the output went away |
"""


def reference() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for title, group in catalog.GROUPS.items():
        rows = [f"| [`{name}`](#podium-{name}) | {entry.summary} |" for name, entry in group.items()]
        parts.append("\n".join([f"## {title}", "", "| command | |", "|---|---|", *rows]))
    for name in catalog.names():
        entry = catalog.entry(name)
        assert entry is not None
        parts.append("\n".join(_command(name, catalog.load(name), entry.summary)))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _command(name: str, command: Command, summary: str) -> Iterator[str]:
    parser = parser_of(name, command, summary)
    yield f"## podium {name}"
    yield ""
    yield summary
    if command.details:
        yield ""
        yield command.details.strip()
    for each in parser.subparsers().values() or [parser]:
        if each is not parser:
            yield ""
            yield f"### {each.prog}"
            yield ""
            yield each.description or ""
        yield ""
        yield "```text"
        yield _usage(each)
        yield "```"
        yield from _arguments(each)
    if command.examples:
        yield ""
        yield "```sh"
        for line, meaning in command.examples:
            yield f"# {meaning}"
            yield f"podium {line}"
        yield "```"


def _usage(parser: Parser) -> str:
    """One line: options first, then what has a place."""
    named = [action for action in parser.declared() if action.option_strings and not _shared(action)]
    placed = [action for action in parser.declared() if not action.option_strings]
    words = [parser.prog, *(["[OPTIONS]"] if named else []), *map(_placed, placed)]
    return " ".join(words)


def _placed(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    if action.nargs == "?":
        return f"[{name}]"
    if action.nargs == "*":
        return f"[{name} ...]"
    return f"{name} ..." if action.nargs == "+" else name


def _arguments(parser: Parser) -> Iterator[str]:
    shown = [action for action in parser.declared() if not _shared(action) and action.help]
    if not shown:
        return
    yield ""
    yield "| argument | |"
    yield "|---|---|"
    for action in shown:
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = f" {action.metavar}" if action.option_strings and action.metavar and action.nargs != 0 else ""
        yield f"| `{(name + value).replace('|', chr(92) + '|')}` | {(action.help or '').replace('|', chr(92) + '|')} |"


def _shared(action: argparse.Action) -> bool:
    """What every command has."""
    return "--help" in action.option_strings or "--workspace" in action.option_strings


if __name__ == "__main__":
    print(reference(), end="")
