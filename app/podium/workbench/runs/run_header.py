"""The first row of a run's screen: which flow, which run, how it is, since when, by whom, with which text."""

from datetime import datetime, tzinfo

from textual.content import Content
from textual.widgets import Static

from podium.base.looks import short_duration, short_id, short_moment
from podium.base.text import clean
from podium.engine.execution import Execution
from podium.workbench.states import state_content


class RunHeader(Static):
    """Says it in one row if there is room, else in two."""

    DEFAULT_CSS = """
    RunHeader { height: auto; padding: 0 1; background: $boost; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, execution: Execution, latest_revision: int | None, now: datetime, zone: tzinfo | None) -> None:
        """Say how an execution is."""
        self.update(header_of(execution, latest_revision, now, zone))


def header_of(execution: Execution, latest_revision: int | None, now: datetime, zone: tzinfo | None) -> Content:
    """`etl  0VQZabcd  ✓ SUCCESS  11.8s  ·  manual · 14:32:05  ·  rev 7 (2 behind)  ·  team=data`."""
    lasted = short_duration((execution.end or now) - execution.start)
    parts = [
        Content.styled(clean(execution.flow_id), "bold"),
        Content.styled(short_id(clean(execution.id)), "$text-muted"),
        state_content(execution.state),
        Content(lasted),
        Content.styled(f"{trigger_of(execution)} · {short_moment(execution.start, now, zone)}", "$text-muted"),
    ]
    if execution.revision:
        behind = (latest_revision or execution.revision) - execution.revision
        text = f"rev {execution.revision}" + (f" ({behind} behind)" if behind > 0 else "")
        parts.append(Content.styled(text, "$text-warning" if behind > 0 else "$text-muted"))
    if execution.attempt_number > 1:
        parts.append(Content.styled(f"attempt {execution.attempt_number}", "$text-muted"))
    labels = [f"{clean(key)}={clean(value)}" for key, value in execution.labels if not key.startswith("system.")]
    if labels:
        parts.append(Content.styled(" ".join(labels), "$text-secondary"))
    return Content("   ").join(parts)


def trigger_of(execution: Execution) -> str:
    """What started it: `manual`, `schedule daily`, `restart` or `replay` of another run."""
    trigger = execution.trigger
    if trigger:
        kind = clean(str(trigger.get("type", ""))).rpartition(".")[2].lower() or "trigger"
        name = clean(str(trigger.get("id", "")))
        return f"{kind} {name}".strip()
    if execution.parent_id:
        return f"after {short_id(clean(execution.parent_id))}"
    return "manual"
