"""Which flow a user means by FLOW: an id, `namespace.id`, a file, or `-` for stdin."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from podium.cli.command import Parser
from podium.cli.errors import USAGE, CommandError
from podium.cli.output import Console
from podium.cli.session import Session
from podium.model.flow import Flow
from podium.store.errors import StoreError
from podium.store.flow_files import FlowFile

HELP = "A flow: its id, `namespace.id`, a file, or `-` to read one from stdin."


@dataclass(frozen=True, slots=True)
class ChosenFlow:
    """A flow that can run; `path` is its file, None for one that was read from stdin."""

    flow: Flow
    path: Path | None


def add_flow(parser: Parser) -> None:
    """The argument FLOW."""
    parser.add_argument("flow", metavar="FLOW", help=HELP)


def choose_flow(session: Session, text: str, console: Console) -> ChosenFlow:
    """Find the flow and load it. An invalid one is explained on stderr; raises CommandError, StoreError."""
    if text == "-":
        return _loaded(session, sys.stdin.read(), None, "<stdin>", 0, console)
    path = Path(text)
    if path.is_file():
        return _of_file(session, path, console)
    if path.suffix in (".yaml", ".yml") or path.is_dir():
        what = "is a directory" if path.is_dir() else "does not exist"
        raise CommandError(f"the file {text} {what}. {_known(session)}")
    file = find_flow(session, text)
    return _loaded(session, file.text, file.path, session.shown(file.path), file.line, console)


def find_flow(session: Session, text: str) -> FlowFile:
    """A flow of the workspace by `id` or `namespace.id`; raises StoreError."""
    workspace = session.workspace
    flows = workspace.flow_files()
    whole = [flow for flow in flows if f"{flow.namespace}.{flow.id}" == text]
    if whole:
        return workspace.find_flow(whole[0].id, whole[0].namespace)
    if not any(flow.id == text for flow in flows):
        namespace, _, flow_id = text.rpartition(".")
        if namespace and any(flow.namespace == namespace for flow in flows):
            return workspace.find_flow(flow_id, namespace)
    return workspace.find_flow(text)


def _of_file(session: Session, path: Path, console: Console) -> ChosenFlow:
    from podium.cli.validate import read_text
    from podium.store.flow_files import sniff_flows

    text = read_text(path, session.shown(path.resolve()))
    flows = sniff_flows(path, text)
    if len(flows) > 1:
        names = ", ".join(flow.id for flow in flows)
        raise CommandError(f"{path} holds {len(flows)} flows: {names}. Name one of them instead of the file.")
    return _loaded(session, text, path.resolve(), session.shown(path), 0, console)


def _loaded(
    session: Session, text: str, path: Path | None, shown: str, first_line: int, console: Console
) -> ChosenFlow:
    from podium.model.loader import load_flow

    loaded = load_flow(text, session.registry, defaults=session.plugin_defaults)
    if loaded.flow is None:
        for found in loaded.errors:
            place = replace(found.range, line=found.range.line + first_line, end_line=found.range.end_line + first_line)
            console.narrate(replace(found, range=place).at(shown))
        count = len(loaded.errors)
        raise CommandError(f"{shown} cannot run: {count} error{'' if count == 1 else 's'}. Nothing was started.", USAGE)
    warnings = sum(1 for found in loaded.diagnostics if found.severity == "warning")
    if warnings:
        console.narrate(
            f"{shown}: {warnings} warning{'' if warnings == 1 else 's'}; podium validate {shown}", "warning"
        )
    return ChosenFlow(loaded.flow, path)


def _known(session: Session) -> str:
    try:
        ids = sorted({flow.id for flow in session.workspace.flow_files()})
    except StoreError:
        ids = []
    if not ids:
        return "A flow is a YAML file with `id:`, `namespace:` and `tasks:` at its top level."
    return f"The flows of the workspace: {', '.join(ids[:10])}{' …' if len(ids) > 10 else ''}."
