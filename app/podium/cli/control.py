"""Commands that act on executions while they run, wait or queue: what they want is left for the runner."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podium.base.looks import look, short_id
from podium.cli.command import Arguments, Command, Parser, add_output, key_value
from podium.cli.errors import FAILED, INTERRUPTED, OK, TIMED_OUT
from podium.cli.inputs import add_inputs, given_inputs
from podium.cli.moments import length_of_time
from podium.cli.output import Console
from podium.cli.run_names import add_run, find_run
from podium.cli.session import Session
from podium.engine.execution import Execution

_CODES: Mapping[str, int] = {
    "SUCCESS": OK,
    "WARNING": OK,
    "SKIPPED": OK,
    "FAILED": FAILED,
    "RETRIED": FAILED,
    "KILLED": INTERRUPTED,
    "CANCELLED": INTERRUPTED,
}


def exit_code(state: str) -> int:
    """The exit code that stands for the final state of an execution."""
    return _CODES.get(state, FAILED)


def each_run(
    arguments: Arguments, console: Console, act: Callable[[Session, str], str], names: Sequence[str] | None = None
) -> int:
    """Do the same with every RUN; one that refuses does not keep the others from it."""
    from podium.runtime.executions import Refused

    session = Session(arguments.workspace, console)
    code = OK
    for execution_id in [find_run(session, name) for name in names or arguments.runs]:
        try:
            done = act(session, execution_id)
        except Refused as error:
            console.error(f"{short_id(execution_id)}: {error}")
            code = FAILED
        else:
            console.narrate(f"{short_id(execution_id)}: {done}")
    return code


# ---- kill, pause, resume ---------------------------------------------------------------------------------------


def _kill_arguments(parser: Parser) -> None:
    add_run(parser, many=True)
    parser.add_argument("--hard", action="store_true", help="KILL at once, without a period of grace.")
    parser.add_argument("--wait", action="store_true", help="Return only when they have ended.")


def _kill(arguments: Arguments, console: Console) -> int:
    def act(session: Session, execution_id: str) -> str:
        session.executions.kill(execution_id, hard=arguments.hard)
        if not arguments.wait:
            return "is being killed"
        return f"is {session.executions.wait(execution_id).state} now"

    return each_run(arguments, console, act)


def _pause(arguments: Arguments, console: Console) -> int:
    def act(session: Session, execution_id: str) -> str:
        session.executions.pause(execution_id)
        return f"pauses when its running tasks are done; podium resume {short_id(execution_id)} lets it go on"

    return each_run(arguments, console, act)


def _resume_arguments(parser: Parser) -> None:
    add_run(parser, many=True)
    add_inputs(parser, "Values for the inputs of the Pause task (`onResume`)")
    parser.add_argument("--task", metavar="TASK", help="The Pause task to end, if several wait; default: the first.")


def _resume(arguments: Arguments, console: Console) -> int:
    inputs = given_inputs(arguments)

    def act(session: Session, execution_id: str) -> str:
        chosen = None
        if arguments.task:
            chosen = task_run(session.executions.get(execution_id), arguments.task, state="PAUSED")
        session.executions.resume(execution_id, inputs or None, taskrun_id=chosen)
        return "goes on"

    return each_run(arguments, console, act)


def task_run(execution: Execution, text: str, state: str | None = None) -> str:
    """The id of a task run from its id, or its task's id, `task[value]` within a loop; the newest if several fit.

    Raises CommandError that names the task runs there are.
    """
    from podium.cli.errors import CommandError

    if text in execution.taskruns:
        return text
    task, bracket, rest = text.partition("[")
    value = rest.removesuffix("]") if bracket else None
    fitting = [
        run
        for run in execution.taskruns.values()
        if run.task_id == task and (value is None or run.value == value) and state in (None, run.state)
    ]
    if not fitting:
        there = dict.fromkeys(run.task_id for run in execution.taskruns.values() if state in (None, run.state))
        known = f"there are {', '.join(there)}" if there else "there is none"
        what = f"{state} task run" if state else "task run"
        raise CommandError(f"the execution {short_id(execution.id)} has no {what} {text}; {known}.")
    if value is None and len({run.value for run in fitting}) > 1:
        values = ", ".join(f"{task}[{run.value}]" for run in fitting[:8])
        raise CommandError(f"the task {task} ran several times; say which one: {values}.")
    return fitting[-1].id


# ---- the queue -------------------------------------------------------------------------------------------------


def _force_run(arguments: Arguments, console: Console) -> int:
    def act(session: Session, execution_id: str) -> str:
        session.executions.force_run(execution_id)
        return "starts now"

    return each_run(arguments, console, act)


def _unqueue_arguments(parser: Parser) -> None:
    add_run(parser, many=True)
    parser.add_argument(
        "--state",
        choices=("RUNNING", "CANCELLED", "FAILED"),
        default="RUNNING",
        type=str.upper,
        metavar="STATE",
        help="What becomes of it: RUNNING (default), CANCELLED or FAILED.",
    )


def _unqueue(arguments: Arguments, console: Console) -> int:
    def act(session: Session, execution_id: str) -> str:
        session.executions.unqueue(execution_id, arguments.state)
        return f"left the queue: {arguments.state}"

    return each_run(arguments, console, act)


# ---- labels, deleting ------------------------------------------------------------------------------------------


def _labels_arguments(parser: Parser) -> None:
    parser.add_argument("run_name", metavar="RUN", help="The execution.")
    parser.add_argument("labels", nargs="+", type=key_value, metavar="KEY=VALUE", help="Labels to add or to change.")


def _set_labels(arguments: Arguments, console: Console) -> int:
    labels = dict(arguments.labels)

    def act(session: Session, execution_id: str) -> str:
        session.executions.set_labels(execution_id, labels)
        return " ".join(f"{key}={value}" for key, value in labels.items())

    return each_run(arguments, console, act, names=[arguments.run_name])


def _delete_arguments(parser: Parser) -> None:
    add_run(parser, many=True)
    parser.add_argument("--force", action="store_true", help="Kill it first if it has not ended.")


def _delete(arguments: Arguments, console: Console) -> int:
    def act(session: Session, execution_id: str) -> str:
        session.executions.delete(execution_id, force=arguments.force)
        return "is deleted, with its log and its files"

    return each_run(arguments, console, act)


# ---- waiting ---------------------------------------------------------------------------------------------------


def _wait_arguments(parser: Parser) -> None:
    add_run(parser, many=True)
    parser.add_argument(
        "--timeout", type=length_of_time, metavar="TIME", help="Give up after this long: `30s`, `5m`, `PT1H`."
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="Say nothing; the exit code tells.")
    add_output(parser)


def _wait(arguments: Arguments, console: Console) -> int:
    import time
    from datetime import timedelta

    from podium.runtime.kestra_json import shown_execution

    console.quiet = arguments.quiet
    session = Session(arguments.workspace, console)
    deadline = None if arguments.timeout is None else time.monotonic() + arguments.timeout.total_seconds()
    code = OK
    documents: list[dict[str, Any]] = []
    for execution_id in [find_run(session, name) for name in arguments.runs]:
        left = None if deadline is None else timedelta(seconds=max(0.0, deadline - time.monotonic()))
        execution = session.executions.wait(execution_id, left)
        documents.append(shown_execution(session.stores, execution))
        if execution.terminal:
            code = max(code, exit_code(execution.state))
            console.narrate(
                f"{short_id(execution_id)}: {console.state_text(execution.state)}", look(execution.state).tone
            )
        else:
            console.warn(f"{short_id(execution_id)} is still {execution.state}: the time is over.")
            code = max(code, TIMED_OUT)
    if arguments.output == "json":
        console.line(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False))
    return code


def _many(parser: Parser) -> None:
    add_run(parser, many=True)


COMMANDS = {
    "kill": Command(
        _kill_arguments,
        _kill,
        details="Scripts get TERM, and KILL after a period of grace; children are killed as well.",
        examples=(("kill last", "end the newest execution"), ("kill --hard --wait 0VbQ3x", "at once, and see it end")),
    ),
    "pause": Command(_many, _pause),
    "resume": Command(
        _resume_arguments,
        _resume,
        examples=(("resume last -i approved=true", "answer the form of a Pause task"),),
    ),
    "force-run": Command(_many, _force_run),
    "unqueue": Command(_unqueue_arguments, _unqueue),
    "set-labels": Command(
        _labels_arguments, _set_labels, examples=(("set-labels last team=data checked=yes", "two labels"),)
    ),
    "delete": Command(_delete_arguments, _delete),
    "wait": Command(
        _wait_arguments,
        _wait,
        details="Exit codes: 0 all succeeded, 1 one failed, 124 the time was over, 130 one was killed or cancelled.",
        examples=(("wait last --timeout 10m", "in a script"),),
    ),
}
