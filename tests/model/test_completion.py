"""What is offered where, and what the text is after taking it."""

import pytest
from tests.model.cursors import applied, at_cursor

from podium.model.completion import complete
from podium.model.suggestions import Suggestion, Surroundings, ranked
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
OUTSIDE = Surroundings(
    namespaces=lambda: ["lab", "lab.sales"],
    flows=lambda namespace: ["load", "report"] if namespace == "lab" else [],
    inputs=lambda namespace, flow: [("day", "DATE"), ("n", "INT")] if flow == "load" else [],
    secrets=lambda: ["API_KEY", "DB"],
    keys=lambda namespace: [f"{namespace}-key"],
    files=lambda namespace: ["queries/daily.sql"],
    last_outputs={"py": {"vars": {"rows": 3}}},
)
HEAD = """\
id: f
namespace: lab
inputs:
  - id: day
    type: DATE
  - id: db.host
    type: STRING
variables:
  bucket: raw
tasks:
  - id: py
    type: io.kestra.plugin.scripts.python.Script
    script: print(1)
  - id: my-req
    type: io.kestra.plugin.core.http.Request
    uri: x
"""
LOG = "  - id: a\n    type: io.kestra.plugin.core.log.Log\n"
PAUSE = (
    """\
  - id: ask
    type: io.kestra.plugin.core.flow.Pause
    onResume:
      - id: reason
        type: STRING
      - id: days
        type: INT
"""
    + LOG
)
IF = (
    """\
  - id: check
    type: io.kestra.plugin.core.flow.If
    condition: "{{ true }}"
"""
    + LOG
)
LOOP = """\
  - id: loop
    type: io.kestra.plugin.core.flow.ForEach
    values: [1]
    tasks:
      - id: one
        type: io.kestra.plugin.core.debug.Return
        format: x
      - id: two
        type: io.kestra.plugin.core.debug.Return
        format: "{{ ¦ }}"
"""
DAG = """\
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task:
          id: x
          type: io.kestra.plugin.core.log.Log
      - task:
          id: y
          type: io.kestra.plugin.core.log.Log
        dependsOn: ¦
"""
FORK = """\
  - id: fork
    type: io.kestra.plugin.core.flow.Parallel
    tasks:
      - id: left
        type: io.kestra.plugin.core.debug.Return
        format: x
      - id: right
        type: io.kestra.plugin.core.debug.Return
        format: "{{ outputs.¦ }}"
  - id: later
    type: io.kestra.plugin.core.debug.Return
    format: x
errors:
  - id: mail
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.¦ }}"
"""


def offered(text: str, head: str = HEAD) -> list[Suggestion]:
    return complete(*at_cursor(head + text), REGISTRY, OUTSIDE)


def labels(text: str, head: str = HEAD) -> list[str]:
    return [item.label for item in offered(text, head)]


FIRST: list[tuple[str, list[str]]] = [
    # keys: required ones first, those that are there left out
    ("  - id: a\n    ¦", ["type"]),
    (LOG + "    ¦", ["message", "level"]),
    (LOG + "    message: x\n    l¦", ["level", "logLevel", "logToFile"]),
    ("  - id: a\n    type: io.kestra.plugin.core.flow.If\n    ¦", ["condition", "then", "else"]),
    ("  - id: a\n    retry:\n      ¦", ["type"]),
    ("  - id: a\n    retry:\n      type: constant\n      ¦", ["interval"]),
    ("  - id: a\n    retry: {type: random, ¦}", ["minInterval", "maxInterval"]),
    ("  - id: a\n    type: io.kestra.plugin.scripts.python.Script\n    taskRunner:\n      ¦", ["type"]),
    ("concurrency:\n  ¦", ["limit", "behavior"]),
    ("triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    ¦", ["cron"]),
    ("pluginDefaults:\n  - type: io.kestra.plugin.core.log.Log\n    values:\n      ¦", ["message", "level"]),
    ("  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: lab\n    flowId: load\n"
     "    inputs:\n      ¦", ["day", "n"]),
    ("  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: lab\n    flowId: load\n"
     "    inputs:\n      day: x\n      ¦", ["n"]),
    ("outputs:\n  - ¦", ["id", "type", "value"]),
    # values
    ("  - id: a\n    logLevel: ¦", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]),
    ("  - id: a\n    allowFailure: ¦", ["true", "false"]),
    ("  - id: a\n    retry:\n      type: ¦", ["constant", "exponential", "random"]),
    ("  - id: a\n    retry:\n      interval: PT¦", ["PT10S", "PT1M"]),
    ("triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    timezone: Europe/Par¦",
     ["Europe/Paris"]),
    ("triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: @¦", ["@hourly", "@daily"]),
    ("  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: lab\n    flowId: re¦", ["report"]),
    ("  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: ¦", ["lab", "lab.sales"]),
    ("triggers:\n  - id: s\n    stopAfter:\n      - FA¦", ["FAILED"]),
    # types, by their last word
    ("  - id: a\n    type: log¦", ["Log"]),
    ("  - id: a\n    type: htreq¦", ["Request"]),
    ("  - id: a\n    type: core.flow.P¦", ["Parallel", "Pause"]),
    ("  - id: a\n    type: io.kestra.plugin.core.http.D¦", ["Download"]),
    ("triggers:\n  - id: s\n    type: Sche¦", ["Schedule", "ScheduleOnDates"]),
    ("triggers:\n  - id: s\n    type: x\n    conditions:\n      - type: Week¦", ["Weekend", "DayWeek"]),
    ("  - id: a\n    type: io.kestra.plugin.scripts.python.Script\n    taskRunner:\n      type: Proc¦", ["Process"]),
    # ids
    (DAG.replace("dependsOn: ¦", "dependsOn: [¦]"), ["x"]),
    (DAG.replace("dependsOn: ¦", "dependsOn:\n          - ¦"), ["x"]),
    # expressions
    (LOG + '    message: "{{ ¦', ["inputs", "outputs", "vars", "flow"]),
    (LOG + '    message: "{{ inputs.¦', ["day", "db"]),
    (LOG + '    message: "{{ inputs.db.¦', ["host"]),
    (LOG + '    message: "{{ vars.b¦', ["bucket"]),
    (LOG + '    message: "{{ outputs.¦', ["my-req", "py"]),
    (LOG + '    message: "{{ outputs.py.¦', ["exitCode", "vars", "outputFiles"]),
    (LOG + '    message: "{{ outputs.py.vars.¦', ["rows"]),
    (LOG + "    message: \"{{ outputs['my-req'].c¦", ["code"]),
    (LOG + '    message: "{{ flow.¦', ["id", "namespace", "revision", "tenantId"]),
    (LOG + '    message: "{{ x | upp¦', ["upper"]),
    (LOG + '    message: "{{ x is def¦', ["defined"]),
    (LOG + "    message: \"{{ secret('D¦", ["DB"]),
    (LOG + "    message: \"{{ kv('¦", ["lab-key"]),
    (LOG + "    message: \"{{ read('q¦", ["queries/daily.sql"]),
    (LOG + "    message: |\n      {% fo¦", ["for", "endfor"]),
    (LOG + "    message: |\n      {% for row in outputs.py.vars %}{{ row¦", ["row"]),
    (LOG + '    message: "{{ inputs.day ¦ }}', ["??", "is"]),
    (PAUSE + '    message: "{{ outputs.ask.¦', ["onResume", "resumed"]),
    (PAUSE + '    message: "{{ outputs.ask.onResume.¦', ["reason", "days"]),
    (IF + '    message: "{{ outputs.check.¦', ["evaluationResult"]),
    (LOOP.replace("{{ ¦", "{{ outputs.¦"), ["one", "my-req", "py"]),
    (LOOP.replace("{{ ¦", "{{ currentEachOutput(outputs.one).¦"), ["value"]),
    (LOOP.replace("{{ ¦", "{{ outputs.one[taskrun.value].¦"), ["value"]),
    ("triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    inputs:\n      d: \"{{ trigger.¦",
     ["date", "next", "previous"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "first"), FIRST)
def test_first_of_what_is_offered(text: str, first: list[str]) -> None:
    assert labels(text)[: len(first)] == first


ROOT = [("", "id"), ("id: a\n", "namespace"), ("id: a\nnamespace: b\n", "tasks")]


@pytest.mark.parametrize(("text", "first"), ROOT)
def test_a_new_flow_is_asked_for_what_it_needs(text: str, first: str) -> None:
    assert labels(text + "¦", "")[0] == first


NOWHERE = ["# ¦", LOG + "    message: plain ¦text", LOG + "    script: |\n      if x:\n        ty¦"]


@pytest.mark.parametrize("text", NOWHERE)
def test_nothing_is_offered_inside_texts(text: str) -> None:
    assert labels(text) == []


TAKEN: list[tuple[str, str, str]] = [
    ("  - id: a\n    ret¦", "retry", "  - id: a\n    retry:\n      type: ¦"),
    ("  - id: a\n    type: io.kestra.plugin.core.flow.If\n    th¦", "then",
     "  - id: a\n    type: io.kestra.plugin.core.flow.If\n    then:\n      - ¦"),
    (LOG + "    me¦ssage: x", "message", LOG + "    message¦: x"),
    ("  - id: a\n    type: Log¦", "Log", "  - id: a\n    type: io.kestra.plugin.core.log.Log¦"),
    ("  - id: a\n    type:¦", "Log", "  - id: a\n    type: io.kestra.plugin.core.log.Log¦"),
    ("  - id: a\n    type: \"Log¦\"", "Log", "  - id: a\n    type: \"io.kestra.plugin.core.log.Log¦\""),
    ("  - log¦", "Log", "  - id: log\n    type: io.kestra.plugin.core.log.Log\n    message: ¦"),
    ("  ¦", "Sequential",
     "  - id: sequential\n    type: io.kestra.plugin.core.flow.Sequential\n    tasks:\n      - id: ¦"),
    ("  - python¦", "Script", "  - id: python\n    type: io.kestra.plugin.scripts.python.Script\n"
     "    script: |\n      ¦"),
    (LOG + '    message: "{{ outputs.my¦ }}"', "my-req", LOG + "    message: \"{{ outputs['my-req']¦ }}\""),
    (LOG + "    message: '{{ outputs.my¦ }}'", "my-req", LOG + "    message: '{{ outputs[\"my-req\"]¦ }}'"),
    (LOG + '    message: "{{ sec¦ }}"', "secret(key, namespace, subkey, full=false)",
     LOG + "    message: \"{{ secret('¦') }}\""),
    (LOG + '    message: "{{ x | upp¦ }}"', "upper", LOG + '    message: "{{ x | upper¦ }}"'),
    (LOG + "    message: ¦", "{{ … }}", LOG + '    message: "{{ ¦ }}"'),
    ("labe¦", "labels", "labels:\n  ¦"),
    ("triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: ¦", "*/5 * * * *",
     "triggers:\n  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: \"*/5 * * * *\"¦"),
    (LOOP.replace("¦", "outputs.o¦"), "one", LOOP.replace("¦", "outputs.one[taskrun.value]¦")),
    (LOG + "    message: |\n      {% i¦", "if", LOG + "    message: |\n      {% if ¦ %}{% endif %}"),
    (LOG + "    message: |\n      {% i¦ %}", "if", LOG + "    message: |\n      {% if ¦ %}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "label", "after"), TAKEN)
def test_the_text_after_taking_a_suggestion(text: str, label: str, after: str) -> None:
    lines, row, column = at_cursor(HEAD + text)
    item = next(item for item in complete(lines, row, column, REGISTRY, OUTSIDE) if item.label == label)
    assert applied(lines, item) == HEAD + after


def test_outputs_of_tasks_that_cannot_have_run_are_not_offered() -> None:
    branch, late = FORK.replace("¦", "", 1).replace("¦", "@"), FORK.replace("¦", "@", 1)
    assert labels(late.replace("¦", "").replace("@", "¦")) == ["my-req", "py"]
    assert labels(branch.replace("@", "¦")) == ["later", "right", "left", "fork", "my-req", "py"]


def test_an_input_does_not_depend_on_itself() -> None:
    text = "id: f\ninputs:\n  - id: a\n  - id: b\n    dependsOn:\n      inputs:\n        - ¦"
    assert labels(text, "") == ["a"]


def test_what_means_nothing_on_one_machine_is_not_proposed() -> None:
    assert {"workerGroup", "version", "tenantId", "quotas"} & {*labels(LOG + "    ¦"), *labels("¦")} == set()


def test_documentation_is_made_when_asked_for() -> None:
    (item,) = [item for item in offered(LOG + "    ¦") if item.label == "message"]
    assert "`message`" in item.documentation and "required" in item.documentation
    (item,) = [item for item in offered("  - id: a\n    type: log.Log¦") if item.label == "Log"]
    assert "io.kestra.plugin.core.log.Log" in item.documentation
    assert item.detail == "io.kestra.plugin.core.log"


RANKING = [
    ("st", ["startDate", "state", "first"], ["startDate", "state", "first"]),
    ("sd", ["state", "startDate", "isDate"], ["startDate", "isDate"]),
    ("URI", ["uri", "uriList"], ["uri", "uriList"]),
    ("xyz", ["x"], []),
]


@pytest.mark.parametrize(("word", "names", "order"), RANKING)
def test_ranking(word: str, names: list[str], order: list[str]) -> None:
    assert ranked(word, names) == order
