"""Whatever is typed, the loader answers: random changes of a flow never raise, and every place lies in the text."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.model.diagnostics import Diagnostic
from podium.model.loader import load_flow, load_flows
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
FLOW = """\
id: everything
namespace: company.team
description: A bit of everything.
labels: {owner: ada, n: 1}
inputs:
  - {id: env, type: SELECT, values: [dev, prod], defaults: dev}
  - id: when
    type: DATE
    after: 2026-01-01
    dependsOn: {inputs: [env], condition: "{{ inputs.env == 'dev' }}"}
variables: &vars
  a: 1
  b: [x, y]
concurrency: {limit: 2, behavior: QUEUE}
retry: {type: constant, interval: PT1S, maxAttempts: 3}
sla:
  - {id: max, type: MAX_DURATION, duration: PT1H, behavior: FAIL, labels: {x: y}}
checks:
  - {condition: "{{ true }}", message: hi}
pluginDefaults:
  - type: io.kestra.plugin.core.log
    forced: true
    values: {level: DEBUG, retry: {type: constant, interval: PT2S}}
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: ["a", "b"]
    tasks:
      - {id: log, type: io.kestra.plugin.core.log.Log, message: ["{{ taskrun.value }}", two]}
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task: {id: one, type: io.kestra.plugin.core.debug.Return, format: yes}
      - task: {id: two, type: io.kestra.plugin.core.debug.Return}
        dependsOn: [one]
  - id: switch
    type: io.kestra.plugin.core.flow.Switch
    value: "{{ inputs.env }}"
    cases:
      dev:
        - {id: sh, type: io.kestra.plugin.scripts.shell.Commands, commands: [ls], taskRunner: {type: io.kestra.plugin.core.runner.Process}}
      true: []
    defaults:
      - {id: pause, type: io.kestra.plugin.core.flow.Pause, onResume: [{id: x, type: INT}]}
  - id: items
    type: io.kestra.plugin.core.flow.ForEachItem
    items: "{{ inputs.env }}"
    namespace: company.team
    flowId: other
    batch: {rows: 5}
outputs:
  - {id: o, type: STRING, value: "{{ outputs.two.value }}"}
triggers:
  - id: nightly
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 3 * * *"
    timezone: Europe/Paris
    conditions:
      - type: io.kestra.plugin.core.condition.Not
        conditions: [{type: io.kestra.plugin.core.condition.Weekend}]
  - id: after
    type: io.kestra.plugin.core.trigger.Flow
    preconditions:
      id: both
      flows: [{namespace: a, flowId: b}]
      where: [{id: w, filters: [{field: STATE, type: IN, values: [SUCCESS]}]}]
      timeWindow: {type: DAILY_TIME_DEADLINE, deadline: "09:00:00"}
"""  # noqa: E501 - one-line maps are part of what is changed

PIECES = [
    "",
    " ",
    "\n",
    "  ",
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "*vars",
    "&a ",
    "<<: *vars",
    "null",
    "~",
    "|",
    ">",
    "'",
    '"',
    "{{",
    "}}",
    "#",
    "!!int",
    "---\n",
    "\t",
    "\u2028",
    "\x00",
    "é",
    "𝔘",
    "id: ",
    "type: ",
    "? ",
    "true",
    "1e999",
    "-1",
    "0x",
    "P1D",
    "io.kestra.plugin.core.flow.If",
    "io.kestra.plugin.core.trigger.Schedule",
    "9" * 5000,
    "constant",
    "INT",
]
LINES = FLOW.splitlines(keepends=True)


@st.composite
def changed(draw: st.DrawFn) -> str:
    text = FLOW
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["replace", "cut", "swap", "indent", "value"]))
        start = draw(st.integers(0, max(0, len(text) - 1)))
        if kind == "replace":
            text = text[:start] + draw(st.sampled_from(PIECES)) + text[start + draw(st.integers(0, 3)) :]
        elif kind == "cut":
            text = text[:start] + text[start + draw(st.integers(1, 400)) :]
        else:
            lines = text.splitlines(keepends=True) or [""]
            index = draw(st.integers(0, len(lines) - 1))
            if kind == "swap":
                lines.insert(draw(st.integers(0, len(lines))), lines.pop(index))
            elif kind == "indent":
                lines[index] = " " * draw(st.integers(1, 4)) + lines[index]
            elif ":" in lines[index]:
                key = lines[index].partition(":")[0]
                lines[index] = f"{key}: {draw(st.sampled_from(PIECES))}\n"
            text = "".join(lines)
    return text


def inside(diagnostic: Diagnostic, text: str) -> bool:
    lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", text)  # what ends a line in YAML
    place = diagnostic.range
    return 0 <= place.line <= len(lines) and (place.line, place.column) <= (place.end_line, place.end_column)


def test_the_flow_itself_is_right() -> None:
    loaded = load_flow(FLOW, REGISTRY)
    assert loaded.errors == ()
    assert loaded.flow is not None and len(list(loaded.flow.walk())) == 12


@settings(max_examples=400, deadline=None)
@given(changed())
def test_changes_never_raise(text: str) -> None:
    for loaded in (load_flow(text, REGISTRY), *load_flows(text, REGISTRY)):
        assert (loaded.flow is None) == bool(loaded.errors)
        assert all(inside(diagnostic, text) for diagnostic in loaded.diagnostics)
        for diagnostic in loaded.diagnostics:
            assert diagnostic.message and not diagnostic.message.startswith(":")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list(" \n:-[]{}&*!|>'\"#%@`,?abid01.~<\t\r")), max_size=60))
def test_any_text_is_answered(text: str) -> None:
    load_flows(text, REGISTRY)
