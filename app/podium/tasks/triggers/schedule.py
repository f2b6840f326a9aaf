"""Schedule and ScheduleOnDates: executions by the clock (semantics 9.3, 9.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from podium.base.cron import CronError, parse_cron
from podium.model.grammar import AnyCondition
from podium.model.properties import prop
from podium.model.schema import Example, Problem
from podium.plugin.task import TriggerType

_PREFIX = "io.kestra.plugin.core.trigger."
Recover = Literal["ALL", "LAST", "NONE"]


@dataclass
class ScheduleOutputs:
    """The dates of a schedule."""

    date: datetime = field(metadata={"doc": "The date for which the flow runs."})
    next: datetime = field(metadata={"doc": "The date after it."})
    previous: datetime = field(metadata={"doc": "The date before it."})


class Schedule(TriggerType):
    """Starts the flow at the dates of a cron expression. Conditions pick among these dates."""

    type = _PREFIX + "Schedule"
    title = "Start a flow by a cron expression."
    aliases = ("io.kestra.core.models.triggers.types.Schedule",)
    outputs = ScheduleOutputs
    examples = (
        Example(
            "Every weekday at three",
            f'id: nightly\ntype: {_PREFIX}Schedule\ncron: "0 3 * * 1-5"\ntimezone: Europe/Paris',
        ),
        Example(
            "The first Monday of the month",
            f'id: first_monday\ntype: {_PREFIX}Schedule\ncron: "0 9 * * 1"\nconditions:\n'
            "  - type: io.kestra.plugin.core.condition.DayWeekInMonth\n    dayOfWeek: MONDAY\n    dayInMonth: FIRST",
        ),
    )

    cron: str = prop(
        required=True, dynamic=False, format="cron",
        doc="Minute, hour, day of month, month and day of week; or @hourly, @daily, @weekly, @monthly, @yearly.",
    )  # fmt: skip
    withSeconds: bool = prop(default=False, dynamic=False, doc="The expression has six fields, seconds first.")
    timezone: str | None = prop(
        dynamic=False, format="timezone", doc="The time zone; that of this machine when absent."
    )
    lateMaximumDelay: timedelta | None = prop(dynamic=False, doc="A date that is late by more than this is skipped.")
    recoverMissedSchedules: Recover | None = prop(
        dynamic=False, doc="Which dates are made up for after a stop: ALL, only the LAST, or NONE."
    )
    scheduleConditions: list[AnyCondition] | None = prop(
        deprecated="use `conditions`", doc="Conditions; they are joined with `conditions`."
    )
    backfill: Any = prop(dynamic=False, deprecated="start a backfill by hand", doc="Read and ignored.")
    interval: Any = prop(dynamic=False, deprecated="delete it, `cron` says when", doc="Must be null.")

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Iterable[Problem]:
        """No interval, and as many fields as `withSeconds` says."""
        if values.get("interval") is not None:
            yield Problem("must be null: `cron` says when a Schedule fires. Delete it.", ("interval",))
        cron = values.get("cron")
        if isinstance(cron, str) and (len(cron.split()) == 6) != bool(values.get("withSeconds")):
            try:
                parse_cron(cron, seconds=bool(values.get("withSeconds")))
            except CronError as error:
                hint = " Add `withSeconds: true`." if not values.get("withSeconds") and len(cron.split()) == 6 else ""
                yield Problem(f"invalid cron expression '{cron}': {error}{hint}", ("cron",), "cron")


class ScheduleOnDates(TriggerType):
    """Starts the flow once at each of the given dates."""

    type = _PREFIX + "ScheduleOnDates"
    title = "Start a flow at given dates."
    examples = (
        Example(
            "Two dates",
            f"id: releases\ntype: {_PREFIX}ScheduleOnDates\ntimezone: Europe/Paris\n"
            'dates:\n  - "2026-03-01T09:00:00+01:00"\n  - "2026-09-01T09:00:00+02:00"',
        ),
    )

    dates: list[datetime] | None = prop(required=True, doc="The dates, with their time zone.")
    timezone: str | None = prop(dynamic=False, format="timezone", doc="The time zone of dates that have none.")
    recoverMissedSchedules: Recover | None = prop(
        dynamic=False, doc="Which dates are made up for after a stop: ALL, only the LAST, or NONE."
    )
