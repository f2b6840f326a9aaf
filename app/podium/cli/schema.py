"""`podium schema`: the JSON Schema of flows, for editors that complete and check with one."""

from podium.cli.command import Arguments, Command, Parser
from podium.cli.errors import OK
from podium.cli.output import Console
from podium.cli.session import Session


def _arguments(parser: Parser) -> None:
    """The command has no arguments of its own."""


def _schema(arguments: Arguments, console: Console) -> int:
    from podium.model.json_schema import flow_schema

    console.json(flow_schema(Session(arguments.workspace, console).registry))
    return OK


COMMANDS = {
    "schema": Command(
        _arguments,
        _schema,
        details="Prints the JSON Schema of a flow on stdout, with the types of the plugins of this workspace. "
        "The YAML language server of most editors reads it: put "
        "`# yaml-language-server: $schema=flow.schema.json` into the first line of a flow.",
        examples=(("schema > flow.schema.json", "a schema that other editors can use"),),
    )
}
