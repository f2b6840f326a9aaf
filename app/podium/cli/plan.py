"""`podium plan`: what a flow would do, as far as that is known before it runs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from podium.base.text import clean, shorten
from podium.cli.chosen_flow import add_flow, choose_flow
from podium.cli.command import Arguments, Command, Parser, add_output, key_value
from podium.cli.errors import FAILED, OK
from podium.cli.inputs import add_inputs, given_inputs
from podium.cli.outcome import shown_value
from podium.cli.output import Console
from podium.cli.run_names import HELP, find_run
from podium.cli.session import Session

if TYPE_CHECKING:
    from podium.runtime.plan import FlowPlan, PlannedTask, PlannedValue

_DETAILS = """\
Nothing runs and nothing is sent. Values that only a run can tell are marked `?`, those of an earlier execution `~`,
and expressions that would fail `✗`. Exit code 1 when a run would not start or a task would fail."""

_WIDEST = 100
_FATE_STYLES = {"runs": "good", "skipped": "dim", "disabled": "dim", "not chosen": "dim", "may run": "warning"}


def _arguments(parser: Parser) -> None:
    add_flow(parser)
    add_inputs(parser)
    parser.add_argument(
        "--label", action="append", type=key_value, default=[], metavar="KEY=VALUE", help="A label; may be repeated."
    )
    parser.add_argument("--run", metavar="RUN", help="Take outputs that are not there yet from this execution. " + HELP)
    parser.add_argument("--tasks-only", action="store_true", help="Leave the properties of tasks out.")
    add_output(parser)


def _plan(arguments: Arguments, console: Console) -> int:
    from podium.runtime.plan import plan_flow

    session = Session(arguments.workspace, console)
    chosen = choose_flow(session, arguments.flow, console)
    files = frozenset(declared.id for declared in chosen.flow.inputs if declared.type == "FILE")
    executions = session.executions
    earlier = executions.get(find_run(session, arguments.run)) if arguments.run else None
    plan = plan_flow(
        session.stores,
        session.registry,
        executions.creation,
        chosen.flow,
        given_inputs(arguments, files),
        labels=arguments.label,
        earlier=earlier,
    )
    if arguments.output == "json":
        console.json(plan.json())
    else:
        for line in _lines(plan, arguments.tasks_only, console):
            console.line(line.rstrip())
    return FAILED if plan.problems else OK


def _lines(plan: "FlowPlan", tasks_only: bool, console: Console) -> Iterator[str]:
    yield console.style(f"{plan.namespace}.{plan.flow_id}", "bold")
    for name, value in plan.inputs.items():
        yield f"  {console.style(f'inputs.{name}', 'dim')}  {_short(value)}"
    for lane in plan.lanes:
        if lane.tasks:
            yield ""
            yield console.style(lane.name, "bold") + _fate(lane.fate, console)
            for task in lane.tasks:
                yield from _task(task, "  ", tasks_only, console)
    if plan.outputs:
        yield ""
        yield console.style("outputs", "bold")
        yield from (_value(one, "  ", console) for one in plan.outputs)
    if plan.needs:
        yield ""
        yield console.style("needs", "bold")
        for need in plan.needs:
            mark = {True: console.style("✓", "good"), False: console.style("✗", "bad"), None: "?"}[need.there]
            note = f"  {console.style(need.note, 'dim')}" if need.note else ""
            yield f"  {mark} {need.kind} {clean(need.name)}{note}"
    if plan.queue:
        yield ""
        yield plan.queue
    if plan.problems:
        yield ""
        yield console.style("problems", "bad")
        yield from (f"  {clean(problem)}" for problem in plan.problems)


def _task(task: "PlannedTask", indent: str, tasks_only: bool, console: Console) -> Iterator[str]:
    kind = task.type.rpartition(".")[2]
    elsewhere = "" if task.local else "  runs on a Kestra server only"
    name = f"{console.style(task.id, 'bold')}  {console.style(kind, 'dim')}"
    yield f"{indent}{name}{_fate(task.fate, console, task.reason)}{console.style(elsewhere, 'warning')}"
    if task.decision:
        yield f"{indent}  {task.decision}"
    if task.values is not None:
        shown = ", ".join(shorten(clean(value), 30) for value in task.values[:8])
        more = f" and {len(task.values) - 8} more" if len(task.values) > 8 else ""
        yield f"{indent}  {len(task.values)} values: {shown}{more}"
    if not tasks_only:
        yield from (_value(one, indent + "  ", console) for one in task.properties)
    for lane in task.lanes:
        inner = indent + "  "
        if lane.name != "tasks":
            yield f"{inner}{lane.name}{_fate(lane.fate, console)}"
            inner += "  "
        for child in lane.tasks:
            yield from _task(child, inner, tasks_only, console)


def _fate(fate: str, console: Console, reason: str = "") -> str:
    if fate == "runs" and not reason:
        return ""
    text = f"  {fate}" + (f": {reason}" if reason else "")
    return console.style(text, _FATE_STYLES.get(fate, "waiting"))


def _value(value: "PlannedValue", indent: str, console: Console) -> str:
    name = console.style(value.name, "dim")
    if value.certainty == "known":
        return f"{indent}{name}  {_short(value.value)}"
    if value.certainty == "earlier":
        return f"{indent}{name}  ~ {_short(value.value)}"
    mark = console.style("x" if console.ascii_only else "✗", "bad") if value.certainty == "wrong" else "?"
    return f"{indent}{name}  {mark} {_short(value.written)}  {console.style(clean(value.reason), 'dim')}"


def _short(value: Any) -> str:
    return shorten(clean(shown_value(value)), _WIDEST)


COMMANDS = {
    "plan": Command(
        _arguments,
        _plan,
        details=_DETAILS,
        examples=(
            ("plan sales_etl", "rendered values, branches, loops, and what the flow needs"),
            ("plan sales_etl --run last -o json", "with the outputs of the newest execution"),
        ),
    )
}
