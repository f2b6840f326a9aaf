"""Inputs of a flow as they are given on a command line."""

import json
from pathlib import Path
from typing import Any

from podium.cli.command import Arguments, Parser, key_value
from podium.cli.errors import CommandError


def add_inputs(parser: Parser, what: str = "Value of an input") -> None:
    """`-i` and `--inputs-file`."""
    parser.add_argument(
        "-i",
        "--input",
        action="append",
        type=key_value,
        default=[],
        metavar="KEY=VALUE",
        dest="inputs",
        help=f"{what}; may be repeated. `KEY=@PATH` gives the content of a file, or the file itself to a FILE input.",
    )
    parser.add_argument(
        "--inputs-file",
        type=Path,
        metavar="PATH",
        help="A YAML or JSON file with a map of inputs; `-i` goes before it.",
    )


def given_inputs(arguments: Arguments, file_inputs: frozenset[str] = frozenset()) -> dict[str, Any]:
    """All raw values by input id. `file_inputs` are the inputs that take a path where others take its content."""
    given: dict[str, Any] = {}
    if arguments.inputs_file is not None:
        given |= _read_map(arguments.inputs_file)
    for key, value in arguments.inputs:
        given[key] = (
            _file_value(key, value[1:], key in file_inputs) if value.startswith("@") else value.removeprefix("\\")
        )
    return given


def _file_value(key: str, name: str, as_path: bool) -> Any:
    path = Path(name).expanduser()
    if not path.is_file():
        raise CommandError(f"input {key}: there is no file {name}. A value that begins with @ is written `\\@...`.")
    if as_path:
        return str(path.resolve())
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"input {key}: {name} is not UTF-8 text.") from error


def _read_map(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CommandError(f"there is no file {path}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text.") from error
    return parse_map(text, str(path))


def parse_map(text: str, name: str) -> dict[str, Any]:
    """A map from YAML or JSON text, with dates as texts. Raises CommandError."""
    try:
        value = json.loads(text)
    except ValueError:
        value = _yaml(text, name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CommandError(f"{name} must hold a map of names and values, not {_kind(value)}.")
    return {str(key): item for key, item in value.items()}


def _yaml(text: str, name: str) -> Any:
    from podium.model.marked_yaml import documents
    from podium.model.scalars import plain_value

    found = documents(text)
    problems = [problem for document in found for problem in document.diagnostics if problem.severity == "error"]
    if problems:
        raise CommandError(problems[0].at(name))
    return plain_value(found[0].root) if found and found[0].root is not None else None


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number")
