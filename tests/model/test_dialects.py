"""Every dialect gives the same model: pairs of an older, or newer, spelling and the canonical one."""

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from podium.model.diagnostics import Fix
from podium.model.loader import load_flow
from podium.tasks.builtin_types import ALIASES
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
CORE = "io.kestra.plugin.core"
OLD = "io.kestra.core"
HEAD = "id: f\nnamespace: a\n"
TASKS = f"tasks:\n  - {{id: t, type: {CORE}.log.Log, message: hi}}\n"


def task(text: str) -> str:
    return f"tasks:\n  - {{id: t, {text.replace('$C', CORE).replace('$O', OLD)}}}\n"


def trigger(text: str) -> str:
    return TASKS + f"triggers:\n  - {{id: t, {text.replace('$C', CORE).replace('$O', OLD)}}}\n"


def inputs(text: str) -> str:
    return TASKS + f"inputs:\n  - {{{text}}}\n"


LOG = "{id: u, type: $C.log.Log, message: x}"
WEEKEND = "{type: $C.condition.Weekend}"
BY_NAMESPACE = "type: $C.condition.ExecutionNamespace, namespace: a"
SHELL = "tasks:\n  - id: t\n    type: io.kestra.plugin.scripts.shell.Commands\n"
# (concept, other spelling, canonical spelling)
SAME: list[tuple[str, str, str]] = [
    (
        "defaults",
        TASKS + f"taskDefaults:\n  - {{type: {CORE}.log, values: {{level: WARN}}}}\n",
        TASKS + f"pluginDefaults:\n  - {{type: {CORE}.log, values: {{level: WARN}}}}\n",
    ),
    (
        "a default by an old name",
        TASKS + f"pluginDefaults:\n  - {{type: {OLD}.tasks.log.Log, values: {{level: WARN}}}}\n",
        TASKS + f"pluginDefaults:\n  - {{type: {CORE}.log.Log, values: {{level: WARN}}}}\n",
    ),
    ("labels", "labels: [{key: a, value: 1}, {key: b, value: x}]\n" + TASKS, "labels: {a: 1, b: x}\n" + TASKS),
    (
        "condition of a task",
        task("type: $C.log.Log, message: x, when: '{{ a }}'"),
        task("type: $C.log.Log, message: x, runIf: '{{ a }}'"),
    ),
    (
        "attempts",
        task("type: $C.log.Log, message: x, retry: {type: constant, interval: PT1S, maxAttempt: 3}"),
        task("type: $C.log.Log, message: x, retry: {type: constant, interval: PT1S, maxAttempts: 3}"),
    ),
    ("pause", task("type: $C.flow.Pause, delay: PT1S"), task("type: $C.flow.Pause, pauseDuration: PT1S")),
    (
        "values",
        task(f"type: $C.flow.EachSequential, value: [a], tasks: [{LOG}]"),
        task(f"type: $C.flow.EachSequential, values: [a], tasks: [{LOG}]"),
    ),
    (
        "old each",
        task(f"type: $O.tasks.flows.EachParallel, value: [a], tasks: [{LOG}]"),
        task(f"type: $C.flow.EachParallel, values: [a], tasks: [{LOG}]"),
    ),
    (
        "repeat",
        task(f"type: $C.flow.WaitFor, condition: x, checkFrequency: {{maxIterations: 5}}, tasks: [{LOG}]"),
        task(
            "type: $C.flow.LoopUntil, condition: x, checkFrequency: {interval: PT1S, maxIterations: 5, "
            f"maxDuration: PT1H}}, tasks: [{LOG}]"
        ),
    ),
    (
        "subflow",
        task("type: $O.tasks.flows.Flow, namespace: b, flowId: c"),
        task("type: $C.flow.Subflow, namespace: b, flowId: c"),
    ),
    (
        "working directory",
        task(f"type: $O.tasks.flows.Worker, tasks: [{LOG}]"),
        task(f"type: $C.flow.WorkingDirectory, tasks: [{LOG}]"),
    ),
    (
        "task runner",
        task(
            "type: io.kestra.plugin.scripts.shell.Commands, commands: [ls], "
            "taskRunner: {type: $O.models.tasks.runners.types.ProcessTaskRunner}"
        ),
        task("type: io.kestra.plugin.scripts.shell.Commands, commands: [ls], taskRunner: {type: $C.runner.Process}"),
    ),
    (
        "checks",
        TASKS + "checks:\n  - {when: '{{ a }}', message: m}\n",
        TASKS + "checks:\n  - {condition: '{{ a }}', message: m}\n",
    ),
    ("input id", inputs("name: a, type: STRING"), inputs("id: a, type: STRING")),
    ("input bool", inputs("id: a, type: BOOLEAN"), inputs("id: a, type: BOOL")),
    ("input enum", inputs("id: a, type: ENUM, values: [x]"), inputs("id: a, type: SELECT, values: [x]")),
    (
        "input options",
        inputs("id: a, type: MULTISELECT, options: [x]"),
        inputs("id: a, type: MULTISELECT, values: [x]"),
    ),
    (
        "input files",
        inputs("id: a, type: FILE, accept: [.csv]"),
        inputs("id: a, type: FILE, allowedFileExtensions: [.csv]"),
    ),
    (
        "input guard",
        inputs("id: a, type: INT}\n  - {id: b, type: INT, dependsOn: {inputs: [a], when: x}"),
        inputs("id: a, type: INT}\n  - {id: b, type: INT, dependsOn: {inputs: [a], condition: x}"),
    ),
    (
        "schedule",
        trigger(f"type: $O.models.triggers.types.Schedule, cron: '@daily', scheduleConditions: [{WEEKEND}]"),
        trigger(f"type: $C.trigger.Schedule, cron: '@daily', conditions: [{WEEKEND}]"),
    ),
    (
        "schedule with both",
        trigger(
            f"type: $C.trigger.Schedule, cron: '@daily', conditions: [{WEEKEND}], scheduleConditions: "
            "[{type: $C.condition.PublicHoliday, country: FR}]"
        ),
        trigger(
            f"type: $C.trigger.Schedule, cron: '@daily', conditions: [{WEEKEND}, "
            "{type: $C.condition.PublicHoliday, country: FR}]"
        ),
    ),
    (
        "old conditions",
        trigger(
            "type: $C.trigger.Webhook, key: k, conditions: [{type: $O.models.conditions.types."
            "VariableCondition, expression: x}]"
        ),
        trigger("type: $C.trigger.Webhook, key: k, conditions: [{type: $C.condition.Expression, expression: x}]"),
    ),
    (
        "log level of a trigger",
        trigger("type: $C.trigger.Webhook, key: k, minLogLevel: WARN"),
        trigger("type: $C.trigger.Webhook, key: k, logLevel: WARN"),
    ),
    (
        "states",
        trigger("type: $C.trigger.Webhook, key: k, stopAfter: [failed]"),
        trigger("type: $C.trigger.Webhook, key: k, stopAfter: [FAILED]"),
    ),
]


def plain(value: Any) -> Any:
    """The model without places and texts, for comparing."""
    if is_dataclass(value) and not isinstance(value, type):
        left_out = ("range", "source", "written_type", "decl", "dialect")
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name not in left_out}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("concept", "other", "canonical"), SAME, ids=[row[0] for row in SAME])
def test_both_spellings_are_the_same_flow(concept: str, other: str, canonical: str) -> None:
    one, two = load_flow(HEAD + other, REGISTRY), load_flow(HEAD + canonical, REGISTRY)
    assert one.errors == two.errors == ()
    assert plain(one.flow) == plain(two.flow)


@pytest.mark.parametrize("alias", sorted(ALIASES))
def test_an_old_type_is_the_current_one(alias: str) -> None:
    found = REGISTRY.find(alias)
    assert found is not None and found.name == ALIASES[alias]
    assert found.local


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        (TASKS, "1.x"),
        (task("type: $C.log.Log, message: x, when: '{{ a }}'"), "2.x"),
        (task(f"type: $C.flow.Loop, values: [1], tasks: [{LOG}]"), "2.x"),
        (trigger("type: $C.trigger.Webhook, key: k, when: '{{ a }}'"), "2.x"),
        (trigger("type: $C.trigger.Flow, dependsOn: [{flowId: x}]"), "2.x"),
    ],
)
def test_the_dialect_is_seen(text: str, dialect: str) -> None:
    flow = load_flow(HEAD + text, REGISTRY).flow
    assert flow is not None and flow.dialect == dialect


def test_an_old_type_is_renamed_only_when_it_means_the_same() -> None:
    short = task(f"type: $C.flow.WaitFor, condition: x, tasks: [{LOG}]")
    full = short.replace(
        "condition: x", "condition: x, checkFrequency: {interval: PT1S, maxIterations: 9, maxDuration: P1D}"
    )
    for text, mended in ((short, False), (full, True)):
        found = next(d for d in load_flow(HEAD + text, REGISTRY).diagnostics if d.code == "renamed-type")
        assert (found.fix is not None) == mended


def applied(text: str, fix: Fix) -> str:
    lines = text.split("\n")
    for edit in sorted(fix.edits, key=lambda edit: (edit.range.line, edit.range.column), reverse=True):
        place = edit.range
        before, after = lines[place.line][: place.column], lines[place.end_line][place.end_column :]
        lines[place.line : place.end_line + 1] = [before + edit.text + after]
    return "\n".join(lines)


FIXED = [
    (task("type: $C.debug.Echo, format: hi, level: WARN"), task("type: $C.log.Log, message: hi, level: WARN")),
    (
        task(f"type: $C.flow.EachSequential, value: [a], tasks: [{LOG}]"),
        task(f"type: $C.flow.ForEach, values: [a], tasks: [{LOG}]"),
    ),
    (
        trigger(f"type: $C.trigger.Schedule, cron: '@daily', scheduleConditions: [{WEEKEND}]"),
        trigger(f"type: $C.trigger.Schedule, cron: '@daily', conditions: [{WEEKEND}]"),
    ),
    (
        trigger(f"type: $C.trigger.Flow, conditions: [{{{BY_NAMESPACE}, prefix: true}}]"),
        trigger(f"type: $C.trigger.Flow, conditions: [{{{BY_NAMESPACE}, comparison: PREFIX}}]"),
    ),
    (
        SHELL + "    runner: PROCESS\n    commands: [ls]\n",
        SHELL + f"    taskRunner:\n      type: {CORE}.runner.Process\n    commands: [ls]\n",
    ),
]


@pytest.mark.parametrize(("old", "new"), FIXED, ids=["echo", "each", "schedule", "namespace", "runner"])
def test_a_fix_writes_the_current_spelling(old: str, new: str) -> None:
    found = [
        d for d in load_flow(HEAD + old, REGISTRY).diagnostics if d.code.startswith(("deprecated", "older")) and d.fix
    ]
    assert len(found) == 1 and found[0].fix is not None
    assert applied(HEAD + old, found[0].fix) == HEAD + new
    assert load_flow(HEAD + new, REGISTRY).errors == ()
