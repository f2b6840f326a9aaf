"""Triggers of a case: conditions, dates and the scheduler, asked directly with the case's own clock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from matching import AtLeast

from podium.base.clock import ManualClock
from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.server.firing import PROBLEMS, Firing, TriggerContext
from podium.server.flow_triggers import FLOW_TRIGGER, FlowTriggers, StateChange
from podium.server.schedule_dates import shown
from podium.server.scheduler import Schedule, is_schedule
from podium.server.webhooks import WebhookRequest, webhook_firing
from podium.store.trigger_states import TriggerState

_NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


class Triggering:
    """The triggers of the main flow of a world."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._flow = world.main_flow()
        self._fired: list[Firing] = []

    def _trigger(self, trigger_id: str) -> Any:
        return next(one for one in self._flow.triggers if one.id == trigger_id)

    def _schedule(self, trigger_id: str) -> Schedule:
        return Schedule(self._world.stores, self._world.registry, self._flow, self._trigger(trigger_id))

    def conditions(self, execution: Mapping[str, Any] | None) -> dict[str, bool]:
        """Trigger id -> whether its conditions hold, for an execution or for now."""
        change = _change(execution, self._flow) if execution else None
        found: dict[str, bool] = {}
        for trigger in self._flow.triggers:
            context = TriggerContext(self._world.stores, self._world.registry, self._flow, trigger)
            if change is not None and trigger.type == FLOW_TRIGGER:
                flows = FlowTriggers(self._world.stores, self._world.registry, ManualClock(_NOW), lambda _: None)
                any_state = replace(trigger, props={**trigger.props, "states": [change.state]})
                found[trigger.id] = any(flows.firings(change, [replace(self._flow, triggers=(any_state,))]))
                continue
            variables = context.variables({"date": shown(datetime.now(UTC), UTC)})
            try:
                found[trigger.id] = context.all_hold(variables)
            except PROBLEMS:
                found[trigger.id] = False
        return found

    def evaluate(self, trigger_id: str, date: str, now: str | None) -> dict[str, Any]:
        schedule = self._schedule(trigger_id)
        moment = _moment(now) if now else _moment(date) + timedelta(seconds=1)
        state = TriggerState(self._flow.namespace, self._flow.id, trigger_id, next_date=_moment(date))
        due = schedule.due(state, moment)
        firing = schedule.evaluate(due) if due is not None else None
        if firing is None:
            return {"fires": False}
        created = self._world.creation_inputs(firing)
        return {
            "fires": True, "trigger_variables": firing.variables, "inputs": created, "inputs_count": len(created),
            "labels": {**dict(self._flow.labels), **dict(firing.labels)},
            "trigger_date_offset": str(firing.variables.get("date", ""))[-6:],
        }  # fmt: skip

    def next_date(self, trigger_id: str, last: str | None, now: str | None) -> str | None:
        schedule = self._schedule(trigger_id)
        moment = _moment(now) if now else datetime.now(UTC)
        return shown(schedule.next_date(_moment(last) if last else None, moment), schedule.zone)

    def previous_date(self, trigger_id: str, date: str | None, now: str | None) -> str | None:
        schedule = self._schedule(trigger_id)
        moment = _moment(date or now) if date or now else datetime.now(UTC)
        return shown(schedule.dates.before(moment), schedule.zone)

    def fired(self, trigger_id: str | None, execution: Mapping[str, Any] | None) -> dict[str, Any]:
        """Whether a Flow trigger starts something for the change of an execution, and with what."""
        if execution is None:
            return self.evaluate(str(trigger_id), shown(_NOW, UTC) or "", None)
        chosen = tuple(one for one in self._flow.triggers if trigger_id in (None, one.id))
        flows = FlowTriggers(self._world.stores, self._world.registry, ManualClock(_NOW), lambda _: None)
        made = list(flows.firings(_change(execution, self._flow), [replace(self._flow, triggers=chosen)]))
        if not made:
            return {"fires": False}
        return {
            "fires": True, "trigger_variables": made[0].variables, "inputs": dict(made[0].inputs),
            "labels": dict(made[0].labels), "inputs_count": len(made[0].inputs),
        }  # fmt: skip

    def set_state(self, trigger_id: str, date: str, backfill: Mapping[str, str] | None) -> None:
        states = self._world.stores.triggers
        state = TriggerState(self._flow.namespace, self._flow.id, trigger_id, date=_moment(date))
        if backfill:
            start, end = _moment(backfill["start"]), _moment(backfill["end"])
            state = self._schedule(trigger_id).backfill(state, start, end)
        states.save(state)

    def start(self, now: str | None) -> dict[str, Any]:
        """Start at a moment and evaluate what is due then, as a lock allows it: one date after the other."""
        moment = _moment(now) if now else datetime.now(UTC)
        states: dict[str, Any] = {}
        unchanged: list[str] = []
        after_first: dict[str, Any] = {}
        for trigger in self._flow.triggers:
            if not is_schedule(trigger):
                continue
            schedule = self._schedule(trigger.id)
            kept = self._world.stores.triggers.get(self._flow.namespace, self._flow.id, trigger.id)
            if trigger.disabled:
                states[trigger.id] = _facts(kept, schedule) if kept else {}
                unchanged.append(trigger.id)
                continue
            state = kept if kept and kept.extra else schedule.first_state(kept, moment)
            states[trigger.id] = _facts(state, schedule)
            while (due := schedule.due(state, moment)) is not None and len(self._fired) < 10:
                firing = schedule.evaluate(due)
                state = schedule.after(state, due, moment)
                if firing is not None:
                    self._fired.append(firing)
                    if len(self._fired) == 1:
                        states[trigger.id] = after_first = _facts(state, schedule)
            if kept and _facts(kept, schedule) == _facts(state, schedule):
                unchanged.append(trigger.id)
        return {
            "trigger_state": states, "trigger_state_unchanged": unchanged,
            "trigger_after_first_execution": after_first, **self._executions(),
        }  # fmt: skip

    def run(self, start: str, end: str) -> dict[str, Any]:
        moment, last = _moment(start), _moment(end)
        schedules = {one.id: self._schedule(one.id) for one in self._flow.triggers if is_schedule(one)}
        states = {name: one.first_state(None, moment) for name, one in schedules.items()}
        while moment <= last:
            for name, schedule in schedules.items():
                due = schedule.due(states[name], moment)
                if due is not None:
                    firing = schedule.evaluate(due)
                    states[name] = schedule.after(states[name], due, moment)
                    if firing is not None:
                        self._fired.append(firing)
            moment += timedelta(seconds=1)
        return self._executions()

    def _executions(self) -> dict[str, Any]:
        inputs = [self._world.creation_inputs(firing) for firing in self._fired]
        dates = [firing.variables.get("date") for firing in self._fired]
        every = {"inputs": inputs[0]} if inputs and all(one == inputs[0] for one in inputs) else {"inputs": inputs}
        return {
            "executions_count": len(self._fired), "executions_each": every,
            "executions_distinct_dates_min": AtLeast(len(set(dates))),
            "executions_nth_date": {str(at + 1): date for at, date in enumerate(dates)},
            "count": len(self._fired),
        }  # fmt: skip

    def request(self, method: str, path: str) -> bool:
        _, _, namespace, flow_id, key = path.rpartition("/webhook/")[2].join(("x/y/", "")).split("/")
        request = WebhookRequest(namespace, flow_id, key, {}, {}, "")
        firing = webhook_firing(request, [self._flow], self._world.stores, self._world.registry, print)
        return bool(
            self._world.executions.run(
                firing.flow, firing.inputs, labels=firing.labels, trigger=firing.origin, path=self._world.paths[-1]
            )
        )


def _facts(state: TriggerState, schedule: Schedule) -> dict[str, Any]:
    return {"date": shown(state.date, schedule.zone), "nextExecutionDate": shown(state.next_date, schedule.zone)}


def _change(execution: Mapping[str, Any], flow: Any) -> StateChange:
    labels = [(key, value) for key, value in (execution.get("labels") or {}).items()]
    created = c.ExecutionCreated(
        "upstream-1", execution["namespace"], execution["flowId"], _NOW, inputs=execution.get("inputs") or {},
        labels=labels,
    )  # fmt: skip
    made = Execution(created)
    if execution["state"] != "CREATED":
        made.apply(c.ExecutionMoved(execution["state"], _NOW))
    if execution.get("outputs") is not None:
        made.apply(c.ExecutionOutputs(execution["outputs"]))
    upstream = replace(flow, id=execution["flowId"], namespace=execution["namespace"])
    return StateChange(made, execution["state"], upstream)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
