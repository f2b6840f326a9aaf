"""`podium ps` and `podium runs`: lists of executions."""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from podium.base.clock import iso_instant
from podium.base.looks import short_duration, short_id, short_moment
from podium.cli.command import Arguments, Command, Parser, add_output, key_value
from podium.cli.errors import OK, UsageError
from podium.cli.moments import moment_or_age
from podium.cli.output import Cell, Console
from podium.cli.session import Session
from podium.engine.states import ALL_STATES, TERMINAL, canonical_state
from podium.store.index import SORTS, ExecutionFilter, Page
from podium.store.summaries import ExecutionSummary

_RUNNING: Sequence[str] = tuple(state for state in ALL_STATES if state not in TERMINAL)
_PAUSE = 1.0
"""Seconds between two pictures of `--watch`."""


def _state(text: str) -> str:
    try:
        return canonical_state(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _arguments(parser: Parser, limit: int) -> None:
    parser.add_argument("--flow", metavar="FLOW", help="Only executions of this flow: `id` or `namespace.id`.")
    parser.add_argument("--namespace", metavar="NAME", help="Only this namespace and those below it.")
    parser.add_argument(
        "--state", action="append", type=_state, default=[], metavar="STATE", help="Only this state; may be repeated."
    )
    parser.add_argument(
        "--label",
        action="append",
        type=key_value,
        default=[],
        metavar="KEY=VALUE",
        help="Only with this label; may be repeated.",
    )
    parser.add_argument(
        "--since",
        type=moment_or_age,
        metavar="WHEN",
        help="Only those that started after: `2h`, `3d`, `PT30M`, `2026-11-25`, `2026-11-25T14:00`.",
    )
    parser.add_argument("--until", type=moment_or_age, metavar="WHEN", help="Only those that started before.")
    parser.add_argument(
        "--text", metavar="TEXT", default="", help="Only with this text in id, flow, namespace or a label."
    )
    parser.add_argument("--parent", metavar="RUN", help="Only executions that this one started.")
    parser.add_argument(
        "--sort",
        action="append",
        default=[],
        metavar="KEY[:asc|:desc]",
        help=f"One of {', '.join(SORTS)}; default state.startDate:desc.",
    )
    parser.add_argument("--limit", type=int, default=limit, metavar="N", help=f"At most N; default {limit}.")
    parser.add_argument("-w", "--watch", action="store_true", help="Show it again whenever it changed, until Ctrl-C.")
    parser.add_argument("-q", "--quiet", action="store_true", help="Print whole ids only, for other commands.")
    add_output(parser)


def _filter(session: Session, arguments: Arguments, states: Sequence[str]) -> ExecutionFilter:
    namespace, _, flow_id = (arguments.flow or "").rpartition(".")
    parent = None
    if arguments.parent:
        from podium.cli.run_names import find_run

        parent = find_run(session, arguments.parent)
    return ExecutionFilter(
        namespace=namespace or None,
        namespace_prefix=arguments.namespace,
        flow_id=flow_id or None,
        states=arguments.state or states,
        labels=arguments.label,
        text=arguments.text,
        after=arguments.since,
        before=arguments.until,
        trigger_execution_id=parent,
    )


def _ps(arguments: Arguments, console: Console) -> int:
    return _list(arguments, console, _RUNNING, "Nothing runs.")


def _runs(arguments: Arguments, console: Console) -> int:
    return _list(arguments, console, (), "No execution is like that.")


def _list(arguments: Arguments, console: Console, states: Sequence[str], nothing: str) -> int:
    if arguments.limit < 1:
        raise UsageError("--limit must be 1 or more.", "runs")
    session = Session(arguments.workspace, console)
    if not session.used and not arguments.watch:
        _show(Page((), 0, 1, 1), arguments, console)
        console.narrate(f"Nothing ran in {session.workspace.root} yet.", "dim")
        return OK
    wanted = _filter(session, arguments, states)
    before: Page | None = None
    while True:
        page = session.executions.summaries(wanted, size=arguments.limit, sort=arguments.sort)
        if page != before or (console.terminal and any(run.end is None for run in page.items)):
            if arguments.watch and console.terminal:
                console.stdout.write("\x1b[H\x1b[2J")
            _show(page, arguments, console)
            if not page.items:
                console.narrate(nothing, "dim")
            elif page.total > len(page.items):
                console.narrate(f"{len(page.items)} of {page.total}; --limit shows more.", "dim")
            console.flush()
        if not arguments.watch:
            return OK
        before = page
        time.sleep(_PAUSE)


def _show(page: Page, arguments: Arguments, console: Console) -> None:
    if arguments.output == "json":
        document = [summary_json(run) for run in page.items]
        console.json_line(document) if arguments.watch else console.json(document)
    elif arguments.quiet:
        for run in page.items:
            console.line(run.id)
    elif page.items:
        now = datetime.now(UTC)
        console.table(
            ("ID", "STATE", "FLOW", "STARTED", "TOOK", "LABELS"), [_row(run, now, console) for run in page.items]
        )


def _row(run: ExecutionSummary, now: datetime, console: Console) -> list[Cell | str]:
    labels = " ".join(f"{key}={value}" for key, value in run.labels if not key.startswith("system."))
    length = run.duration if run.duration is not None else now - run.start
    took = short_duration(max(length, timedelta())) + ("" if run.end else " …" if not console.ascii_only else " ..")
    return [
        short_id(run.id),
        console.state(run.state),
        f"{run.namespace}.{run.flow_id}",
        short_moment(run.start, now),
        took,
        Cell(labels, "dim"),
    ]


def summary_json(run: ExecutionSummary) -> dict[str, Any]:
    """What the index knows of an execution, with Kestra's field names."""
    state: dict[str, Any] = {"current": run.state, "startDate": iso_instant(run.start)}
    if run.end is not None:
        state |= {"endDate": iso_instant(run.end), "duration": run.duration}
    document = {
        "id": run.id,
        "namespace": run.namespace,
        "flowId": run.flow_id,
        "flowRevision": run.revision,
        "state": state,
        "labels": [{"key": key, "value": value} for key, value in run.labels],
        "trigger": {"id": run.trigger_id, "type": run.trigger_type} if run.trigger_id else None,
        "parentId": run.parent_id,
        "originalId": run.original_id,
        "scheduleDate": run.schedule_date,
        "kind": run.kind,
    }
    return {key: value for key, value in document.items() if value is not None}


COMMANDS = {
    "ps": Command(
        lambda parser: _arguments(parser, 100),
        _ps,
        details="Everything that has no end yet: created, queued, running, paused, ending.",
        examples=(("ps -w", "watch what runs"), ("kill $(podium ps -q)", "end everything")),
    ),
    "runs": Command(
        lambda parser: _arguments(parser, 25),
        _runs,
        examples=(
            ("runs --flow api_example --state FAILED --since 7d", "the failures of a week"),
            ("runs --label team=data -o json", "as JSON, with Kestra's field names"),
        ),
    ),
}
