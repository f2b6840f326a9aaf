"""Every key of the workbench as a page, made from the bindings themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from textual.binding import Binding
from textual.dom import DOMNode

from podium.workbench.app import PodiumApp
from podium.workbench.keys import key_names
from podium.workbench.panes.editor_pane import EditorPane
from podium.workbench.panes.tree_pane import TreePane
from podium.workbench.panes.writing_help import WritingHelp
from podium.workbench.runs.run_screen import RunScreen
from podium.workbench.runs.runs_pane import RunsPane
from podium.workbench.runs.runs_table import RunsTable
from podium.workbench.runs.task_tree import TaskTree
from podium.workbench.runs.topology_view import TopologyView
from podium.workbench.runs.values_tree import ValuesTree
from podium.workbench.screens.main_screen import MainScreen
from podium.workbench.widgets.file_tree import FileTree
from podium.workbench.widgets.find_bar import FindBar
from podium.workbench.widgets.flow_editor import FlowEditor
from podium.workbench.widgets.log_pane import LogPane
from podium.workbench.widgets.log_view import LogView

GROUPS: tuple[tuple[str, tuple[type[DOMNode], ...]], ...] = (
    ("Everywhere", (PodiumApp, MainScreen)),
    ("Files", (TreePane, FileTree)),
    ("Editor", (EditorPane, WritingHelp, FlowEditor)),
    ("Find and replace", (FindBar,)),
    ("Runs", (RunsPane, RunsTable)),
    ("Log", (LogPane, LogView)),
    ("The screen of a run", (RunScreen, TaskTree, ValuesTree, TopologyView)),
)
"""The titles of the page and the widgets whose own keys belong there."""


def key_tables() -> str:
    """The tables in Markdown."""
    parts = []
    for title, classes in GROUPS:
        rows = [f"| {_shown(keys)} | {text} |" for cls in classes for keys, text in _bindings(cls)]
        parts.append("\n".join([f"### {title}", "", "| Key | Does |", "|---|---|", *dict.fromkeys(rows)]))
    return "\n\n".join(parts) + "\n"


def _bindings(cls: type[DOMNode]) -> Iterator[tuple[str, str]]:
    for binding in cls.BINDINGS:
        if isinstance(binding, Binding) and binding.description:
            yield key_names(binding.key), binding.description


def _shown(keys: str) -> str:
    return ", ".join(f"`{key}`" if key != "|" else "`\\|`" for key in keys.split(", "))


def write_into(page: Path) -> None:
    """Replace the tables of the page, which are its last section."""
    head, mark, _ = page.read_text(encoding="utf-8").partition("## Keys\n\n")
    page.write_text(f"{head}{mark}{key_tables()}", encoding="utf-8")


if __name__ == "__main__":
    write_into(Path(sys.argv[1]))
