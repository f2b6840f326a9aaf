"""The names of all commands, in the groups of `podium --help`, and the module that holds each.

A name and its summary are all that the help of `podium` needs, so nothing else is imported for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.cli.command import Command


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is. Its module holds a mapping `COMMANDS` from names to `Command`."""

    module: str
    summary: str


GROUPS: Mapping[str, Mapping[str, Entry]] = {
    "Write": {
        "new": Entry("new", "Write a new flow from a template."),
        "validate": Entry("validate", "Check flows: types, properties, expressions; nothing runs."),
        "plan": Entry("plan", "Show what a flow would do: rendered values, branches, loops."),
        "expr": Entry("expr", "Evaluate an expression, alone or in an execution."),
        "types": Entry("types", "List task types, or explain one."),
        "schema": Entry("schema", "Print the JSON Schema of flows, for other editors."),
    },
    "Run": {
        "run": Entry("run", "Run a flow and follow it to its end."),
        "serve": Entry("serve", "Fire schedules, flow triggers and webhooks, until it is ended."),
        "wait": Entry("control", "Wait until an execution ends."),
        "kill": Entry("control", "End executions and every process they started."),
        "pause": Entry("control", "Pause executions before their next task."),
        "resume": Entry("control", "Let paused executions go on."),
        "restart": Entry("comeback", "Continue a failed execution; finished tasks are kept."),
        "replay": Entry("comeback", "Run an execution again as a new one, from the start or from a task."),
        "mark-as": Entry("comeback", "Give a task run another state and go on from there."),
        "force-run": Entry("control", "Run a queued execution now, whatever its flow's limit says."),
        "unqueue": Entry("control", "Take executions out of the queue: run, cancel or fail them."),
    },
    "Look": {
        "ps": Entry("runs", "List executions that have not ended."),
        "runs": Entry("runs", "List executions, newest first."),
        "show": Entry("show", "Show one execution: task runs, outputs, what went wrong."),
        "logs": Entry("logs", "Print the log of an execution, or follow it."),
    },
    "Keep": {
        "kv": Entry("kv", "Key-values of a namespace: list, get, set, delete."),
        "files": Entry("files", "Namespace files, and the files of an execution."),
        "secrets": Entry("secrets", "List the names of the secrets that flows can read."),
        "set-labels": Entry("control", "Change the labels of executions."),
        "delete": Entry("control", "Delete executions with their logs and files."),
        "gc": Entry("upkeep", "Remove old executions, as the retention settings say."),
        "doctor": Entry("upkeep", "Check the workspace and mend what can be mended."),
        "completion": Entry("completion", "Print the completion script of a shell."),
    },
}


def entry(name: str) -> Entry | None:
    """Where a command is; None for an unknown name."""
    return next((group[name] for group in GROUPS.values() if name in group), None)


def names() -> list[str]:
    """The names of all commands, in the order of the help."""
    return [name for group in GROUPS.values() for name in group]


def load(name: str) -> "Command":
    """The command itself; imports its module."""
    found = entry(name)
    assert found is not None, name
    command: Command = import_module(f"podium.cli.{found.module}").COMMANDS[name]
    return command
