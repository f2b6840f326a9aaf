"""`podium run`: start a flow and follow it to its end."""

from podium.base.looks import look, short_id
from podium.cli.chosen_flow import add_flow, choose_flow
from podium.cli.command import Arguments, Command, Parser, add_output, key_value
from podium.cli.errors import OK, USAGE
from podium.cli.follow import Following, follow
from podium.cli.inputs import add_inputs, given_inputs
from podium.cli.lanes import add_lane_options, chosen_lines
from podium.cli.moments import length_of_time
from podium.cli.output import Console
from podium.cli.session import Session
from podium.model.flow import Flow

_DETAILS = """\
The log is printed as it grows: lines of Log tasks with their level, lines of scripts with `out |` or `err |`.
What happens to tasks goes to stderr, the outputs of the flow come last on stdout.

Ctrl-C ends the execution and everything it started, a second one does so at once. The execution is a process of its
own: when the terminal is closed it goes on, and `podium logs -f` finds it again.

Exit codes: 0 SUCCESS or WARNING, 1 FAILED, 2 nothing was started, 130 killed, cancelled or interrupted."""


def _arguments(parser: Parser) -> None:
    add_flow(parser)
    add_inputs(parser)
    parser.add_argument(
        "--label", action="append", type=key_value, default=[], metavar="KEY=VALUE", help="A label; may be repeated."
    )
    parser.add_argument("-d", "--detach", action="store_true", help="Print the id of the execution and return at once.")
    parser.add_argument(
        "--timeout", type=length_of_time, metavar="TIME", help="Kill it after this long: `30s`, `5m`, `PT1H`."
    )
    add_lane_options(parser, level=None)
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="Only the log and the outputs; with `-o json` only the execution."
    )
    add_output(parser)


def _run(arguments: Arguments, console: Console) -> int:
    from podium.runtime.refusals import NotCreated

    console.quiet = arguments.quiet
    chosen_log = chosen_lines(arguments.lane, arguments.level, arguments.task, arguments.grep)
    session = Session(arguments.workspace, console)
    chosen = choose_flow(session, arguments.flow, console)
    files = frozenset(declared.id for declared in chosen.flow.inputs if declared.type == "FILE")
    inputs = given_inputs(arguments, files)
    try:
        execution_id = session.executions.run(chosen.flow, inputs, labels=arguments.label, path=chosen.path)
    except NotCreated as error:
        console.error(str(error))
        if error.reason == "inputs":
            console.narrate(_usage(arguments.flow, chosen.flow), "dim")
        return USAGE
    if arguments.detach:
        console.json({"id": execution_id}) if arguments.output == "json" else console.line(execution_id)
        return OK
    console.narrate(
        f"{console.state_text('RUNNING')}  {chosen.flow.id}  {short_id(execution_id)}", look("RUNNING").tone
    )
    return follow(
        session,
        execution_id,
        Following(chosen_log, arguments.output, arguments.timeout, names=tuple(chosen.flow.tasks_by_id)),
        console,
    )


def _usage(name: str, flow: Flow) -> str:
    """What to type, with the inputs that the flow declares."""
    needed = [one for one in flow.inputs if one.required and one.defaults is None]
    optional = [one for one in flow.inputs if one not in needed]
    given = "".join(f" -i {one.id}={one.type}" for one in needed)
    rest = f"\nOptional: {', '.join(f'{one.id} ({one.type})' for one in optional)}" if optional else ""
    return f"podium run {name}{given}{rest}"


COMMANDS = {
    "run": Command(
        _arguments,
        _run,
        details=_DETAILS,
        examples=(
            ("run hello_world -i name=Ada", "a flow of the workspace"),
            ("run flows/sales_etl.yaml --lane log", "a file; only what Log tasks say"),
            ("run nightly -q -o json | jq .outputs", "for a program"),
            ("run nightly -i report=@today.csv --timeout 30m", "with a file, and with a limit"),
        ),
    )
}
