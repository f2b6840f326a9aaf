"""Conditions: what holds when. Evaluated by the registry, with real expressions, as triggers come with them."""

from collections.abc import Mapping
from typing import Any

import pytest

from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render
from podium.model.flow import Condition
from podium.model.loader import load_flow
from podium.plugin.task import TaskError
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
CORE = "io.kestra.plugin.core.condition."


def condition(text: str) -> Condition:
    loaded = load_flow(
        "id: f\nnamespace: a\ntasks: [{id: t, type: io.kestra.plugin.core.log.Log, message: x}]\n"
        "triggers: [{id: t, type: io.kestra.plugin.core.trigger.Flow, conditions: [{type: "
        + CORE + text.replace("$C.", CORE) + "}]}]",
        REGISTRY,
    )  # fmt: skip
    assert loaded.flow is not None, loaded.errors
    return loaded.flow.triggers[0].conditions[0]


def holds(text: str, variables: Mapping[str, Any]) -> bool:
    return REGISTRY.holds(condition(text), variables, lambda value, names: render(value, names, FixtureServices()))


def on(date: str) -> dict[str, Any]:
    return {"trigger": {"date": date}}


@pytest.mark.parametrize(
    ("text", "date", "wanted"),
    [
        ("DayWeek, dayOfWeek: MONDAY", "2026-01-05T10:00:00Z", True),
        ("DayWeek, dayOfWeek: monday", "2026-01-06T10:00:00Z", False),
        ("DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: FIRST", "2026-01-05T10:00:00Z", True),
        ("DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: SECOND", "2026-01-05T10:00:00Z", False),
        ("DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: FOURTH", "2026-01-26T10:00:00Z", True),
        ("DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: LAST", "2026-01-26T10:00:00Z", True),
        ("DayWeekInMonth, dayOfWeek: TUESDAY, dayInMonth: LAST", "2026-01-26T10:00:00Z", False),
        ("Weekend", "2026-01-04", True),
        ("Weekend", "2026-01-05", False),
        ("Weekend, date: '2026-01-04'", "2026-01-05", True),
        ("PublicHoliday, country: FR", "2026-04-06T09:00:00+02:00", True),
        ("PublicHoliday, country: FR", "2026-04-07T09:00:00+02:00", False),
        ("DateTimeBetween, after: '2026-01-05T10:00:00Z'", "2026-01-05T10:00:01Z", True),
        ("DateTimeBetween, after: '2026-01-05T10:00:00Z'", "2026-01-05T10:00:00Z", False),
        ("DateTimeBetween, before: '2026-01-05T10:00:00+01:00'", "2026-01-05T09:30:00Z", False),
        ("DateTimeBetween, after: '2026-01-01T00:00:00Z', before: '2026-02-01T00:00:00Z'", "2026-01-15", True),
        ("TimeBetween, after: '06:00:00+02:00', before: '12:00:00+02:00'", "2026-01-05T09:00:00Z", True),
        ("TimeBetween, after: '06:00:00+02:00', before: '12:00:00+02:00'", "2026-01-05T10:00:00Z", False),
        ("Expression, expression: \"{{ trigger.date | date('yyyy') == '2026' }}\"", "2026-01-05T10:00:00Z", True),
        ("Expression, expression: 'false'", "2026-01-05", False),
        ("Expression, expression: ' false '", "2026-01-05", False),
        ("Expression, expression: 'False'", "2026-01-05", True),
        ("Expression, expression: '0'", "2026-01-05", True),
        ("Expression, expression: ' '", "2026-01-05", False),
        ("Not, conditions: [{type: $C.Weekend}]", "2026-01-05", True),
        ("Not, conditions: [{type: $C.Weekend}, {type: $C.DayWeek, dayOfWeek: MONDAY}]", "2026-01-05", False),
        ("Or, conditions: [{type: $C.Weekend}, {type: $C.DayWeek, dayOfWeek: MONDAY}]", "2026-01-05", True),
        ("Or, conditions: [{type: $C.Weekend}, {type: $C.Not, conditions: [{type: $C.DayWeek, dayOfWeek: MONDAY}]}]",
         "2026-01-05", False),
    ],
)  # fmt: skip
def test_dates(text: str, date: str, wanted: bool) -> None:
    if "PublicHoliday" in text:
        pytest.importorskip("holidays")
    assert holds(text, on(date)) is wanted


EXECUTION = {
    "flow": {"namespace": "company.team", "id": "load"},
    "listeningFlow": {"namespace": "company.report", "id": "report"},
    "execution": {"id": "x", "state": "FAILED"},
    "labels": {"owner": "ada", "system": {"correlationId": "1"}},
    "trigger": {"outputs": {"rows": 5}},
    "taskruns": [{"attempts": [{"state": {"current": "FAILED"}}, {"state": {"current": "SUCCESS"}}]}],
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ExecutionFlow, namespace: company.team, flowId: load", True),
        ("ExecutionFlow, namespace: company, flowId: load", False),
        ("ExecutionNamespace, namespace: company.team", True),
        ("ExecutionNamespace, namespace: company", False),
        ("ExecutionNamespace, namespace: company, prefix: true", True),
        ("ExecutionNamespace, namespace: company, comparison: PREFIX", True),
        ("ExecutionNamespace, namespace: team, comparison: SUFFIX", True),
        ("ExecutionStatus, in: [FAILED, WARNING]", True),
        ("ExecutionStatus, in: [SUCCESS]", False),
        ("ExecutionStatus, notIn: [FAILED]", False),
        ("ExecutionStatus", True),
        ("ExecutionLabels, labels: {owner: ada}", True),
        ("ExecutionLabels, labels: [{key: owner, value: ada}, {key: system.correlationId, value: 1}]", True),
        ("ExecutionLabels, labels: {owner: eve}", False),
        ("ExecutionOutputs, expression: '{{ trigger.outputs.rows > 4 }}'", True),
        ("ExecutionOutputs, expression: '{{ trigger.outputs.rows > 5 }}'", False),
        ("HasRetryAttempt, in: [FAILED]", True),
        ("HasRetryAttempt, in: [KILLED]", False),
        ("FlowCondition, namespace: company.report, flowId: report", True),
        ("FlowNamespaceCondition, namespace: company, prefix: true", True),
        ("FlowNamespaceCondition, namespace: company", False),
    ],
)
def test_executions(text: str, wanted: bool) -> None:
    assert holds(text, EXECUTION) is wanted


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        ("ExecutionStatus, in: [FAILED]", on("2026-01-05"), "Invalid condition with null execution"),
        ("DateTimeBetween", on("2026-01-05"), "no before nor after"),
        ("TimeBetween, after: soon", on("2026-01-05"), "must be a time such as 10:00:00"),
        ("Weekend", on("tomorrow"), "is no date"),
        ("PublicHoliday", on("2026-01-05"), "needs a `country`"),
        ("Weekend", {"trigger": {}}, "`date`"),
        ("Expression, expression: '{{ nothing.here }}'", {}, "Unable to find `nothing`"),
    ],
)
def test_what_cannot_be_said(
    text: str, variables: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with pytest.raises((TaskError, ExpressionError)) as failure:
        holds(text, variables)
    assert said in str(failure.value)


def test_holidays_of_the_country_of_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("holidays")
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8@euro")
    assert holds("PublicHoliday", on("2026-07-14"))
    monkeypatch.setenv("LC_ALL", "de_DE")
    assert not holds("PublicHoliday", on("2026-07-14"))


def test_no_outputs_hold_nothing() -> None:
    variables = {**EXECUTION, "trigger": {"outputs": {}}}
    assert not holds("ExecutionOutputs, expression: 'true'", variables)
