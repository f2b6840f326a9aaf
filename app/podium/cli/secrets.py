"""`podium secrets`: which secrets flows can read. Values are never shown."""

from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import OK
from podium.cli.output import Cell, Console
from podium.cli.session import Session
from podium.store.secrets import Secrets


def _arguments(parser: Parser) -> None:
    parser.add_argument("-n", "--namespace", metavar="NAME", help="Those that this namespace sees.")
    add_output(parser)


def _secrets(arguments: Arguments, console: Console) -> int:
    session = Session(arguments.workspace, console)
    names = Secrets(session.workspace, session.settings).names(arguments.namespace or _only(session))
    if arguments.output == "json":
        console.json([{"key": one.name, "source": one.source} for one in names])
    elif names:
        console.table(("NAME", "FROM"), [(one.name, Cell(one.source, "dim")) for one in names])
    else:
        files = " or ".join(session.settings.secrets.files)
        console.narrate(
            f"There are no secrets. Put NAME=value into {files}, or SECRET_NAME into the environment.", "dim"
        )
    return OK


def _only(session: Session) -> str | None:
    namespaces = session.workspace.namespaces()
    return namespaces[0] if len(namespaces) == 1 else None


COMMANDS = {
    "secrets": Command(
        _arguments,
        _secrets,
        details="Names and where their values come from, for `{{ secret('NAME') }}`. Values are never shown.",
    )
}
