"""What a command is, and the parser of its arguments."""

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from podium.cli.errors import UsageError
from podium.cli.output import Console

Arguments = argparse.Namespace


@dataclass(frozen=True, slots=True)
class Command:
    """One command of `podium`.

    `arguments` declares what may be on the command line, `run` does the work and returns the exit code. `details` is
    the help below the summary; `examples` are pairs of a command line without `podium` and what it does.
    """

    arguments: Callable[["Parser"], None]
    run: Callable[[Arguments, Console], int]
    details: str = ""
    examples: Sequence[tuple[str, str]] = ()


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError and says which option was meant."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(
            prog=prog,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(_plain(message, self), self.prog.removeprefix("podium").strip())

    def option_names(self) -> list[str]:
        """All long options."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]

    def subparsers(self) -> dict[str, "Parser"]:
        """The parsers of what is below this command (`podium kv get`), by name."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return dict(action.choices)
        return {}

    def declared(self) -> Sequence[argparse.Action]:
        """The arguments as they were declared, for reference pages and shell completion."""
        return tuple(self._actions)


def _plain(message: str, parser: Parser) -> str:
    """What argparse says, as sentences."""
    if unknown := re.fullmatch(r"unrecognized arguments: (.*)", message):
        word = unknown[1].split()[0]
        if not word.startswith("-"):
            return f"`{word}` is one argument too many."
        close = difflib.get_close_matches(word.partition("=")[0], parser.option_names(), n=1)
        return f"there is no option {word}." + (f" Did you mean {close[0]}?" if close else "")
    if missing := re.fullmatch(r"the following arguments are required: (.*)", message):
        return f"{missing[1]} is missing."
    if choice := re.fullmatch(r"argument (.*?): invalid choice: (.*) \(choose from (.*)\)", message, re.DOTALL):
        choices = re.findall(r"'([^']*)'", choice[3])
        close = difflib.get_close_matches(choice[2].strip("'"), choices, n=1)
        meant = f" Did you mean {close[0]}?" if close else ""
        return f"{choice[2]} is not one of {', '.join(choices)}.{meant}"
    if argument := re.fullmatch(r"argument (\S+): (.*)", message, re.DOTALL):
        return f"{argument[1]}: {argument[2]}" + ("" if message.endswith(".") else ".")
    return message + "."


def parser_of(name: str, command: Command, summary: str) -> Parser:
    """The parser of a command, complete with help, `-C` and examples."""
    description = summary + (f"\n\n{command.details.strip()}" if command.details else "")
    parser = Parser(f"podium {name}", description=description, epilog=examples_text(command.examples))
    command.arguments(parser)
    if not parser.subparsers():
        add_common(parser)
    else:
        add_help(parser)
        for below in parser.subparsers().values():
            add_common(below)
    return parser


def examples_text(examples: Sequence[tuple[str, str]]) -> str:
    """The examples as they stand below a help."""
    if not examples:
        return ""
    return "Examples:\n" + "\n".join(f"  podium {line}\n      {meaning}" for line, meaning in examples)


def add_help(parser: Parser) -> None:
    """`--help`."""
    parser.add_argument("-h", "--help", action="help", help="Show this help and exit.")


def add_common(parser: Parser) -> None:
    """What every command has."""
    parser.add_argument(
        "-C",
        "--workspace",
        metavar="PATH",
        type=Path,
        default=argparse.SUPPRESS,
        help="The directory with the flows. Default: the current one, or the closest above it that was used before.",
    )
    add_help(parser)


def add_output(parser: Parser, also: Sequence[str] = (), lines: bool = False) -> None:
    """`-o`: the form of what is printed. `lines` says that JSON comes as one object per line."""
    form = "JSON, one object per line" if lines else "JSON"
    others = "".join(f", `{name}`" for name in also)
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "json", *also),
        default="text",
        metavar="FORM",
        help=f"How to print: `text` (default), `json` ({form}){others}.",
    )


def key_value(text: str) -> tuple[str, str]:
    """The type of arguments `KEY=VALUE`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"`{text}` is not KEY=VALUE")
    return key, value
