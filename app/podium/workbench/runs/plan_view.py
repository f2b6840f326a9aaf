"""The plan of a flow as rows to read: what runs, with which values, and what is needed."""

from collections.abc import Iterator

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from podium.base.text import clean, shorten
from podium.expressions.values import to_output
from podium.runtime.plan import FlowPlan, PlannedLane, PlannedTask, PlannedValue

_FATES = {
    "runs": ("▸", "$text-success"), "always": ("▸", "$text-success"), "may run": ("?", "$text-warning"),
    "skipped": ("»", "$text-muted"), "disabled": ("»", "$text-muted"), "not chosen": ("»", "$text-muted"),
    "on failure": ("!", "$text-muted"),
}  # fmt: skip
_LONGEST = 300


class PlanView(VerticalScroll):
    """Shows a plan, or why there is none."""

    DEFAULT_CSS = "PlanView { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; & Static { height: auto; } }"

    def compose(self) -> "Iterator[Static]":
        yield Static(markup=False)

    def say(self, text: str) -> None:
        """One sentence instead of a plan."""
        self.query_one(Static).update(Content.styled(clean(text), "$text-muted"))

    def show(self, plan: FlowPlan) -> None:
        """This plan."""
        self.query_one(Static).update(Content("\n").join(rows_of(plan)))


def rows_of(plan: FlowPlan) -> list[Content]:
    """Problems first, then tasks with their values, outputs, and what is needed from outside."""
    rows = [Content.styled(f"✗ {clean(problem)}", "$text-error") for problem in plan.problems]
    rows += [Content.styled(f"! {clean(check.message)}", "$text-warning") for check in plan.checks
             if clean(check.message) not in {clean(problem) for problem in plan.problems}]  # fmt: skip
    if plan.queue:
        rows.append(Content.styled(f"… {clean(plan.queue)}", "$text-warning"))
    if rows:
        rows.append(Content(""))
    for lane in plan.lanes:
        rows += _lane(lane, 0, named=lane.name != "tasks")
    if plan.outputs:
        rows += [Content(""), Content.styled("outputs", "bold")]
        rows += [row for value in plan.outputs for row in _value(value, 1)]
    if plan.needs:
        rows += [Content(""), Content.styled("needs", "bold")]
        for need in plan.needs:
            mark, style = {True: ("✓", "$text-success"), False: ("✗", "$text-error"), None: ("?", "$text-muted")}[
                need.there
            ]
            note = f"  {clean(need.note)}" if need.note else ""
            rows.append(Content.styled(f"  {mark} {need.kind} {clean(need.name)}", style) + Content(note))
    rows += [Content(""), Content.styled("Nothing was run or sent to make this plan.", "$text-muted")]
    return rows


def _lane(lane: PlannedLane, depth: int, *, named: bool = True) -> Iterator[Content]:
    if named:
        yield Content("  " * depth) + Content.styled(f"{clean(lane.name)}: {lane.fate}", "$text-muted")
        depth += 1
    for task in lane.tasks:
        yield from _task(task, depth)


def _task(task: PlannedTask, depth: int) -> Iterator[Content]:
    mark, style = _FATES.get(task.fate, ("▸", "$text"))
    kind = task.type.rpartition(".")[2]
    remarks: list[str] = [] if task.fate in ("runs", "always") else [task.fate]
    remarks += [task.decision] if task.decision else []
    remarks += [task.reason] if task.reason else []
    if task.values is not None:
        remarks.append(f"{len(task.values):,} values: {shorten(', '.join(task.values[:20]), 80)}")
    if not task.local:
        remarks.append("runs on a Kestra server, not here")
    head = Content("  " * depth) + Content.styled(f"{mark} ", style) + Content.styled(clean(task.id), "bold")
    yield head + Content.styled(f"  {clean(kind)}  {clean(' · '.join(remarks))}", "$text-muted")
    for value in task.properties:
        yield from _value(value, depth + 1)
    for lane in task.lanes:
        yield from _lane(lane, depth + 1)


def _value(value: PlannedValue, depth: int) -> Iterator[Content]:
    lead = Content("  " * depth + "  ") + Content.styled(f"{clean(value.name)}: ", "$text-muted")
    if value.certainty == "wrong":
        yield lead + Content.styled(clean(value.reason), "$text-error")
    elif value.certainty == "unknown":
        written = shorten(clean(to_output(value.written)), _LONGEST)
        yield lead + Content(written) + Content.styled(f"  {clean(value.reason)}", "$text-muted italic")
    else:
        shown = shorten(clean(to_output(value.value)), _LONGEST)
        earlier = "  from an earlier run" if value.certainty == "earlier" else ""
        yield lead + Content.styled(shown, "$text-success") + Content.styled(earlier, "$text-muted")
