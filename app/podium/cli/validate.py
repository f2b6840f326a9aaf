"""`podium validate`: everything that can be known to be wrong with flows before one runs."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import OK, USAGE, CommandError
from podium.cli.output import Console
from podium.cli.session import Session
from podium.model.diagnostics import Diagnostic, Range
from podium.model.edits import fixed
from podium.store.workspace import is_skipped_folder

_STYLES = {"error": "bad", "warning": "warning", "info": "waiting"}


@dataclass(slots=True)
class Checked:
    """What was found in one file. `flows` are the (namespace, id) that it holds."""

    path: Path
    shown: str
    text: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    flows: list[tuple[str, str]] = field(default_factory=list)

    def count(self, severity: str) -> int:
        """How many diagnostics of this severity there are."""
        return sum(1 for diagnostic in self.diagnostics if diagnostic.severity == severity)


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="Files or folders; `-` reads a flow from stdin. Default: all flows of the workspace.",
    )
    parser.add_argument("--strict", action="store_true", help="Warnings count as errors for the exit code.")
    parser.add_argument("--fix", action="store_true", help="Mend what can be mended without asking, in the files.")
    parser.add_argument("-q", "--quiet", action="store_true", help="No summary, and no infos.")
    add_output(parser, also=("github",))


def _validate(arguments: Arguments, console: Console) -> int:
    console.quiet = arguments.quiet
    session = Session(arguments.workspace, console)
    checked = [_check_file(session, path) for path in _files(session, arguments.paths)]
    if arguments.fix:
        checked = [_mended(session, one, console) for one in checked]
    if arguments.quiet:
        for one in checked:
            one.diagnostics = [each for each in one.diagnostics if each.severity != "info"]
    _print(checked, arguments.output, console)
    _summary(checked, console)
    wrong = sum(one.count("error") + (one.count("warning") if arguments.strict else 0) for one in checked)
    return USAGE if wrong else OK


def check_text(session: Session, path: Path, text: str) -> Checked:
    """All findings about the flows of one file, in the order of the file."""
    from podium.store.flow_check import FlowCheck

    check = FlowCheck(session.workspace, session.settings, session.registry, session.kept, session.shown)
    found = check.check(None if path == Path("-") else path, text)
    shown = "<stdin>" if path == Path("-") else session.shown(path)
    return Checked(path, shown, text, found.diagnostics, found.flows)


def _check_file(session: Session, path: Path) -> Checked:
    """All findings about one file. One that cannot be read is a finding too: the others are looked at all the same."""
    if path == Path("-"):
        return check_text(session, path, sys.stdin.read())
    try:
        return check_text(session, path, _decoded(path))
    except UnreadableFile as error:
        found = Diagnostic("unreadable", "error", str(error), Range(error.line, error.column, error.line, error.column))
        return Checked(path, session.shown(path), "", [found])


def _files(session: Session, paths: Sequence[Path]) -> Iterator[Path]:
    if not paths:
        yield from _flows_below(session, session.workspace.root)
        return
    for path in paths:
        if path == Path("-"):
            yield path
        elif path.is_dir():
            yield from _flows_below(session, path.resolve())
        elif path.exists():
            yield path
        else:
            raise CommandError(f"there is no file {path}.")


def _flows_below(session: Session, folder: Path) -> Iterator[Path]:
    """The files with flows below a folder. One that was meant to be a flow but lacks its first lines counts too."""
    flows = {flow.path for flow in session.workspace.flow_files() if flow.path.is_relative_to(folder)}
    if not folder.is_relative_to(session.workspace.root):
        from podium.store.workspace import Workspace

        flows = {flow.path for flow in Workspace(folder).flow_files()}
    candidates = flows | {path for path in _yaml_in_flow_folders(folder) if path not in flows}
    if not candidates:
        raise CommandError(
            f"there is no flow in {session.shown(folder)}: "
            "a flow is a YAML file with `id:`, `namespace:` and `tasks:` at its top level."
        )
    yield from sorted(candidates)


def _yaml_in_flow_folders(folder: Path) -> Iterator[Path]:
    """Every YAML file in a folder that holds nothing but flows."""
    from podium.store.workspace import FLOW_FOLDERS

    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts[:-1]
        if path.suffix in (".yaml", ".yml") and path.is_file() and not any(map(is_skipped_folder, inside)):
            if FLOW_FOLDERS.intersection(inside) or folder.name in FLOW_FOLDERS:
                yield path


class UnreadableFile(Exception):
    """A file without a text that could be checked; the message is a sentence, the place counts from 0."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def read_text(path: Path, shown: str) -> str:
    """The text of a file; raises CommandError when there is none to read."""
    try:
        return _decoded(path)
    except UnreadableFile as error:
        raise CommandError(f"{shown}:{error.line + 1}:{error.column + 1}: {error}") from error


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"The file cannot be read: {error.strerror}.") from error
    if b"\0" in content:
        raise UnreadableFile("This is a binary file; a flow is text.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].split(b"\n")
        column = len(before[-1].decode("utf-8-sig"))
        message = "The text is not UTF-8 from here on. Save it as UTF-8."
        raise UnreadableFile(message, len(before) - 1, column) from error


def _mended(session: Session, checked: Checked, console: Console) -> Checked:
    count = 0
    while checked.path != Path("-"):
        text, applied = fixed(checked.text, checked.diagnostics)
        if not applied or count > 1000:
            break
        count += applied
        checked = check_text(session, checked.path, text)
    if count:
        checked.path.write_bytes(checked.text.encode())
        console.narrate(f"{checked.shown}: mended {count} {'thing' if count == 1 else 'things'}.")
    return checked


# ---- printing --------------------------------------------------------------------------------------------------


def _print(checked: Sequence[Checked], form: str, console: Console) -> None:
    if form == "json":
        console.json([_json(one) for one in checked])
        return
    for one in checked:
        lines = one.text.split("\n")
        for found in one.diagnostics:
            if form == "github":
                console.line(_github(one.shown, found))
            else:
                _print_text(one.shown, found, lines, console)


def _print_text(file: str, found: Diagnostic, lines: Sequence[str], console: Console) -> None:
    if not console.terminal:
        console.line(found.at(file))
        return
    place = console.style(f"{file}:{found.range.line + 1}:{found.range.column + 1}", "bold")
    severity = console.style(found.severity, _STYLES[found.severity])
    console.line(f"{place}: {severity}: {found.message} {console.style(f'[{found.code}]', 'dim')}")
    if found.range.line < len(lines) and lines[found.range.line].strip():
        line = lines[found.range.line].replace("\t", " ")
        last = found.range.end_column if found.range.end_line == found.range.line else len(line)
        caret = "^" * max(1, min(last, len(line)) - found.range.column)
        number = f"{found.range.line + 1:>5} | "
        console.line(console.style(number, "dim") + line)
        console.line(" " * (len(number) + found.range.column) + console.style(caret, _STYLES[found.severity]))


def _json(checked: Checked) -> dict[str, Any]:
    return {
        "file": checked.shown,
        "flows": [{"namespace": namespace, "id": flow_id} for namespace, flow_id in checked.flows],
        "valid": checked.count("error") == 0,
        "diagnostics": [
            {
                "severity": found.severity,
                "code": found.code,
                "message": found.message,
                "path": found.path,
                "line": found.range.line + 1,
                "column": found.range.column + 1,
                "endLine": found.range.end_line + 1,
                "endColumn": found.range.end_column + 1,
                **({"fix": found.fix.title} if found.fix else {}),
            }
            for found in checked.diagnostics
        ],
    }


def _github(file: str, found: Diagnostic) -> str:
    """An annotation as the log of a GitHub workflow takes it."""
    kind = {"error": "error", "warning": "warning", "info": "notice"}[found.severity]
    place = (
        f"file={_escaped(file)},line={found.range.line + 1},col={found.range.column + 1},title={_escaped(found.code)}"
    )
    return f"::{kind} {place}::{found.message.replace('%', '%25').replace(chr(13), '%0D').replace(chr(10), '%0A')}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")


def _summary(checked: Sequence[Checked], console: Console) -> None:
    flows = sum(len(one.flows) for one in checked)
    errors, warnings = (sum(one.count(severity) for one in checked) for severity in ("error", "warning"))
    found = ", ".join(
        f"{count} {name}{'' if count == 1 else 's'}"
        for count, name in ((errors, "error"), (warnings, "warning"))
        if count
    )
    files = f"{len(checked)} file{'' if len(checked) == 1 else 's'}"
    fixable = sum(1 for one in checked for each in one.diagnostics if each.fix)
    if not found:
        console.narrate(f"{files}, {flows} flow{'' if flows == 1 else 's'}: no errors, no warnings.", "good")
        return
    hint = f" {fixable} can be mended with --fix." if fixable else ""
    console.narrate(f"{files}: {found}.{hint}", "bad" if errors else "warning")


COMMANDS = {
    "validate": Command(
        _arguments,
        _validate,
        details="Prints `file:line:column: severity: message [code]`. Exit code 2 when there is an error.",
        examples=(
            ("validate", "all flows of the workspace"),
            ("validate flows/sales_etl.yaml --strict", "one file; warnings count as errors"),
            ("validate -o github flows", "annotations for a GitHub workflow"),
        ),
    )
}
