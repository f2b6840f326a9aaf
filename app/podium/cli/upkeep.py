"""`podium gc` and `podium doctor`: keeping a workspace small and sound."""

from typing import TYPE_CHECKING

from podium.base.looks import short_id
from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import FAILED, OK
from podium.cli.moments import length_of_time
from podium.cli.output import Cell, Console
from podium.cli.session import Session

if TYPE_CHECKING:
    from podium.runtime.retention import RetentionPlan

_MARKS = {"ok": ("✓", "+", "good"), "warning": ("!", "!", "warning"), "error": ("✗", "x", "bad")}


# ---- gc --------------------------------------------------------------------------------------------------------


def _gc_arguments(parser: Parser) -> None:
    parser.add_argument("-n", "--dry-run", action="store_true", help="Only show what would be removed, and why.")
    parser.add_argument(
        "--max-age",
        type=length_of_time,
        metavar="TIME",
        help="Remove what ended longer ago, whatever the settings say.",
    )
    parser.add_argument(
        "--max-count", type=int, metavar="N", help="Keep the N newest of each flow, whatever the settings say."
    )
    parser.add_argument("--namespace", metavar="NAME", help="Only this namespace and those below it.")
    parser.add_argument("--flow", metavar="FLOW", help="Only this flow.")
    add_output(parser)


def _gc(arguments: Arguments, console: Console) -> int:
    from podium.runtime.retention import collect, plan_retention
    from podium.store.settings import Limits

    session = Session(arguments.workspace, console)
    if not session.used:
        console.narrate(f"Nothing ran in {session.workspace.root} yet.", "dim")
        return OK
    limits = None
    if arguments.max_age is not None or arguments.max_count is not None:
        limits = Limits(arguments.max_age, arguments.max_count)
    plan = plan_retention(session.stores, limits=limits, namespace=arguments.namespace, flow_id=arguments.flow)
    if arguments.output == "json":
        console.json(_plan_json(plan))
    else:
        _print_plan(plan, console)
    if arguments.dry_run or not (plan.count or plan.leftovers):
        if not plan.count and limits is None:
            console.narrate("Nothing is over a limit; [retention] in podium.toml sets them.", "dim")
        return OK
    done = collect(session.stores, plan)
    for execution_id, reason in done.kept:
        console.warn(f"{short_id(execution_id)} stays: {reason}")
    console.narrate(f"Removed {done.removed} executions, {_size(done.freed)}.")
    return FAILED if done.kept else OK


def _print_plan(plan: "RetentionPlan", console: Console) -> None:
    rows = [
        (
            short_id(one.id),
            console.state(one.state),
            f"{flow.namespace}.{flow.flow_id}",
            _size(one.size),
            Cell(one.reason, "dim"),
        )
        for flow in plan.flows
        for one in flow.removals
    ]
    if rows:
        console.table(("ID", "STATE", "FLOW", "SIZE", "WHY"), rows)
    for path, size in plan.leftovers:
        console.line(f"{path}  {_size(size)}  left behind by a crash")
    total = sum(flow.executions for flow in plan.flows)
    console.narrate(f"{plan.count} of {total} executions, {_size(plan.freed)}.", "dim")


def _plan_json(plan: "RetentionPlan") -> dict[str, object]:
    return {
        "freed": plan.freed,
        "flows": [
            {
                "namespace": flow.namespace,
                "flowId": flow.flow_id,
                "executions": flow.executions,
                "size": flow.size,
                "removals": [
                    {"id": one.id, "state": one.state, "startDate": one.start, "size": one.size, "reason": one.reason}
                    for one in flow.removals
                ],
            }
            for flow in plan.flows
        ],
        "leftovers": [{"path": path, "size": size} for path, size in plan.leftovers],
    }


def _size(size: int) -> str:
    from podium.runtime.doctor import size_text

    return size_text(size)


# ---- doctor ----------------------------------------------------------------------------------------------------


def _doctor_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--reindex", action="store_true", help="Make the index of executions anew from their journals, then look."
    )
    add_output(parser)


def _doctor(arguments: Arguments, console: Console) -> int:
    from podium.runtime.doctor import examine

    if arguments.reindex:
        _reindex(Session(arguments.workspace, console), console)
    findings = []
    for finding in examine(arguments.workspace):
        findings.append(finding)
        if arguments.output == "text":
            glyph, plain, tone = _MARKS[finding.level]
            mark = console.style(plain if console.ascii_only else glyph, tone)
            console.line(f"{mark} {console.style(f'{finding.subject:<11}', 'bold')} {finding.text}")
            if finding.remedy:
                console.line(f"{' ' * 14}{console.style(finding.remedy, 'dim')}")
            console.flush()
    if arguments.output == "json":
        console.json(
            [
                {"level": one.level, "subject": one.subject, "text": one.text, "remedy": one.remedy or None}
                for one in findings
            ]
        )
    return FAILED if any(one.level == "error" for one in findings) else OK


def _reindex(session: Session, console: Console) -> None:
    from podium.runtime.reindexing import reindex

    done = reindex(session.stores)
    console.narrate(f"{done.executions} executions are in the index.")
    for problem in done.problems:
        console.warn(problem.problem or f"{problem.record.journal} cannot be read.")


COMMANDS = {
    "gc": Command(
        _gc_arguments,
        _gc,
        details="Limits are in [retention] of podium.toml. What runs, waits or pauses always stays.",
        examples=(
            ("gc --dry-run", "what would go, and how much it frees"),
            ("gc --max-age 30d --max-count 100", "with limits of your own"),
        ),
    ),
    "doctor": Command(
        _doctor_arguments,
        _doctor,
        details="Exit code 1 when something is wrong.",
        examples=(("doctor --reindex", "after the database was lost or damaged"),),
    ),
}
