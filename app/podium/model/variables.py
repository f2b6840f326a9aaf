"""The names that expressions see, with their meaning (semantics 5.2): what completion, hover and lint read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Variable:
    """One name at the top, and what is known of its members; `closed` says that there are no others."""

    doc: str
    members: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False


VARIABLES: Mapping[str, Variable] = {
    "inputs": Variable("The typed inputs of the execution."),
    "outputs": Variable("What tasks that have run put out: `outputs.<task>.<name>`."),
    "vars": Variable("The `variables` of the flow, as they are written: expressions inside need `render(vars.x)`."),
    "flow": Variable(
        "The flow.",
        {
            "id": "The id of the flow.",
            "namespace": "The namespace of the flow.",
            "revision": "The revision that runs.",
            "tenantId": "The tenant: `main`.",
        },
        closed=True,
    ),
    "execution": Variable(
        "The execution.",
        {
            "id": "The id of the execution.",
            "startDate": "When it began.",
            "endDate": "When it ended, in `afterExecution`.",
            "state": "Its state now.",
            "originalId": "The id of the execution that it replays, else its own.",
            "outputs": "The flow's outputs, in `afterExecution`.",
        },
    ),
    "task": Variable("The task that is running.", {"id": "Its id.", "type": "Its type."}, closed=True),
    "taskrun": Variable(
        "The task run.",
        {
            "id": "Its id.",
            "startDate": "When it began.",
            "value": "The value of the loop for this iteration, as a text.",
            "iteration": "The number of the iteration, from 0.",
            "attemptsCount": "How many attempts have ended before this one.",
            "parentId": "The id of the task run around it.",
            "items": "The file of the batch, while a ForEachItem makes the inputs of its subflow.",
        },
        closed=True,
    ),
    "parent": Variable(
        "The nearest task run around this one; before 2.0 only of those that have a value or outputs.",
        {
            "task": "The `id` of its task (2.0).",
            "taskrun": "Its `value`.",
            "outputs": "Its outputs (before 2.0; then `parentOutput()`).",
        },
    ),
    "parents": Variable(
        "All task runs around this one, nearest first; before 2.0 only those that have a value or outputs."
    ),
    "tasks": Variable("The states of the task runs so far: `tasks.<task>.state`."),
    "trigger": Variable("What started the execution: its variables, and `_context` with its `id` and `type`."),
    "schedule": Variable(
        "The dates of the schedule; `trigger` is the current name.",
        {"date": "The date for which the flow runs.", "next": "The date after.", "previous": "The date before."},
    ),
    "labels": Variable("The labels of the execution, dots nested."),
    "globals": Variable("Variables that are configured for the whole workspace."),
    "envs": Variable("Environment variables with the configured prefix, without it and in lower case."),
    "kestra": Variable(
        "The instance.", {"environment": "Its `name` and `color`.", "url": "The address of its user interface."}
    ),
    "namespace": Variable("Variables of the namespace (Enterprise Edition)."),
    "error": Variable(
        "What failed, in `errors` tasks.",
        {"taskId": "The task that failed.", "message": "Its message.", "stackTrace": "Its stack trace."},
    ),
    "item": Variable(
        "The iteration, inside a Loop (2.0).",
        {
            "value": "Its value.",
            "index": "Its number, from 0.",
            "key": "Its key, when the values are a map.",
            "parent": "The iteration of the Loop around.",
            "parents": "The iterations of all Loops around, the nearest first.",
        },
    ),
    "workingDir": Variable("The working directory of the task, in scripts."),
    "outputDir": Variable("Where a script leaves its output files."),
    "outputFiles": Variable("Paths of the output files of a script, by name."),
    "inputFiles": Variable("Names of the input files of a script."),
    "files": Variable("The fixture files of a unit test."),
    "workerTaskrun": Variable("The task run of the WorkingDirectory around the task."),
}
"""In the order in which they are offered."""

ERROR_BLOCKS = ("errors", "finally", "afterExecution")
LOOPS = ("ForEach", "EachSequential", "EachParallel", "ForEachItem", "LoopUntil", "Loop", "WaitFor")
VALUED_LOOPS = ("ForEach", "EachSequential", "EachParallel")
"""Loops whose task runs have a value, so that their outputs are read by it."""
FORKS = ("Parallel", "EachParallel")
"""Flowables whose children do not wait for one another."""


def simple_name(type_name: str) -> str:
    """`ForEach` for `io.kestra.plugin.core.flow.ForEach`."""
    return type_name.rpartition(".")[2]
