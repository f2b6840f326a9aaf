"""`podium show`: one execution as a whole, the error of a failed one first."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.base.looks import look, short_duration, short_moment
from podium.base.text import cell_width, clean, shorten
from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import OK, CommandError
from podium.cli.outcome import failures, print_outputs, shown_value, task_outputs, value_at
from podium.cli.output import Console
from podium.cli.run_names import add_run, find_run
from podium.cli.session import Session
from podium.engine.execution import Execution, TaskRun

if TYPE_CHECKING:
    from podium.base.masking import Masker

_LONGEST_INPUT = 60


def _arguments(parser: Parser) -> None:
    add_run(parser)
    parser.add_argument(
        "--outputs",
        nargs="?",
        const="",
        metavar="PATH",
        help="Print only the outputs of task runs, or the one at PATH: `task.vars.rows`, `task['a value'].uri`.",
    )
    parser.add_argument("--attempts", action="store_true", help="Show every attempt of a task run.")
    parser.add_argument("--metrics", action="store_true", help="Print only the metrics of task runs.")
    parser.add_argument("--flow", action="store_true", help="Print the flow as it ran.")
    add_output(parser)


def _show(arguments: Arguments, console: Console) -> int:
    from podium.runtime.kestra_json import metric_documents, shown_execution
    from podium.runtime.masks import masker_of

    session = Session(arguments.workspace, console)
    execution_id = find_run(session, arguments.run_name)
    execution = session.executions.get(execution_id)
    record = session.executions.record(execution_id)
    masker = masker_of(session.stores, execution_id)
    if arguments.flow:
        console.line(record.flow_source().rstrip("\n"))
    elif arguments.outputs is not None:
        _print_value(masker.value(task_outputs(execution)), arguments.outputs, arguments.output, console)
    elif arguments.metrics:
        _print_metrics(
            list(metric_documents(record, execution.namespace, execution.flow_id)), arguments.output, console
        )
    elif arguments.output == "json":
        console.json(shown_execution(session.stores, execution, datetime.now(UTC)))
    else:
        _print(execution, record.log, masker, arguments.attempts, console)
    return OK


def _print_value(outputs: Mapping[str, Any], path: str, form: str, console: Console) -> None:
    try:
        value = value_at(outputs, path)
    except KeyError as error:
        raise CommandError(str(error.args[0])) from error
    if form == "json" or isinstance(value, (Mapping, list, tuple)):
        console.json(value)
    else:
        console.line(shown_value(value))


def _print_metrics(metrics: list[dict[str, Any]], form: str, console: Console) -> None:
    if form == "json":
        console.json(metrics)
    elif metrics:
        rows = [
            (one["taskId"], one["type"], one["name"], shown_value(one["value"]), _pairs(one["tags"].items()))
            for one in metrics
        ]
        console.table(("TASK", "TYPE", "NAME", "VALUE", "TAGS"), rows)
    else:
        console.narrate("This execution has no metrics.", "dim")


def _print(execution: Execution, log: Path, masker: "Masker", attempts: bool, console: Console) -> None:
    now = datetime.now(UTC)
    _print_head(execution, now, masker, console)
    for failure in failures(execution, log):
        console.line()
        console.line(console.style(failure.title, "bad"))
        for line in failure.lines:
            console.line(f"  {console.output_text(masker(line))}")
    if execution.taskruns:
        console.line()
        _print_tree(execution, now, attempts, console)
    for title, outputs in (
        ("Outputs of tasks", task_outputs(execution)),
        ("Outputs of the flow", execution.outputs or {}),
    ):
        if any(outputs.values()):
            console.line()
            console.line(console.style(title, "bold"))
            print_outputs(masker.value(outputs), console)


def _print_head(execution: Execution, now: datetime, masker: "Masker", console: Console) -> None:
    length = (execution.end or now) - execution.start
    state = console.style(console.state_text(execution.state), look(execution.state).tone)
    console.line(f"{console.style(execution.flow_id, 'bold')}  {execution.id}  {state}  {short_duration(length)}")
    trigger = f"trigger {execution.trigger.get('id')}" if execution.trigger else "manual"
    facts = [
        ("namespace", f"{execution.namespace}, revision {execution.revision}"),
        ("started", f"{short_moment(execution.start, now)}, {trigger}"),
        ("inputs", _pairs(masker.value(execution.inputs).items())),
        ("labels", _pairs(label for label in execution.labels if not label[0].startswith("system."))),
        ("variables", _pairs(masker.value(execution.variables or {}).items())),
        ("parent", execution.parent_id or ""),
        ("original", execution.original_id if execution.original_id != execution.id else ""),
        ("attempt", str(execution.attempt_number) if execution.attempt_number > 1 else ""),
    ]
    for name, text in facts:
        if text:
            console.line(f"  {console.style(f'{name:<9}', 'dim')}  {text}")


def _pairs(pairs: Any) -> str:
    return "  ".join(f"{clean(str(key))}={shorten(shown_value(value), _LONGEST_INPUT)}" for key, value in pairs)


# ---- the tree --------------------------------------------------------------------------------------------------


def _print_tree(execution: Execution, now: datetime, attempts: bool, console: Console) -> None:
    rows = list(_rows(execution))
    width = max(cell_width(name) for name, _ in rows)
    for name, run in rows:
        state = console.style(console.state_text(run.state), look(run.state).tone)
        padding = " " * (width - cell_width(name) + 2)
        gap = " " * max(0, 11 - len(console.state_text(run.state)))
        length = "" if run.state in ("SKIPPED", "CREATED") else short_duration((run.end or now) - run.start)
        console.line(f"{name}{padding}{state}{gap}  {length:>7}{_remarks(run)}".rstrip())
        if attempts:
            for number, attempt in enumerate(run.attempts, 1):
                tried = short_duration(attempt.histories[-1][1] - attempt.histories[0][1])
                console.line(
                    console.style(f"{' ' * width}  #{number} {console.state_text(attempt.state)}  {tried}", "dim")
                )


def _rows(execution: Execution) -> Iterator[tuple[str, TaskRun]]:
    below: dict[str | None, list[TaskRun]] = {}
    for run in execution.taskruns.values():
        below.setdefault(run.parent if run.parent in execution.taskruns else None, []).append(run)
    pending = [(run, "") for run in reversed(below.get(None, []))]
    while pending:
        run, indent = pending.pop()
        value = f" [{shorten(clean(run.value), 40)}]" if run.value is not None else ""
        yield f"{indent}{clean(run.task_id)}{value}", run
        pending += [(child, indent + "  ") for child in reversed(below.get(run.id, []))]


def _remarks(run: TaskRun) -> str:
    remarks = []
    if len(run.attempts) > 1:
        remarks.append(f"{len(run.attempts)} attempts")
    remarks += [f"started {child}" for child in run.children]
    return f"  {', '.join(remarks)}" if remarks else ""


COMMANDS: Mapping[str, Command] = {
    "show": Command(
        _arguments,
        _show,
        examples=(
            ("show last", "what the newest execution did"),
            ("show last:sales_etl --outputs load.vars.rows", "one value, for a script"),
            ("show 0VbQ3x -o json | jq .state.current", "everything, with Kestra's field names"),
        ),
    )
}
