"""Fragments of YAML and what is said about them: code, line and column, counted from 1."""

from pathlib import Path

import pytest

from podium.model.codes import CODES, reference
from podium.model.diagnostics import Diagnostic
from podium.model.loader import load_flow, load_flows
from podium.plugin.registry import Registry
from podium.tasks.registry import default_registry

HEAD = "id: f\nnamespace: a.b\n"
TASK = "tasks:\n  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n"
PROCESS = (
    "tasks:\n  - id: t\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n    runner: PROCESS\n"
)
LOG = "io.kestra.plugin.core.log.Log"
FLOW = "io.kestra.plugin.core.flow"
TRIGGER = "io.kestra.plugin.core.trigger"
ROOT = Path(__file__).parents[2]

# (text after the head, [(code, line, column)]); `$LOG` and the like stand for type names
CASES: dict[str, tuple[str, list[tuple[str, int, int]]]] = {
    "fine": (TASK, []),
    # -- YAML
    "tab": ("tasks:\n\t- id: x\n", [("yaml-syntax", 4, 1)]),
    "unclosed quote": ('description: "never\n', [("yaml-syntax", 4, 1)]),
    "unquoted expression": (TASK.replace("hi", "{{ x }}"), [("yaml-key", 6, 15)]),
    "control character": ("description: a\x07b\n", [("yaml-syntax", 3, 15)]),
    "unknown alias": ("description: *x\n" + TASK, [("yaml-alias", 3, 14)]),
    "deep": ("variables: " + "[" * 101 + "\n", [("yaml-depth", 3, 111)]),
    "double key": (TASK + "    message: ho\n", [("yaml-duplicate-key", 7, 5)]),
    "double id and more": (
        "id: g\n" + TASK.replace("hi", ""),
        [("yaml-duplicate-key", 3, 1), ("missing-property", 7, 5)],
    ),
    # -- the document
    "unknown property": ("tsaks: []\n" + TASK, [("unknown-property", 3, 1)]),
    "no tasks": ("description: x\n", [("missing-property", 1, 1)]),
    "empty tasks": ("tasks: []\n", [("empty-list", 3, 8)]),
    "variables are no map": ("variables: [a]\n" + TASK, [("wrong-type", 3, 12)]),
    "tasks are no list": ("tasks:\n  a: b\n", [("wrong-type", 4, 3)]),
    "a task is a text": ("tasks:\n  - echo hello\n", [("wrong-type", 4, 5)]),
    "a task is missing": ("tasks:\n  -\n", [("wrong-type", 4, 4)]),
    "labels": ("labels:\n  system.x: a\n  y: [1]\n" + TASK, [("system-label", 4, 3), ("wrong-type", 5, 6)]),
    "labels as a list": (
        "labels:\n  - key: system.x\n    value: a\n  - b\n" + TASK,
        [("system-label", 4, 10), ("wrong-type", 6, 5)],
    ),
    "read-only is allowed": ("labels:\n  system.readOnly: true\n" + TASK, []),
    "disabled is a word": ("disabled: yes\n" + TASK, [("wrong-type", 3, 11)]),
    "concurrency": (
        "concurrency:\n  limit: 0\n  behavior: QEUE\n" + TASK,
        [("invalid-value", 4, 10), ("wrong-type", 5, 13)],
    ),
    "bookkeeping": ("revision: 3\n" + TASK, [("ignored", 3, 1)]),
    "enterprise": (
        "quotas: []\nworkerGroup:\n  key: x\n" + TASK,
        [("enterprise-only", 3, 1), ("worker-group", 4, 1)],
    ),
    # -- ids
    "task id": (TASK.replace("id: t", "id: a.b"), [("invalid-id", 4, 9)]),
    "duplicate task ids": (TASK + "errors:\n  - id: t\n    type: $LOG\n    message: x\n", [("duplicate-id", 8, 9)]),
    "duplicate below": (
        TASK + "  - id: s\n    type: $FLOW.Sequential\n    tasks:\n      - id: t\n        type: $LOG\n"
        "        message: x\n",
        [("duplicate-id", 10, 13)],
    ),
    "missing id and message": ("tasks:\n  - type: $LOG\n", [("missing-property", 4, 5), ("missing-property", 4, 5)]),
    # -- types
    "no type": ("tasks:\n  - id: t\n    message: hi\n", [("missing-type", 4, 5)]),
    "unknown type": (TASK.replace("log.Log", "log.Logg"), [("unknown-type", 5, 11)]),
    "short type": (TASK.replace(LOG, "Log"), [("unknown-type", 5, 11)]),
    "a trigger among tasks": (
        "tasks:\n  - id: t\n    type: $TRIGGER.Schedule\n    cron: x\n",
        [("wrong-family", 5, 11)],
    ),
    "elsewhere": (TASK.replace(LOG, "io.kestra.plugin.aws.s3.Upload"), [("runs-elsewhere", 5, 11)]),
    "a slip of the package": (TASK.replace(LOG, "io.kestra.plugin.cor.log.Log"), [("perhaps-misspelled", 5, 11)]),
    "old type": (TASK.replace(LOG, "io.kestra.core.tasks.log.Log"), [("renamed-type", 5, 11)]),
    "deprecated type": (
        "tasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Echo\n    format: x\n",
        [("deprecated-type", 5, 11)],
    ),
    "gone in 2.0": (
        "tasks:\n  - id: t\n    type: $FLOW.ForEach\n    values: [1]\n    tasks:\n      - id: u\n"
        "        type: $LOG\n        message: x\n",
        [("removed-in", 5, 11)],
    ),
    "below an unknown type": (
        "tasks:\n  - id: t\n    type: $FLOW.Sequntial\n    tasks:\n      - id: u\n"
        "        type: $LOG\n        mesage: x\n",
        [("unknown-type", 5, 11), ("unknown-property", 9, 9)],
    ),
    # -- values
    "level": (TASK + "    level: WARNING\n", [("fails-later", 7, 12)]),
    "log level": (TASK + "    logLevel: WARNING\n", [("wrong-type", 7, 15)]),
    "timeout": (TASK + "    timeout: 10 seconds\n", [("fails-later", 7, 14)]),
    "timeout and cache of a group": (
        "tasks:\n  - id: s\n    type: $FLOW.Sequential\n    timeout: PT1S\n    taskCache: {enabled: true}\n    tasks:\n"
        "      - {id: t, type: $LOG, message: x, timeout: PT1S, taskCache: {enabled: true}}\n"
        "  - {id: p, type: $FLOW.Pause, timeout: PT1S}\n",
        [("no-effect", 6, 5), ("no-effect", 7, 5)],
    ),
    "timeout by expression": (TASK + '    timeout: "{{ kv(1) }}"\n', []),
    "commands are a text": (
        "tasks:\n  - id: t\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: ls\n",
        [("fails-later", 6, 15)],
    ),
    "both spellings": (TASK + '    runIf: "true"\n    when: "true"\n', [("invalid-value", 8, 5)]),
    "old spelling": (
        TASK + "    retry:\n      type: constant\n      interval: PT1S\n      maxAttempt: 2\n",
        [("old-spelling", 10, 7)],
    ),
    "retry intervals": (
        TASK + "    retry:\n      type: random\n      minInterval: PT9S\n      maxInterval: PT5S\n"
        "      maxAttempts: 0\n",
        [("retry-interval", 9, 20), ("invalid-value", 11, 20)],
    ),
    "retry waits longer than it may last": (
        TASK + "    retry:\n      type: random\n      minInterval: PT1S\n      maxInterval: PT5S\n"
        "      maxDuration: PT3S\n",
        [("retry-interval", 10, 20)],
    ),
    "retry type": (TASK + "    retry:\n      type: const\n      interval: PT1S\n", [("unknown-type", 8, 13)]),
    "retry interval is no duration": (
        TASK + "    retry:\n      type: constant\n      interval: 1 min\n",
        [("wrong-type", 9, 17)],
    ),
    "task runner": (
        "tasks:\n  - id: t\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n"
        "    taskRunner:\n      type: io.kestra.plugin.core.runner.Proces\n",
        [("unknown-type", 8, 13)],
    ),
    # -- flowables
    "recursion": (
        "tasks:\n  - id: t\n    type: $FLOW.Subflow\n    namespace: a.b\n    flowId: f\n",
        [("recursive-flow", 4, 5)],
    ),
    "recursion by items": (
        "tasks:\n  - id: t\n    type: $FLOW.ForEachItem\n    items: x\n    namespace: a.b\n    flowId: f\n",
        [("recursive-flow", 4, 5), ("removed-in", 5, 11)],
    ),
    "recursion below": (
        "tasks:\n  - id: s\n    type: $FLOW.Sequential\n    tasks:\n      - id: t\n        type: $FLOW.Subflow\n"
        "        namespace: a.b\n        flowId: f\n",
        [("recursive-flow", 7, 9)],
    ),
    "switch": ("tasks:\n  - id: t\n    type: $FLOW.Switch\n    value: x\n", [("empty-list", 4, 5)]),
    "dag": (
        "tasks:\n  - id: d\n    type: $FLOW.Dag\n    tasks:\n      - task:\n          id: a\n          type: $LOG\n"
        "          message: x\n        dependsOn: [a]\n      - task:\n          id: b\n          type: $LOG\n"
        "          message: x\n        dependsOn: [c]\n",
        [("dag-dependency", 11, 21), ("dag-dependency", 16, 21)],
    ),
    "working directory": (
        "tasks:\n  - id: w\n    type: $FLOW.WorkingDirectory\n    tasks:\n      - id: s\n"
        "        type: $FLOW.Sequential\n        tasks:\n          - id: u\n            type: $LOG\n"
        "            message: x\n",
        [("not-runnable", 7, 9)],
    ),
    # -- inputs
    "input type": ("inputs:\n  - id: a\n    type: STRNG\n" + TASK, [("unknown-type", 5, 11)]),
    "input pattern": ("inputs:\n  - id: a\n    type: STRING\n    validator: '['\n" + TASK, [("pattern", 6, 16)]),
    "input property": ("inputs:\n  - id: a\n    type: INT\n    validator: x\n" + TASK, [("unknown-property", 6, 5)]),
    "input ring": (
        "inputs:\n  - id: a\n    type: INT\n    dependsOn:\n      inputs: [b]\n  - id: b\n    type: INT\n"
        "    dependsOn:\n      inputs: [a, c]\n" + TASK,
        [("input-dependency", 7, 15), ("input-dependency", 11, 15), ("input-dependency", 11, 15)],
    ),
    "input bounds": (
        "inputs:\n  - id: a\n    type: DATE\n    after: soon\n  - id: b\n    type: INT\n    min: 5\n    max: 1\n"
        + TASK,
        [("invalid-value", 6, 12), ("invalid-value", 9, 10)],
    ),
    "input default": (
        "inputs:\n  - id: a\n    type: INT\n    min: 5\n    defaults: 4\n  - id: b\n    type: SELECT\n"
        "    values: [x, y]\n    defaults: z\n" + TASK,
        [("fails-later", 7, 15), ("fails-later", 11, 15)],
    ),
    "input default by expression": ("inputs:\n  - id: a\n    type: INT\n    defaults: '{{ 4 }}'\n" + TASK, []),
    "a Dag without task": (
        "tasks:\n  - id: d\n    type: $FLOW.Dag\n    tasks:\n      - id: t\n        type: $LOG\n        message: x\n",
        [("missing-property", 7, 9)],
    ),
    "parts of a ForEachItem": (
        "tasks:\n  - id: e\n    type: $FLOW.ForEachItem\n    items: x\n    namespace: a\n    flowId: b\n"
        "  - id: e_items\n    type: $LOG\n    message: x\n",
        [("removed-in", 5, 11), ("duplicate-id", 9, 9)],
    ),
    "the end of a type": (TASK.replace(LOG, "core.log.Log"), [("unknown-type", 5, 11)]),
    "no-break space": (TASK.replace("    message", "   \u00a0message"), [("yaml-syntax", 6, 4)]),
    "double input": ("inputs:\n  - id: a\n    type: INT\n  - id: a\n    type: INT\n" + TASK, [("duplicate-id", 6, 9)]),
    # -- triggers
    "cron": ('triggers:\n  - id: s\n    type: $TRIGGER.Schedule\n    cron: "61 * * * *"\n' + TASK, [("cron", 6, 11)]),
    "six fields": (
        'triggers:\n  - id: s\n    type: $TRIGGER.Schedule\n    cron: "0 0 * * * *"\n' + TASK,
        [("cron", 6, 11)],
    ),
    "timezone": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Schedule\n    cron: '@daily'\n    timezone: Europe/Pariss\n" + TASK,
        [("timezone", 7, 15)],
    ),
    "webhook": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Webhook\n    key: x\n    conditions:\n"
        "      - type: io.kestra.plugin.core.condition.MultipleCondition\n        id: m\n        conditions:\n"
        "          a:\n            type: io.kestra.plugin.core.condition.ExecutionStatus\n" + TASK,
        [("removed-in", 7, 5), ("webhook-condition", 8, 7), ("deprecated-type", 8, 15)],
    ),
    "every execution": ("triggers:\n  - id: s\n    type: $TRIGGER.Flow\n" + TASK, [("every-execution", 5, 11)]),
    "filter": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Flow\n    preconditions:\n      id: p\n      where:\n"
        "        - id: w\n          filters:\n            - field: NAMESPACE\n              type: IN\n" + TASK,
        [("removed-in", 6, 5), ("condition-filter", 12, 21)],
    ),
    "window": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Flow\n    preconditions:\n      id: p\n      flows:\n"
        "        - namespace: x\n      timeWindow:\n        type: SLIDING_WINDOW\n        deadline: '09:00:00'\n"
        + TASK,
        [("removed-in", 6, 5), ("time-window", 12, 19)],
    ),
    "dates": (
        "triggers:\n  - id: s\n    type: $TRIGGER.ScheduleOnDates\n    "
        "dates: ['2026-02-30T10:00:00Z', '2026-02-03', soon]\n" + TASK,
        [("fails-later", 6, 13), ("fails-later", 6, 51)],
    ),
    "time of day": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Flow\n    dependsOn: [{flowId: x}]\n"
        "    window: {from: '9am', to: '10:00'}\n" + TASK,
        [("invalid-value", 7, 20)],
    ),
    "windows of 2.0": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Flow\n    dependsOn: [{flowId: x}]\n    minSatisfied: 2\n"
        "    window: {from: '09:00', every: PT1H, offset: PT1M}\n" + TASK,
        [("invalid-value", 7, 19), ("time-window", 8, 13), ("time-window", 8, 13)],
    ),
    "key of a webhook": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Webhook\n    key: " + "x" * 257 + "\n" + TASK,
        [("invalid-value", 6, 10)],
    ),
    "deprecated property": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Schedule\n    cron: '@daily'\n    backfill: {}\n" + TASK,
        [("deprecated-property", 7, 5)],
    ),
    "older property in a flow for any server before 2.0": (PROCESS, [("older-property", 7, 5)]),
    "older property beside one of 2.0": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Flow\n    dependsOn: [{flowId: x}]\n" + PROCESS,
        [("deprecated-property", 11, 5)],
    ),
    # -- defaults
    "a default without values": (
        "pluginDefaults:\n  - type: $LOG\n" + TASK,
        [("removed-in", 3, 1), ("plugin-default", 4, 5)],
    ),
    "a default without effect": (
        "pluginDefaults:\n  - type: $LOG\n    values:\n      mesage: x\n      level:\n" + TASK,
        [("removed-in", 3, 1), ("plugin-default", 6, 7), ("plugin-default", 7, 7)],
    ),
    "a default of the wrong type": (
        "pluginDefaults:\n  - type: $LOG\n    values:\n      logLevel: LOUD\n" + TASK,
        [("removed-in", 3, 1), ("wrong-type", 6, 17)],
    ),
    "a required property from a default": (
        "pluginDefaults:\n  - type: $LOG\n    values:\n      message: x\ntasks:\n  - id: t\n    type: $LOG\n",
        [("removed-in", 3, 1)],
    ),
}

WHOLE = {
    "empty": ("", [("not-a-flow", 1, 1)]),
    "a list": ("- a\n", [("not-a-flow", 1, 1)]),
    "a text": ("hello\n", [("not-a-flow", 1, 1)]),
    "namespace": ("id: f\nnamespace: A b\n" + TASK, [("invalid-id", 2, 12)]),
    "reserved": ("id: pause\nnamespace: a\n" + TASK, [("reserved-id", 1, 5)]),
    "two flows": (HEAD + TASK + "---\n" + HEAD + TASK, [("several-flows", 8, 1)]),
    "too large": ("x" * (3 * 1024 * 1024 + 1), [("yaml-size", 1, 1)]),
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return default_registry()


def written(text: str) -> str:
    return text.replace("$LOG", LOG).replace("$FLOW", FLOW).replace("$TRIGGER", TRIGGER)


def places(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, int, int]]:
    return [(d.code, d.range.line + 1, d.range.column + 1) for d in diagnostics]


@pytest.mark.parametrize("name", CASES)
def test_a_fragment(name: str, registry: Registry) -> None:
    text, wanted = CASES[name]
    loaded = load_flow(HEAD + written(text), registry)
    assert places(loaded.diagnostics) == wanted
    assert (loaded.flow is None) == any(CODES[code][0] == "error" for code, _, _ in wanted)


@pytest.mark.parametrize("name", WHOLE)
def test_a_document(name: str, registry: Registry) -> None:
    text, wanted = WHOLE[name]
    assert places(load_flow(text, registry).diagnostics) == wanted


@pytest.mark.parametrize(
    ("text", "line", "mended"),
    [
        ("tsaks: []\n" + TASK, 2, "tasks: []"),
        (TASK.replace(LOG, "io.kestra.core.tasks.log.Log"), 4, f"    type: {LOG}"),
        (TASK.replace("id: t", "id: a b"), 3, "  - id: a-b"),
        (TASK + "    logLevel: WARNING\n", 6, "    logLevel: WARN"),
        (TASK.replace("hi", "{{ inputs.x }} and more"), 5, '    message: "{{ inputs.x }} and more"'),
        (TASK.replace("hi", '{{ inputs["x"] }}'), 5, "    message: '{{ inputs[\"x\"] }}'"),
        (TASK.replace(LOG, "core.log.Log"), 4, f"    type: {LOG}"),
        ("taskDefaults: []\n" + TASK, 2, "pluginDefaults: []"),
    ],
)
def test_a_fix_mends_it(text: str, line: int, mended: str, registry: Registry) -> None:
    whole = HEAD + text
    found = next(d for d in load_flow(whole, registry).diagnostics if d.fix is not None)
    lines = whole.splitlines()
    for edit in found.fix.edits if found.fix else ():
        place = edit.range
        lines[place.line] = lines[place.line][: place.column] + edit.text + lines[place.line][place.end_column :]
    assert lines[line] == mended


def test_messages_say_what_to_do(registry: Registry) -> None:
    loaded = load_flow(HEAD + TASK.replace("message", "mesage"), registry)
    unknown = next(d for d in loaded.diagnostics if d.code == "unknown-property")
    assert unknown.message.startswith('Unrecognized field "mesage" in tasks[0]. Did you mean `message`?')
    assert unknown.at("f.yaml").startswith("f.yaml:6:5: error: ")
    loaded = load_flow(HEAD + TASK.replace("    message: hi\n", ""), registry)
    missing = next(d for d in loaded.diagnostics if d.code == "missing-property")
    assert missing.message.startswith("tasks[0].message: must not be null. Add `message`")


def test_an_older_property_is_a_warning_only_in_a_flow_of_2_0(registry: Registry) -> None:
    (found,) = load_flow(HEAD + PROCESS, registry).diagnostics
    assert (found.severity, found.message) == ("info", "tasks[0].runner is deprecated: Use `taskRunner`.")
    newer = "triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Flow\n    dependsOn: [{flowId: x}]\n"
    (found,) = load_flow(HEAD + newer + PROCESS, registry).diagnostics
    assert (found.code, found.severity) == ("deprecated-property", "warning")


WORDS = {
    "a group for a worker": (
        TASK + "    workerGroup: {key: gpu}\n", ["Worker Group is an Enterprise Edition functionality: "]),
    "every duplicate": (
        "tasks:\n  - {id: a, type: $LOG, message: x}\n  - {id: b, type: $LOG, message: x}\n"
        "  - {id: a, type: $LOG, message: x}\nlisteners:\n  - tasks: [{id: b, type: $LOG, message: x}]\n",
        [f"Duplicate task id with name [a, b]: `{name}` is in line {line} " for name, line in (("a", 4), ("b", 5))]),
    "no tasks": ("tasks:\n", ["tasks: must not be empty. "]),
    "a flowable without tasks": (
        "tasks:\n  - {id: p, type: $FLOW.Parallel}\n  - {id: q, type: $FLOW.Sequential, tasks: []}\n",
        ["tasks[0].tasks: must not be empty. ", "tasks[1].tasks: must not be empty. "]),
    "a WorkingDirectory without tasks": (
        "tasks:\n  - {id: p, type: $FLOW.WorkingDirectory}\n  - {id: q, type: $FLOW.WorkingDirectory, tasks: []}\n",
        ["p: The 'tasks' property cannot be empty. ", "q: The 'tasks' property cannot be empty. "]),
    "a flowable in a WorkingDirectory": (
        "tasks:\n  - id: w\n    type: $FLOW.WorkingDirectory\n    tasks:\n      - {id: p, type: $FLOW.Pause}\n",
        ["w: Only runnable tasks are allowed as children of a WorkingDirectory task: p is a flowable task. "]),
    "filters": (
        "triggers:\n  - id: s\n    type: $TRIGGER.Flow\n    preconditions:\n      id: p\n      where:\n"
        "        - id: w\n"
        "          filters:\n            - {field: STATE, type: IN, value: x}\n"
        "            - {field: STATE, type: NOT_IN}\n            - {field: STATE, type: EQUAL_TO, values: [x]}\n"
        "            - {field: STATE, type: IS_NULL, value: x, values: [y]}\n" + TASK,
        [f"triggers[0].preconditions.where[0].filters[{number}].{rest}" for number, rest in enumerate(
            ("value: `value` must be null for type IN;", "type: `values` cannot be null for type NOT_IN.",
             "values: `value` cannot be null for type EQUAL_TO.", "values: `values` must be null for type IS_NULL;"))]),
    "a Dag without tasks": ("tasks:\n  - {id: d, type: $FLOW.Dag}\n", ["d: No task defined. "]),
    "two spellings": (
        "inputs:\n  - {id: m, type: MULTISELECT, options: [a], values: [b]}\n" + TASK,
        ["inputs[0].values: you can't define both `values` and `options`"]),
    "a call in a WorkingDirectory": (
        "tasks:\n  - id: w\n    type: $FLOW.WorkingDirectory\n"
        "    tasks: [{id: p, type: $FLOW.Subflow, namespace: b, flowId: c}]\n",
        ["w: Only runnable tasks are allowed as children of a WorkingDirectory task: p is an executable task. "]),
    "a Dag": (
        "tasks:\n  - id: d\n    type: $FLOW.Dag\n    tasks:\n"
        "      - {task: {id: a, type: $LOG, message: x}, dependsOn: [b]}\n"
        "      - {task: {id: b, type: $LOG, message: x}, dependsOn: [a, c]}\n",
        ["d: Cyclic dependency detected: a, b. ", "d: Not existing task id in dependency: c."]),
    "a default for a file": (
        "inputs:\n  - {id: f, type: FILE, defaults: data.csv}\n  - {id: g, type: FILE, defaults: 'nsfile:///a.csv'}\n"
        "  - {id: h, type: FILE, defaults: 'file:///a.csv'}\n" + TASK,
        ["f: no `defaults` can be set for inputs of type 'FILE', "]),
}  # fmt: skip
"""What an error says first: the words of a server, with the id of the task where a server has it."""


@pytest.mark.parametrize("name", WORDS)
def test_an_error_says_what_a_server_says(name: str, registry: Registry) -> None:
    text, wanted = WORDS[name]
    errors = load_flow(HEAD + written(text), registry).errors
    assert [error.message[: len(words)] for error, words in zip(errors, wanted, strict=True)] == wanted


def test_a_flow_for_the_enterprise_edition_may_have_worker_groups() -> None:
    text = HEAD + "workerGroup: {key: a}\n" + TASK + "    workerGroup: {key: gpu}\n"
    loaded = load_flow(text, default_registry(enterprise=True))
    assert not loaded.errors and [each.code for each in loaded.diagnostics] == ["enterprise-only"] * 2


def test_each_document_is_a_flow_of_its_own(registry: Registry) -> None:
    loaded = load_flows(HEAD + TASK + "---\nid: g\n---\n" + HEAD + TASK, registry)
    assert [each.flow.id if each.flow else None for each in loaded] == ["f", None, "f"]
    assert loaded[1].errors
    assert loaded[2].flow is not None
    assert loaded[2].flow.source.strip() == (HEAD + TASK).strip()


def test_every_code_is_said_by_something() -> None:
    by_expressions = {
        "expression-syntax", "unknown-function", "unknown-input", "unknown-variable", "unknown-output",
        "output-too-early", "unknown-attribute", "expression-finding", "unknown-secret", "unknown-key", "unknown-file",
    }  # fmt: skip
    by_commands = {"flow-twice", "unreadable"}
    said = {code for _, wanted in (*CASES.values(), *WHOLE.values()) for code, _, _ in wanted}
    assert said | by_expressions | by_commands == set(CODES)


def test_the_page_is_current() -> None:
    page = ROOT / "docs" / "diagnostics.md"
    assert page.read_text(encoding="utf-8") == reference(), "write docs/diagnostics.md anew: make docs"
