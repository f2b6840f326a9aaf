"""Schedules: which dates are due, and what follows from each (semantics 9.2, 9.3, 9.4)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from podium.base.durations import parse_duration
from podium.expressions.errors import ExpressionError
from podium.model.flow import Flow, Trigger
from podium.plugin.registry import Registry
from podium.plugin.task import TaskError
from podium.runtime.services import zone_of_settings
from podium.server.firing import PROBLEMS, Firing, TriggerContext
from podium.server.schedule_dates import Dates, FulfilledDates, dates_of, next_date, shown, zone_of
from podium.store.stores import Stores
from podium.store.trigger_states import TriggerState

ON_DATES = "io.kestra.plugin.core.trigger.ScheduleOnDates"
SCHEDULES = ("io.kestra.plugin.core.trigger.Schedule", ON_DATES)
_TIMING = ("cron", "withSeconds", "timezone", "dates", "scheduleConditions", "lateMaximumDelay")
_BACKFILL = "backfill"


class Schedule:
    """One Schedule or ScheduleOnDates of a flow. Raises ValueError when its zone or cron expression is wrong."""

    def __init__(self, stores: Stores, registry: Registry, flow: Flow, trigger: Trigger) -> None:
        self.flow = flow
        self.trigger = trigger
        self.context = TriggerContext(stores, registry, flow, trigger)
        self.zone: tzinfo = zone_of(trigger, zone_of_settings(stores.settings))
        self._plain: Dates = dates_of(trigger, self.zone, self._given_dates())
        self.dates: Dates = FulfilledDates(self._plain, self._holds)
        late = trigger.props.get("lateMaximumDelay")
        self.late: timedelta | None = parse_duration(str(late)) if late else None

    def variables(self, date: datetime) -> dict[str, Any]:
        """What expressions see as `trigger` at a date; `next` is absent after the last one."""
        if self.trigger.type == ON_DATES:
            return {}
        found = {"date": date, "next": self.dates.after(date), "previous": self.dates.before(date)}
        return {name: shown(value, self.zone) for name, value in found.items() if value is not None}

    def next_date(self, last: datetime | None, now: datetime) -> datetime | None:
        """The date to evaluate next."""
        return next_date(self.dates, last, now, self.late)

    def begin(self, now: datetime) -> datetime | None:
        """The date with which a trigger begins that was never evaluated: of given dates the first, be it over."""
        if self.trigger.type == ON_DATES:
            return self.dates.after(datetime.min.replace(tzinfo=UTC))
        return self.next_date(None, now)

    def evaluate(self, date: datetime, more: Mapping[str, Any] | None = None) -> Firing | None:
        """The execution for a date; None when a condition is false.

        A condition or input that cannot be evaluated makes an execution that is FAILED from the start, so that it is
        seen. `more` are the inputs and labels of a backfill.
        """
        more = more or {}
        variables = self.variables(date)
        try:
            if not self.context.all_hold(self._seen({"date": shown(date, self.zone), **variables})):
                return None
            seen = self._seen(variables)
            labels = self.context.labels(seen, more.get("labels"))
            inputs = self.context.inputs(seen, more.get("inputs"))
            return Firing(self.flow, self.trigger, variables, inputs, labels, warnings=self.context.warnings)
        except PROBLEMS as error:
            return Firing(self.flow, self.trigger, variables, error=str(error))

    def first_state(self, state: TriggerState | None, now: datetime) -> TriggerState:
        """The state when the scheduler starts: missed dates are made up for as `recoverMissedSchedules` says."""
        known = state or TriggerState(self.flow.namespace, self.flow.id, self.trigger.id)
        if known.date is None:
            return replace(known, next_date=self.begin(now))
        recover = str(self.trigger.props.get("recoverMissedSchedules") or "ALL")
        upcoming = self.next_date(known.date, now)
        if recover == "ALL" or upcoming is None or upcoming > now:
            return replace(known, next_date=upcoming)
        if recover == "LAST":
            missed = self.dates.before(now + timedelta(seconds=1))
            if missed is not None and (self.late is None or missed >= now - self.late):
                return replace(known, next_date=missed)
        return replace(known, next_date=self.next_date(None, now))

    def changed_state(self, state: TriggerState | None, now: datetime, before: "Schedule") -> TriggerState:
        """The state when the trigger was edited: dates that it only has now were not missed."""
        known = state or TriggerState(self.flow.namespace, self.flow.id, self.trigger.id)
        if self._timing() == before._timing():
            return known
        if known.date is None:
            return replace(known, next_date=self.begin(now))
        last = known.date if self.trigger.type == ON_DATES else None
        return replace(known, next_date=self.next_date(last, now))

    def after(self, state: TriggerState, date: datetime, now: datetime) -> TriggerState:
        """The state once a date has been evaluated."""
        if running_backfill(state):
            return self._backfilled(state, date)
        return replace(state, date=date, next_date=self.next_date(date, now))

    def due(self, state: TriggerState, now: datetime) -> datetime | None:
        """The date to evaluate now, None when there is nothing to do yet."""
        if state.disabled or state.execution_id is not None:
            return None
        backfill = running_backfill(state)
        if backfill:
            return _moment(backfill["currentDate"]).astimezone(self.zone)
        if state.next_date is None or state.next_date > now:
            return None
        return self._still_valid(state.next_date, now)

    def backfill(self, state: TriggerState, start: datetime, end: datetime, **more: Any) -> TriggerState:
        """The state with a backfill from `start` to `end`, both inclusive."""
        first = self.dates.after(start - timedelta(seconds=1))
        plan = {
            "start": start.isoformat(), "end": end.isoformat(), "currentDate": (first or start).isoformat(),
            "previousNextExecutionDate": state.next_date.isoformat() if state.next_date else None, **more,
        }  # fmt: skip
        return replace(state, extra={**state.extra, _BACKFILL: plan})

    def _backfilled(self, state: TriggerState, date: datetime) -> TriggerState:
        backfill = dict(state.extra[_BACKFILL])
        following = self.dates.after(date)
        if following is not None and following <= _moment(backfill["end"]):
            backfill["currentDate"] = following.isoformat()
            return replace(state, extra={**state.extra, _BACKFILL: backfill})
        saved = backfill.get("previousNextExecutionDate")
        rest = {key: value for key, value in state.extra.items() if key != _BACKFILL}
        return replace(state, next_date=_moment(saved) if saved else state.next_date, extra=rest)

    def _still_valid(self, date: datetime, now: datetime) -> datetime | None:
        """A stored date that the (changed) expression no longer has moves on to the next one."""
        if self._plain.after(date - timedelta(seconds=1)) == date:
            return date.astimezone(self.zone)
        moved = self.dates.after(date)
        return moved if moved is not None and moved <= now else None

    def _holds(self, date: datetime) -> bool:
        try:
            return self.context.all_hold(self._seen({"date": shown(date, self.zone)}))
        except PROBLEMS:
            return True

    def _seen(self, trigger: Mapping[str, Any]) -> dict[str, Any]:
        """What expressions see; `schedule` is the name that `trigger` had once."""
        return self.context.variables(trigger, {"schedule": dict(trigger)})

    def _timing(self) -> object:
        """All that decides about the dates."""
        trigger = self.trigger
        return trigger.conditions, trigger.when, [trigger.props.get(name) for name in _TIMING]

    def _given_dates(self) -> list[datetime]:
        try:
            rendered = self.context.render(self.trigger.props.get("dates") or [], self.context.variables({}))
            return [_moment(str(date)) for date in rendered]
        except (ExpressionError, ValueError) as error:
            raise ValueError(f"`dates` of the trigger `{self.trigger.id}`: {error}") from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def running_backfill(state: TriggerState) -> Mapping[str, Any]:
    """The backfill that is being worked off, empty when there is none or it is paused."""
    backfill: Mapping[str, Any] = state.extra.get(_BACKFILL) or {}
    return {} if backfill.get("paused") else backfill


def wrong_schedule(stores: Stores, registry: Registry, flow: Flow, trigger: Trigger) -> Schedule | str:
    """The schedule of a trigger, or why it can never fire."""
    try:
        return Schedule(stores, registry, flow, trigger)
    except (ValueError, TaskError) as error:
        return str(error)


def is_schedule(trigger: Trigger) -> bool:
    """Whether the trigger fires by the clock alone."""
    return trigger.type in SCHEDULES
