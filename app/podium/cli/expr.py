"""`podium expr`: the value of an expression, alone, with values of your own, or as an execution sees it."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.base.masking import Masker
from podium.base.text import cell_width, clean, shorten
from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import FAILED, OK, CommandError, UsageError
from podium.cli.inputs import parse_map
from podium.cli.outcome import shown_value
from podium.cli.output import Cell, Console
from podium.cli.session import Session

if TYPE_CHECKING:
    from podium.expressions.errors import ExpressionError
    from podium.expressions.services import Services

_WIDEST_STEP = 80
_FOLDED = re.compile(r"\s*\n\s*")


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "text",
        metavar="TEXT",
        help="A text with `{{ }}` in it, or an expression alone; `-` reads it from stdin.",
    )
    parser.add_argument("--run", metavar="RUN", help="Evaluate it as this execution sees it.")
    parser.add_argument(
        "--task-run", metavar="TASK", help="With --run: as this task run sees it; `TASK[VALUE]` in a loop."
    )
    parser.add_argument(
        "--context", metavar="PATH", help="A YAML or JSON file with variables: `inputs`, `outputs`, ..."
    )
    parser.add_argument("--namespace", metavar="NAME", help="The namespace for kv(), secret() and read().")
    parser.add_argument(
        "--dialect",
        metavar="VERSION",
        help="The language of which Kestra: `1.x` (default; with --run that of its flow) or `2.x`.",
    )
    parser.add_argument("--trace", action="store_true", help="Show the value of every piece on the way to the result.")
    add_output(parser)


def _expr(arguments: Arguments, console: Console) -> int:
    if arguments.task_run and not arguments.run:
        raise UsageError("--task-run needs --run: it is a task run of that execution.", "expr")
    text = sys.stdin.read().rstrip("\n") if arguments.text == "-" else arguments.text
    if "{{" not in text and "{%" not in text:
        text = "{{ " + text + " }}"
    session = Session(arguments.workspace, console)
    context, services, dialect, masker = _surroundings(session, arguments)
    if arguments.context:
        context = {**context, **_file(arguments.context)}
    if arguments.dialect:
        dialect = _dialect(arguments.dialect)
    if arguments.trace:
        return _trace(text, context, services, dialect, masker, arguments.output, console)
    return _evaluate(text, context, services, dialect, masker, arguments.output, console)


def _dialect(given: str) -> str:
    from podium.expressions.operators import dialect_name

    try:
        return dialect_name(given)
    except ValueError as error:
        raise UsageError(f"--dialect: {error}", "expr") from None


def _file(name: str) -> dict[str, Any]:
    try:
        return parse_map(Path(name).read_text(encoding="utf-8-sig"), name)
    except FileNotFoundError as error:
        raise CommandError(f"there is no file {name}.") from error


def _surroundings(session: Session, arguments: Arguments) -> "tuple[Mapping[str, Any], Services, str, Masker]":
    """The variables, the services, the dialect, and what hides the secrets that come to light."""
    from podium.runtime.services import RuntimeServices
    from podium.runtime.surroundings import surroundings

    stores = session.stores
    if not arguments.run:
        namespace = arguments.namespace or _only_namespace(session)
        context = {**surroundings(stores, namespace), "flow": {"namespace": namespace}}
        masker = Masker()
        return context, RuntimeServices(stores, namespace, "", masker), "1.x", masker
    from podium.cli.control import task_run
    from podium.cli.run_names import find_run
    from podium.engine.plan import Plan
    from podium.engine.variables import Variables
    from podium.runtime.failed_task import FailedTask
    from podium.runtime.flows import Flows
    from podium.runtime.masks import masker_of

    execution_id = find_run(session, arguments.run)
    record = session.executions.record(execution_id)
    execution = record.load(clear=True).execution
    flow = Flows(stores, session.registry).of_record(record)
    masker = masker_of(stores, execution_id)
    variables = Variables(Plan(flow), execution, surroundings(stores, execution.namespace))
    services = RuntimeServices(
        stores, arguments.namespace or execution.namespace, execution.flow_id, masker, may_read=lambda _: True
    )
    if not arguments.task_run:
        return variables.of_execution(), services, flow.dialect, masker
    run = execution.taskruns[task_run(execution, arguments.task_run)]
    task = flow.tasks_by_id.get(run.task_id)
    if task is None:
        raise CommandError(f"the flow of this execution has no task {run.task_id}.")
    return FailedTask(flow, record).seen(variables.of_taskrun(run, task)), services, flow.dialect, masker


def _only_namespace(session: Session) -> str:
    namespaces = session.workspace.namespaces()
    return namespaces[0] if len(namespaces) == 1 else "default"


def _evaluate(
    text: str,
    context: Mapping[str, Any],
    services: "Services",
    dialect: str,
    masker: Masker,
    form: str,
    console: Console,
) -> int:
    from podium.expressions.errors import ExpressionError
    from podium.expressions.render import render, render_typed

    try:
        if form == "json":
            console.json({"result": _masked(render_typed(text, context, services, dialect=dialect), masker)})
        else:
            console.line(masker(render(text, context, services, dialect=dialect)))
    except ExpressionError as error:
        if form == "json":
            console.json({"result": None, **_described(error, masker)})
        _explain(text, error, masker, console)
        return FAILED
    return OK


def _trace(
    text: str,
    context: Mapping[str, Any],
    services: "Services",
    dialect: str,
    masker: Masker,
    form: str,
    console: Console,
) -> int:
    from podium.expressions.render import render_trace

    trace = render_trace(text, context, services, dialect=dialect)
    if form == "json":
        console.json(
            {
                "result": None if trace.result is None else masker(trace.result),
                **({"error": None} if trace.error is None else _described(trace.error, masker)),
                "steps": [
                    {
                        "start": step.start,
                        "end": step.end,
                        "text": text[step.start : step.end],
                        "value": _masked(step.value, masker),
                    }
                    for step in trace.steps
                ],
            }
        )
    else:
        rows = [
            (clean(text[step.start : step.end]), Cell(shorten(clean(masker(shown_value(step.value))), _WIDEST_STEP)))
            for step in trace.steps
        ]
        if rows:
            console.table(("PIECE", "VALUE"), rows)
            console.line()
        if trace.result is not None:
            console.line(masker(trace.result))
    if trace.error is not None:
        _explain(text, trace.error, masker, console)
        return FAILED
    return OK


def _described(error: "ExpressionError", masker: Masker) -> dict[str, Any]:
    """The error in its parts: `at` is the place in `template`, which is another text inside `render()`."""
    return {
        "error": masker(str(error)),
        "message": masker(error.message),
        "suggestion": None if error.suggestion is None else masker(error.suggestion),
        "template": masker(error.template),
        "at": {"line": error.line, "column": error.column, "offset": error.offset},
    }


def _explain(text: str, error: "ExpressionError", masker: Masker, console: Console) -> None:
    """The error with the place in the text: the text given, or one that `render()` met."""
    lines = masker(error.template or text).split("\n")
    if 0 < error.line <= len(lines):
        start = max(0, error.column - 1 - _WIDEST_STEP // 2)
        line = lines[error.line - 1][start : start + _WIDEST_STEP]
        before = line[: error.column - 1 - start]
        cut = "…" if start else ""
        console.narrate(f"  {cut}{clean(line)}")
        console.narrate("  " + " " * (len(cut) + cell_width(clean(before))) + "^", "bad")
    console.error(masker(_FOLDED.sub(" ", str(error))))


def _masked(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return masker(value)
    if isinstance(value, Mapping):
        return {masker(str(key)): _masked(item, masker) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item, masker) for item in value]
    return value


COMMANDS = {
    "expr": Command(
        _arguments,
        _expr,
        details="Prints the rendered text; with `-o json` the value itself. Secrets are masked.",
        examples=(
            ("expr '{{ [3, 1, 2] | sort | join(\"-\") }}'", "a filter, tried out"),
            ("expr outputs.load.vars.rows --run last", "a value of an execution"),
            ("expr '{{ taskrun.value | upper }}' --run last --task-run 'each[a]' --trace", "step by step"),
            ("expr 'inputs.day | date(\"EEEE\")' --context day.yaml", "with variables of your own"),
        ),
    )
}
