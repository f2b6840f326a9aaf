"""`podium restart`, `replay` and `mark-as`: taking an execution up again, with a preview of what that means."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from podium.base.looks import short_id
from podium.base.text import clean
from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.control import task_run
from podium.cli.errors import FAILED, OK, CommandError, UsageError
from podium.cli.follow import Following, follow
from podium.cli.inputs import add_inputs, given_inputs
from podium.cli.lanes import chosen_lines
from podium.cli.output import Cell, Console
from podium.cli.run_names import add_run, find_run
from podium.cli.session import Session
from podium.engine.restart import Fate
from podium.engine.states import TERMINAL, canonical_state

_FATE_STYLES = {"kept": "good", "rerun": "running", "removed": "warning"}


def _common(parser: Parser, preview: bool = True) -> None:
    if preview:
        parser.add_argument(
            "-n",
            "--dry-run",
            action="store_true",
            help="Only show what would be kept, done again and removed, and why.",
        )
    parser.add_argument("-d", "--detach", action="store_true", help="Print the id of what runs now and return at once.")
    parser.add_argument("-q", "--quiet", action="store_true", help="Only the log and the outputs.")
    add_output(parser)


def _revision(parser: Parser) -> None:
    parser.add_argument(
        "--revision",
        type=_number,
        metavar="N",
        help="Run this revision of the flow, or `latest` for the flow as it is now. Default: the one that ran.",
    )


def _number(text: str) -> int:
    if text == "latest":
        return 0
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"`{text}` is no revision; give its number or `latest`")


def _chosen_revision(session: Session, execution_id: str, given: int | None) -> int | None:
    """The number of a revision; for `latest`, the flow as its file says it now is kept as a revision first."""
    if given != 0:
        return given
    summary = session.executions.get(execution_id)
    file = session.workspace.find_flow(summary.flow_id, summary.namespace)
    return session.stores.revisions.keep(file.text, file.namespace, file.id)


# ---- restart ---------------------------------------------------------------------------------------------------


def _restart_arguments(parser: Parser) -> None:
    add_run(parser)
    _revision(parser)
    _common(parser)


def _restart(arguments: Arguments, console: Console) -> int:
    from podium.runtime.executions import Refused

    session = Session(arguments.workspace, console)
    execution_id = find_run(session, arguments.run_name)
    revision = _chosen_revision(session, execution_id, arguments.revision)
    try:
        if arguments.dry_run:
            fates = session.executions.preview_restart(execution_id, revision=revision)
            _print_fates(fates, arguments.output, console)
            return OK
        runs_now = session.executions.restart(execution_id, revision=revision)
    except Refused as error:
        name, state = short_id(execution_id), session.executions.get(execution_id).state
        again = f" `podium replay {name}` runs it again from the start." if state in TERMINAL else ""
        raise CommandError(f"{name} ({state}): {error}{again}", FAILED) from error
    return _go_on(session, runs_now, execution_id, arguments, console)


# ---- replay ----------------------------------------------------------------------------------------------------


def _replay_arguments(parser: Parser) -> None:
    add_run(parser)
    parser.add_argument(
        "--from",
        dest="task",
        metavar="TASK",
        help="Keep what was before this task, and run from there on; `TASK[VALUE]` in a loop. Default: from the start.",
    )
    add_inputs(parser, "Another value for an input")
    _revision(parser)
    _common(parser)


def _replay(arguments: Arguments, console: Console) -> int:
    session = Session(arguments.workspace, console)
    execution_id = find_run(session, arguments.run_name)
    execution = session.executions.get(execution_id)
    chosen = task_run(execution, arguments.task) if arguments.task else None
    revision = _chosen_revision(session, execution_id, arguments.revision)
    changed = given_inputs(arguments)
    if arguments.dry_run:
        fates = session.executions.preview_replay(execution_id, taskrun_id=chosen, revision=revision)
        if not fates:
            console.narrate("Everything runs again, with the same inputs.", "dim")
        _print_fates(fates, arguments.output, console)
        return OK
    inputs = {**execution.inputs, **changed} if changed else None
    new_id = session.executions.replay(execution_id, taskrun_id=chosen, inputs=inputs, revision=revision)
    return _go_on(session, new_id, execution_id, arguments, console)


# ---- mark-as ---------------------------------------------------------------------------------------------------


def _mark_arguments(parser: Parser) -> None:
    add_run(parser)
    parser.add_argument(
        "state", metavar="STATE", help="The new state: SUCCESS, WARNING, FAILED, or another one that is an end."
    )
    parser.add_argument(
        "--task",
        metavar="TASK",
        help="The task run to mark, by its task (`TASK[VALUE]` in a loop) or id; the execution goes on from there. "
        "Default: the execution itself; then nothing runs.",
    )
    _common(parser, preview=False)


def _mark_as(arguments: Arguments, console: Console) -> int:
    try:
        state = canonical_state(arguments.state)
    except ValueError as error:
        raise UsageError(f"{error}.", "mark-as") from error
    if state not in TERMINAL:
        raise UsageError(f"{state} is no end; mark as one of {', '.join(sorted(TERMINAL))}.", "mark-as")
    session = Session(arguments.workspace, console)
    execution_id = find_run(session, arguments.run_name)
    chosen = task_run(session.executions.get(execution_id), arguments.task) if arguments.task else None
    session.executions.change_state(execution_id, state, taskrun_id=chosen)
    if chosen is None:
        console.narrate(f"{short_id(execution_id)}: {state}")
        return OK
    return _go_on(session, execution_id, execution_id, arguments, console)


# ---- what all of them do ---------------------------------------------------------------------------------------


def _go_on(session: Session, runs_now: str, before: str, arguments: Arguments, console: Console) -> int:
    console.quiet = arguments.quiet
    if arguments.detach:
        console.json({"id": runs_now}) if arguments.output == "json" else console.line(runs_now)
        return OK
    console.narrate(
        f"{short_id(before)} goes on"
        if runs_now == before
        else f"{short_id(before)} runs again as {short_id(runs_now)}"
    )
    names = tuple({run.task_id for run in session.executions.get(runs_now).taskruns.values()})
    chosen = chosen_lines("all", None, None, None)
    return follow(
        session, runs_now, Following(chosen, arguments.output, from_now=runs_now == before, names=names), console
    )


def _print_fates(fates: Sequence[Fate], form: str, console: Console) -> None:
    if form == "json":
        names = {"taskrun_id": "taskRunId", "task_id": "taskId"}
        console.json([{names.get(key, key): value for key, value in asdict(fate).items()} for fate in fates])
        return
    rows = [
        (
            Cell(fate.fate, _FATE_STYLES.get(fate.fate, "")),
            clean(fate.task_id) + (f"[{clean(fate.value)}]" if fate.value is not None else ""),
            Cell(fate.reason, "dim"),
        )
        for fate in sorted(
            fates, key=lambda fate: list(_FATE_STYLES).index(fate.fate) if fate.fate in _FATE_STYLES else 9
        )
    ]
    if rows:
        console.table(("WHAT", "TASK", "WHY"), rows)
        again = sum(1 for fate in fates if fate.fate != "kept")
        console.narrate(f"{len(fates) - again} kept, {again} done again or removed. Nothing was changed.", "dim")


COMMANDS = {
    "restart": Command(
        _restart_arguments,
        _restart,
        details="The same execution goes on from its failed, killed or paused task runs; what succeeded is kept. With "
        "--revision\na new execution does so, with another text of the flow.",
        examples=(
            ("restart last --dry-run", "what would be kept and what runs again"),
            ("restart last --revision latest", "after the flow was mended"),
        ),
    ),
    "replay": Command(
        _replay_arguments,
        _replay,
        examples=(
            ("replay last", "the same again, as a new execution"),
            ("replay last --from load -i limit=10", "keep what was before `load`, with another input"),
        ),
    ),
    "mark-as": Command(
        _mark_arguments,
        _mark_as,
        examples=(("mark-as last SUCCESS --task load", "treat `load` as done and go on"),),
    ),
}
