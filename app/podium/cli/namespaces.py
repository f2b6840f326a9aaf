"""Which namespace a command is about."""

from podium.cli.command import Arguments, Parser
from podium.cli.errors import UsageError
from podium.cli.session import Session


def add_namespace(parser: Parser) -> None:
    """`-n`: the namespace; not needed where the workspace has only one."""
    parser.add_argument(
        "-n", "--namespace", metavar="NAME", help="The namespace; not needed when the workspace has only one."
    )


def chosen_namespace(session: Session, arguments: Arguments) -> str:
    """The namespace that is meant. Raises UsageError that lists them when the choice is open."""
    if arguments.namespace:
        return str(arguments.namespace)
    namespaces = session.workspace.namespaces()
    if len(namespaces) == 1:
        return namespaces[0]
    if not namespaces:
        raise UsageError("name the namespace with -n: there is no flow here that tells it.")
    shown = ", ".join(namespaces[:10]) + (" …" if len(namespaces) > 10 else "")
    raise UsageError(f"name the namespace with -n: there are {shown}.")
