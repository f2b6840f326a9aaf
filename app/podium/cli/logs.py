"""`podium logs`: the log of an execution, all of it or as it grows."""

import time

from podium.base.looks import short_id
from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import OK, UsageError
from podium.cli.lanes import LinePrinter, LogTail, add_lane_options, chosen_lines
from podium.cli.output import Console
from podium.cli.run_names import add_run, find_run
from podium.cli.session import Session
from podium.store.logs import LogLine

_PAUSE = 0.1
"""Seconds between two looks at a log that is followed."""


def _arguments(parser: Parser) -> None:
    add_run(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="Go on printing until the execution ends.")
    add_lane_options(parser, level="TRACE")
    parser.add_argument(
        "--attempt", type=int, metavar="N", help="Only lines of this attempt of a task, counted from 1."
    )
    parser.add_argument("--tail", type=int, metavar="N", help="Only the last N of the lines that are meant.")
    parser.add_argument("--dates", action="store_true", help="Print the date too, not only the time.")
    add_output(parser, also=("raw",), lines=True)


def _logs(arguments: Arguments, console: Console) -> int:
    if arguments.tail is not None and arguments.tail < 0:
        raise UsageError("--tail counts lines: give 0 or more.", "logs")
    chosen = chosen_lines(arguments.lane, arguments.level, arguments.task, arguments.grep, arguments.attempt)
    session = Session(arguments.workspace, console)
    execution_id = find_run(session, arguments.run_name)
    executions = session.executions
    record = executions.record(execution_id)
    execution = executions.get(execution_id)
    names = {"namespace": execution.namespace, "flow_id": execution.flow_id, "execution_id": execution_id}
    printer = LinePrinter(console, arguments.dates, {run.task_id for run in execution.taskruns.values()})

    def show(line: LogLine) -> None:
        if arguments.output == "json":
            console.json_line(line.kestra(**names))
        elif arguments.output == "raw":
            console.line(console.output_text(line.message))
        else:
            printer.print(line)

    tail = LogTail(record.log, chosen)
    tail.refresh()
    if arguments.tail is not None:
        left_out = tail.skip_to_last(arguments.tail)
        if left_out:
            console.narrate(f"The last {tail.matching - left_out} of {tail.matching} lines:", "dim")
    while True:
        # Asked before the log is read: what is written before the end is then in it.
        over = not arguments.follow or not _goes_on(session, execution_id)
        tail.refresh()
        for line in tail.new():
            show(line)
        console.flush()
        if over:
            break
        time.sleep(_PAUSE)
    if not tail.total and not execution.terminal:
        console.narrate(f"The run {short_id(execution_id)} has no log yet; -f waits for it.", "dim")
    elif not tail.matching:
        console.narrate(f"None of the {tail.total} lines of the log is meant by these options.", "dim")
    return OK


def _goes_on(session: Session, execution_id: str) -> bool:
    """Whether more may be written: a paused execution goes on some day, and afterExecution follows the end."""
    return not session.executions.get(execution_id).terminal or session.executions.is_running(execution_id)


COMMANDS = {
    "logs": Command(
        _arguments,
        _logs,
        details="Columns: time, level, task, message. Lines of scripts have `out |` or `err |` instead of a level.",
        examples=(
            ("logs last -f", "follow the newest execution until it ends"),
            ("logs last --lane log", "only what Log tasks say"),
            ("logs 0VbQ3x --level WARN --grep '/time(d )?out/'", "warnings and errors about time-outs"),
            ("logs last --task load --lane stdout -o raw > load.txt", "exactly what a script printed"),
        ),
    )
}
