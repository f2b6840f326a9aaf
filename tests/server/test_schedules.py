"""Dates of schedules, missed ones, backfills: tables of moments, no clock."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from podium.model.flow import Flow
from podium.model.loader import load_flow
from podium.plugin.registry import Registry
from podium.server.schedule_dates import FulfilledDates
from podium.server.scheduler import Schedule
from podium.store.stores import Stores
from podium.store.trigger_states import TriggerState
from podium.tasks.registry import default_registry

FLOW = """
id: nightly
namespace: lab
tasks:
  - {{id: a, type: io.kestra.plugin.core.log.Log, message: hi}}
triggers:
  - id: clock
    type: io.kestra.plugin.core.trigger.{kind}
    timezone: {zone}
    {more}
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return _opened(tmp_path)


def _opened(path: Path) -> Stores:
    from podium.store.workspace import Workspace

    Workspace.open(path)
    return Stores.open(path)


@pytest.fixture
def registry() -> Registry:
    return default_registry()


def schedule(stores: Stores, registry: Registry, more: str, kind: str = "Schedule", zone: str = "UTC") -> Schedule:
    loaded = load_flow(FLOW.format(kind=kind, zone=zone, more=more), registry)
    assert isinstance(loaded.flow, Flow), loaded.errors
    return Schedule(stores, registry, loaded.flow, loaded.flow.triggers[0])


def test_dates_follow_the_zone_across_the_change_of_clocks(stores: Stores, registry: Registry) -> None:
    daily = schedule(stores, registry, 'cron: "30 2 * * *"', zone="Europe/Paris")
    # 02:30 does not exist on 29 March 2026 in Paris.
    following = daily.next_date(at("2026-03-28T12:00:00+01:00"), at("2026-03-28T12:00:00+01:00"))
    assert following == at("2026-03-30T02:30:00+02:00")


def test_conditions_pick_among_the_dates(stores: Stores, registry: Registry) -> None:
    mondays = schedule(
        stores, registry,
        'cron: "0 9 * * *"\n    conditions:\n'
        "      - {type: io.kestra.plugin.core.condition.DayWeek, dayOfWeek: MONDAY}",
    )  # fmt: skip
    first = mondays.next_date(at("2026-01-06T00:00:00Z"), at("2026-01-06T00:00:00Z"))
    assert first == at("2026-01-12T09:00:00Z")
    assert mondays.variables(at("2026-01-12T09:00:00Z")) == {
        "date": "2026-01-12T09:00:00Z", "next": "2026-01-19T09:00:00Z", "previous": "2026-01-05T09:00:00Z",
    }  # fmt: skip
    assert mondays.evaluate(at("2026-01-13T09:00:00Z")) is None


@pytest.mark.parametrize(
    ("recover", "expected"),
    [("ALL", ["10:10", "10:20"]), ("LAST", ["10:20"]), ("NONE", [])],
)
def test_missed_dates_are_made_up_for(stores: Stores, registry: Registry, recover: str, expected: list[str]) -> None:
    every = schedule(stores, registry, f'cron: "*/10 * * * *"\n    recoverMissedSchedules: {recover}')
    now = at("2026-01-05T10:25:00Z")
    known = TriggerState("lab", "nightly", "clock", date=at("2026-01-05T10:00:00Z"))
    state, dates = every.first_state(known, now), []
    while (due := every.due(state, now)) is not None:
        dates.append(due.strftime("%H:%M"))
        state = every.after(state, due, now)
    assert dates == expected
    assert state.next_date == at("2026-01-05T10:30:00Z")


def test_a_lock_delays_and_a_switched_off_trigger_never_fires(stores: Stores, registry: Registry) -> None:
    every = schedule(stores, registry, 'cron: "* * * * *"')
    due = at("2026-01-05T10:00:00Z")
    free = TriggerState("lab", "nightly", "clock", next_date=due)
    assert every.due(free, due) == due
    assert every.due(TriggerState("lab", "nightly", "clock", next_date=due, execution_id="x"), due) is None
    assert every.due(TriggerState("lab", "nightly", "clock", next_date=due, disabled=True), due) is None


def test_a_backfill_runs_from_start_to_end_and_gives_the_next_date_back(stores: Stores, registry: Registry) -> None:
    hourly = schedule(stores, registry, 'cron: "0 * * * *"')
    now = at("2026-01-05T12:30:00Z")
    state = TriggerState("lab", "nightly", "clock", next_date=at("2026-01-05T13:00:00Z"))
    state = hourly.backfill(state, at("2026-01-05T05:00:00Z"), at("2026-01-05T08:00:00Z"))
    hours = []
    while (due := hourly.due(state, now)) is not None:
        hours.append(due.hour)
        state = hourly.after(state, due, now)
    assert hours == [5, 6, 7, 8]
    assert state.next_date == at("2026-01-05T13:00:00Z") and "backfill" not in state.extra


def test_a_condition_that_cannot_be_evaluated_makes_a_failed_execution(stores: Stores, registry: Registry) -> None:
    broken = schedule(
        stores, registry,
        'cron: "0 9 * * *"\n    conditions:\n'
        '      - {type: io.kestra.plugin.core.condition.Expression, expression: "{{ nothing.here }}"}',
    )  # fmt: skip
    firing = broken.evaluate(at("2026-01-12T09:00:00Z"))
    assert firing is not None and firing.error is not None and "nothing" in firing.error


@pytest.mark.parametrize(
    ("more", "kind", "zone", "problem"),
    [
        ('cron: "0 0 * * *"', "Schedule", "Asia/Delhi", "Unknown time-zone ID: Asia/Delhi"),
        ('dates: ["{{ nothing.here }}"]', "ScheduleOnDates", "UTC", "nothing"),
    ],
)
def test_a_wrong_schedule_says_why(
    stores: Stores, registry: Registry, more: str, kind: str, zone: str, problem: str
) -> None:  # fmt: skip
    text = FLOW.format(kind=kind, zone="UTC", more=more)
    flow: Any = load_flow(text, registry).flow
    if flow is None:
        pytest.skip("the loader refuses it already")
    from dataclasses import replace

    trigger = replace(flow.triggers[0], props={**flow.triggers[0].props, "timezone": zone})
    with pytest.raises(ValueError, match=problem):
        Schedule(stores, registry, flow, trigger)


def test_the_old_name_of_the_trigger_in_conditions(stores: Stores, registry: Registry) -> None:
    daily = schedule(stores, registry, 'cron: "0 9 * * *"\n    when: "{{ schedule.date == trigger.date }}"')
    firing = daily.evaluate(at("2026-01-12T09:00:00Z"))
    assert firing is not None and firing.error is None


@pytest.mark.parametrize(
    ("when", "fires"), [("{{ false }}", False), ("{{ null }}", False), ("-0", False), ("no", True)]
)
def test_when_is_as_true_as_any_condition(stores: Stores, registry: Registry, when: str, fires: bool) -> None:
    daily = schedule(stores, registry, f'cron: "0 9 * * *"\n    when: "{when}"')
    assert (daily.evaluate(at("2026-01-12T09:00:00Z")) is not None) == fires


def test_a_date_that_is_too_late_is_not_made_up_for(stores: Stores, registry: Registry) -> None:
    every = schedule(
        stores, registry, 'cron: "0 * * * *"\n    recoverMissedSchedules: LAST\n    lateMaximumDelay: PT10M'
    )  # fmt: skip
    known = TriggerState("lab", "nightly", "clock", date=at("2026-01-05T07:00:00Z"))
    assert every.first_state(known, at("2026-01-05T10:05:00Z")).next_date == at("2026-01-05T10:00:00Z")
    assert every.first_state(known, at("2026-01-05T10:25:00Z")).next_date == at("2026-01-05T11:00:00Z")


def test_the_search_for_a_date_that_never_comes_ends(stores: Stores, registry: Registry) -> None:
    minutely = schedule(
        stores, registry,
        'cron: "* * * * *"\n    conditions:\n'
        '      - {type: io.kestra.plugin.core.condition.Expression, expression: "{{ false }}"}',
    )  # fmt: skip
    asked = 0

    def never(date: datetime) -> bool:
        nonlocal asked
        asked += 1
        return False

    assert FulfilledDates(minutely._plain, never).after(at("2026-01-05T10:00:00Z")) is None
    assert asked == 100_000
