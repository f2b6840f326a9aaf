"""What the tasks of a run measured."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.widgets import DataTable

from podium.base.text import clean


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


class MetricsTable(DataTable[str]):
    """One row per metric."""

    DEFAULT_CSS = "MetricsTable { height: 1fr; scrollbar-size-vertical: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)

    def on_mount(self) -> None:
        self.add_columns("Task", "Metric", "Value", "Tags")

    def show(self, metrics: list[Measured]) -> None:
        """These metrics."""
        from rich.text import Text

        self.clear()
        for one in metrics:
            unit = " s" if one.kind == "timer" else ""
            tags = " ".join(f"{key}={value}" for key, value in one.tags.items())
            cells = (one.task, one.name, f"{one.value:,.6g}{unit}", tags)
            self.add_row(*(Text(clean(cell)) for cell in cells))  # type: ignore[arg-type]  # any renderable is a cell
        if not metrics:
            self.add_row("", "No task of this run measured anything.", "", "")
