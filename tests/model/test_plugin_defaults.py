"""Plugin defaults: what wins, what is merged, where they reach (semantics 10.1)."""

from typing import Any

import pytest

from podium.model.flow import Flow, PluginDefault
from podium.model.loader import Loaded, load_flow
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
CORE = "io.kestra.plugin.core"
LOG = f"{CORE}.log.Log"
SHELL = "io.kestra.plugin.scripts.shell.Commands"


def loaded(task: str, defaults: str = "", *outer: PluginDefault) -> Loaded:
    text = f"id: f\nnamespace: a\ntasks:\n  - {{id: t, {task}}}\n"
    return load_flow(text + (f"pluginDefaults: [{defaults}]\n" if defaults else ""), REGISTRY, defaults=outer)


def flow(task: str, defaults: str = "", *outer: PluginDefault) -> Flow:
    found = loaded(task, defaults, *outer)
    assert found.flow is not None, found.errors
    return found.flow


@pytest.mark.parametrize(
    ("flow_forced", "global_forced", "only_global", "both", "all_three"),
    [
        (False, False, "G", "F", "T"),
        (False, True, "G", "G", "G"),
        (True, False, "G", "F", "F"),
        (True, True, "G", "F", "F"),
    ],
)
def test_precedence(flow_forced: bool, global_forced: bool, only_global: str, both: str, all_three: str) -> None:
    outer = PluginDefault(LOG, {"message": "G"}, global_forced)
    own = f"{{type: {LOG}, forced: {str(flow_forced).lower()}, values: {{message: F}}}}"
    assert flow(f"type: {LOG}", "", outer).tasks[0].props["message"] == only_global
    assert flow(f"type: {LOG}", own, outer).tasks[0].props["message"] == both
    assert flow(f"type: {LOG}, message: T", own, outer).tasks[0].props["message"] == all_three


# (name, task, defaults, props afterwards)
MERGED: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "a prefix",
        f"type: {LOG}, message: m",
        f"{{type: {CORE}.log, values: {{level: DEBUG}}}}",
        {"message": "m", "level": "DEBUG"},
    ),
    (
        "a textual prefix",
        f"type: {LOG}, message: m",
        f"{{type: {CORE}.lo, values: {{level: DEBUG}}}}",
        {"message": "m", "level": "DEBUG"},
    ),
    ("another type", f"type: {LOG}, message: m", f"{{type: {CORE}.http, values: {{level: DEBUG}}}}", {"message": "m"}),
    (
        "an old name of the task",
        "type: io.kestra.core.tasks.log.Log, message: m",
        f"{{type: {LOG}, values: {{level: DEBUG}}}}",
        {"message": "m", "level": "DEBUG"},
    ),
    (
        "the first of two wins",
        f"type: {LOG}, message: m",
        f"{{type: {LOG}, values: {{level: DEBUG}}}}, {{type: {CORE}.log, values: {{level: WARN}}}}",
        {"message": "m", "level": "DEBUG"},
    ),
    (
        "the first of two forced wins",
        f"type: {LOG}, message: m",
        f"{{type: {LOG}, forced: true, values: {{level: DEBUG}}}}, "
        f"{{type: {LOG}, forced: true, values: {{level: WARN}}}}",
        {"message": "m", "level": "DEBUG"},
    ),
    (
        "maps are merged",
        f"type: {SHELL}, commands: [ls], env: {{A: own, B: own}}",
        f"{{type: {SHELL}, values: {{env: {{A: default, C: default}}}}}}",
        {"commands": ["ls"], "env": {"A": "own", "B": "own", "C": "default"}},
    ),
    (
        "forced maps are merged",
        f"type: {SHELL}, commands: [ls], env: {{A: own, B: own}}",
        f"{{type: {SHELL}, forced: true, values: {{env: {{A: default, C: default}}}}}}",
        {"commands": ["ls"], "env": {"A": "default", "B": "own", "C": "default"}},
    ),
    (
        "lists are joined",
        f"type: {SHELL}, commands: [own]",
        f"{{type: {SHELL}, values: {{commands: [default]}}}}",
        {"commands": ["default", "own"]},
    ),
    (
        "forced lists are joined",
        f"type: {SHELL}, commands: [own]",
        f"{{type: {SHELL}, forced: true, values: {{commands: [default]}}}}",
        {"commands": ["own", "default"]},
    ),
    (
        "a null does not override",
        f"type: {LOG}, message: m, level: null",
        f"{{type: {LOG}, values: {{level: DEBUG}}}}",
        {"message": "m", "level": "DEBUG"},
    ),
    (
        "unknown properties of a prefix are dropped",
        f"type: {LOG}, message: m",
        "{type: io.kestra, values: {containerImage: x}}",
        {"message": "m"},
    ),
    (
        "nested objects have defaults too",
        f"type: {SHELL}, commands: [ls], taskRunner: {{type: {CORE}.runner.Process}}",
        f"{{type: {SHELL}, values: {{taskRunner: {{type: io.kestra.plugin.scripts.runner.docker.Docker}}}}}}",
        {"commands": ["ls"], "taskRunner": {"type": f"{CORE}.runner.Process"}},
    ),
    (
        "a default brings an object",
        f"type: {SHELL}, commands: [ls]",
        f"{{type: {SHELL}, values: {{taskRunner: {{type: {CORE}.runner.Process}}}}}}",
        {"commands": ["ls"], "taskRunner": {"type": f"{CORE}.runner.Process"}},
    ),
]


@pytest.mark.parametrize(("name", "task", "defaults", "props"), MERGED, ids=[row[0] for row in MERGED])
def test_merging(name: str, task: str, defaults: str, props: dict[str, Any]) -> None:
    assert flow(task, defaults).tasks[0].props == props


def test_common_properties_come_from_defaults_too() -> None:
    made = flow(
        f"type: {LOG}, message: m",
        "{type: io.kestra, values: {retry: {type: constant, interval: PT1S}, timeout: PT5S}}",
    )
    assert made.tasks[0].retry is not None and made.tasks[0].timeout == "PT5S"


def test_tasks_below_and_triggers_have_defaults() -> None:
    text = (
        f"id: f\nnamespace: a\npluginDefaults: [{{type: {LOG}, values: {{level: WARN}}}}, "
        f"{{type: {CORE}.trigger.Schedule, values: {{timezone: Europe/Paris}}}}]\n"
        f"tasks:\n  - {{id: s, type: {CORE}.flow.Sequential, tasks: [{{id: t, type: {LOG}, message: m}}]}}\n"
        f"errors:\n  - {{id: e, type: {LOG}, message: m}}\n"
        f"triggers:\n  - {{id: t, type: {CORE}.trigger.Schedule, cron: '@daily'}}\n"
    )
    made = load_flow(text, REGISTRY).flow
    assert made is not None
    assert [made.tasks_by_id[name].props["level"] for name in "te"] == ["WARN", "WARN"]
    assert made.triggers[0].props["timezone"] == "Europe/Paris"
    assert [each.type for each in made.plugin_defaults] == [LOG, f"{CORE}.trigger.Schedule"]


def test_what_is_wrong_with_a_default_is_said_once_and_there() -> None:
    found = loaded(f"type: {LOG}, message: m", f"{{type: {LOG}, values: {{level: LOUD}}}}")
    assert [(d.code, d.range.line) for d in found.diagnostics if d.code != "removed-in"] == [("fails-later", 4)]


def test_settings_give_defaults_of_every_shape() -> None:
    outer = PluginDefault(SHELL, {"env": {"A": 1, "B": True}, "commands": ["first"], "failFast": False})
    props = flow(f"type: {SHELL}, commands: [second]", "", outer).tasks[0].props
    assert props == {"env": {"A": "1", "B": "true"}, "commands": ["first", "second"], "failFast": False}
