"""What the tasks of a run measured."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from podium.base.text import cell_width, clean


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric: a counter's value, or a timer's seconds."""

    task: str
    name: str
    kind: str
    value: float
    tags: Mapping[str, str]


def read_metrics(path: Path) -> Iterator[Measured]:
    """The metrics of a run; a line that cannot be read is passed over. Raises OSError except for a missing file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry: dict[str, Any] = json.loads(line)
            yield Measured(
                str(entry.get("taskId") or ""), str(entry["name"]), str(entry.get("type") or "counter"),
                float(entry["value"]), {str(key): str(value) for key, value in (entry.get("tags") or {}).items()},
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


class MetricsTable(VerticalScroll):
    """One row per metric."""

    DEFAULT_CSS = """
    MetricsTable {
        height: 1fr; scrollbar-size-vertical: 1; border: round $surface-lighten-2; border-title-color: $text-muted;
        &:focus { border: round $accent; border-title-color: $text; }
        & Static { height: auto; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def on_mount(self) -> None:
        self.border_title = Content("Metrics")

    def show(self, metrics: Sequence[Measured]) -> None:
        """These metrics."""
        self.query_one(Static).update(Content("\n").join(metric_rows(metrics)))


def metric_rows(metrics: Sequence[Measured]) -> list[Content]:
    """Task, name, value and tags in columns."""
    if not metrics:
        return [Content.styled("No task of this run measured anything.", "$text-muted")]
    cells = [
        (clean(one.task), clean(one.name), f"{one.value:,.6g}{' s' if one.kind == 'timer' else ''}",
         clean(" ".join(f"{key}={value}" for key, value in one.tags.items())))
        for one in metrics
    ]  # fmt: skip
    widths = [max(cell_width(row[at]) for row in cells) for at in range(3)]
    rows = []
    for task, name, value, tags in cells:
        left = Content(f"{task}{' ' * (widths[0] - cell_width(task))}  {name}{' ' * (widths[1] - cell_width(name))}  ")
        shown = Content.styled(value.rjust(widths[2]), "$text-warning")
        rows.append(left + shown + Content.styled(f"  {tags}", "$text-muted"))
    return rows
