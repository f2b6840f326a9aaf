"""Triggers of a case: conditions, dates and the scheduler, asked directly with the case's own clock."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

from matching import differs

from podium.base.clock import Clock, ManualClock, SystemClock
from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.server.firing import PROBLEMS, TriggerContext
from podium.server.flow_triggers import FLOW_TRIGGER, FlowTriggers, StateChange
from podium.server.http_api import listening
from podium.server.schedule_dates import shown
from podium.server.scheduler import Schedule, is_schedule
from podium.server.serve import Server
from podium.store.trigger_states import TriggerState

_NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


class Triggering:
    """The triggers of the main flow of a world."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._flow = world.main_flow()

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

    def evaluate(
        self, trigger_id: str, date: str, now: str | None, backfill: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        schedule = self._schedule(trigger_id)
        moment = _moment(now) if now else _moment(date) + timedelta(seconds=1)
        state = TriggerState(self._flow.namespace, self._flow.id, trigger_id, next_date=_moment(date))
        if backfill:
            start, end = _moment(backfill.get("currentDate") or backfill["start"]), backfill.get("end")
            state = schedule.backfill(
                state, start, _moment(end) if end else moment, paused=bool(backfill.get("paused"))
            )  # fmt: skip
        due = schedule.due(state, moment)
        firing = schedule.evaluate(due, backfill) if due is not None else None
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
        return shown(schedule.next_date(_moment(last), moment) if last else schedule.begin(moment), schedule.zone)

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
            "labels": {**dict(self._flow.labels), **dict(made[0].labels)}, "inputs_count": len(made[0].inputs),
        }  # fmt: skip

    def set_state(self, trigger_id: str, step: Mapping[str, Any]) -> None:
        """Keep a state as a server would have left it: the last date, a backfill, whether it is off."""
        states = self._world.stores.triggers
        date, following = _moment_or_none(step.get("date")), _moment_or_none(step.get("nextExecutionDate"))
        state = TriggerState(
            self._flow.namespace, self._flow.id, trigger_id, date=date, next_date=following,
            disabled=bool(step.get("disabled")),
        )  # fmt: skip
        backfill = step.get("backfill")
        if backfill:
            more = {name: value for name, value in backfill.items() if name in ("inputs", "labels", "paused")}
            end = backfill.get("end") or datetime.now(UTC).isoformat()
            start = _moment(backfill.get("currentDate") or backfill["start"])
            state = self._schedule(trigger_id).backfill(state, start, _moment(end), **more)
        states.save(state)

    def start(self, now: str | None) -> dict[str, Any]:
        """Let a server work at a moment until nothing more is due; its executions are real ones."""
        clock = ManualClock(_moment(now) if now else datetime.now(UTC))
        before = self._states()
        server = self._server(clock)
        first: dict[str, Any] = {}
        for _ in range(_MOST_STARTED):
            were = self._started(), self._states()
            server.tick()
            self._ended()
            if self._started() and not first:
                first = {name: _facts(state, self._schedule(name)) for name, state in self._states().items()}
            if (self._started(), self._states()) == were:
                break
        states = {name: _facts(state, self._schedule(name)) for name, state in self._states().items()}
        shown_states = {name: {**facts, **first.get(name, {}), "disabled": facts["disabled"]}
                        for name, facts in states.items()}  # fmt: skip
        changed = [name for name, facts in states.items()
                   if name not in before or _facts(before[name], self._schedule(name)) != facts]  # fmt: skip
        return {
            "trigger_state": shown_states, "trigger_state_unchanged": [name for name in states if name not in changed],
            "trigger_after_first_execution": next(iter(first.values()), {}), "count": self._started(),
        }  # fmt: skip

    def run(self, start: str, end: str) -> dict[str, Any]:
        """Let a server work from one moment to another, second by second."""
        clock = ManualClock(_moment(start))
        server = self._server(clock)
        while clock.now() <= _moment(end):
            started = self._started()
            server.tick()
            if self._started() != started:
                self._ended()
            clock.move_to(clock.now() + timedelta(seconds=1))
        return {"count": self._started()}

    def request(self, step: Mapping[str, Any]) -> tuple[int, Any]:
        """Send a request to a server on loopback; its status and its answer."""
        server = self._server(SystemClock())
        server.tick()
        http = listening(server, 0)
        connection = HTTPConnection("127.0.0.1", http.server_address[1], timeout=30)
        try:
            connection.request(step["method"], step["path"], *_body(step))
            response = connection.getresponse()
            content = response.read()
            return response.status, json.loads(content) if content else None
        finally:
            connection.close()
            http.shutdown()
            http.server_close()

    def _server(self, clock: Clock) -> Server:
        world = self._world
        return Server(world.stores, world.registry, world.executions, lambda _: None, clock)

    def states_differ(self, wanted: Mapping[str, Mapping[str, Any]]) -> str:
        """What differs from the states of triggers that are kept now."""
        for name, facts in wanted.items():
            state = self._states().get(name)
            problem = differs(_facts(state, self._schedule(name)), facts, subset=True) if state else "no such state"
            if problem:
                return f"{name}: {problem}"
        return ""

    def _states(self) -> dict[str, TriggerState]:
        """The states of the schedules of the main flow."""
        names = {one.id for one in self._flow.triggers if is_schedule(one)}
        flow = (self._flow.namespace, self._flow.id)
        found = [one for one in self._world.stores.triggers.all() if (one.namespace, one.flow_id) == flow]
        return {one.trigger_id: one for one in found if one.trigger_id in names}

    def _started(self) -> int:
        return len(self._world.everything())

    def _ended(self) -> None:
        """Wait until everything that was started has ended."""
        for execution in self._world.everything():
            self._world.wait(execution.id, timedelta(seconds=20))


_MOST_STARTED = 12
"""Executions of a server that makes up for years."""


def _body(step: Mapping[str, Any]) -> tuple[bytes | None, dict[str, str]]:
    headers = {str(name): str(value) for name, value in (step.get("headers") or {}).items()}
    if "json" in step:
        return json.dumps(step["json"]).encode(), {"Content-Type": "application/json", **headers}
    body = step.get("body")
    return None if body is None else str(body).encode(), headers


def _facts(state: TriggerState, schedule: Schedule) -> dict[str, Any]:
    return {
        "date": shown(state.date, schedule.zone), "nextExecutionDate": shown(state.next_date, schedule.zone),
        "disabled": state.disabled, "executionId": state.execution_id,
        "backfill": state.extra.get("backfill"),
    }  # fmt: skip


def _change(execution: Mapping[str, Any], flow: Any) -> StateChange:
    given = execution.get("labels") or {}
    labels = list(given.items()) if isinstance(given, Mapping) else [(one["key"], one["value"]) for one in given]
    created = c.ExecutionCreated(
        "upstream-1", execution["namespace"], execution["flowId"], _NOW, inputs=execution.get("inputs") or {},
        labels=labels,
    )  # fmt: skip
    made = Execution(created)
    for number, run in enumerate(execution.get("taskruns") or execution.get("taskRunList") or ()):
        attempts = run.get("attempts") or ()
        if isinstance(attempts, int):
            attempts = ["FAILED"] * (attempts - 1) + [run.get("last_attempt_state") or run.get("state") or "SUCCESS"]
        attempts = [one if isinstance(one, str) else _state_of(one) for one in attempts]
        made.apply(c.TaskRunCreated(f"run-{number}", str(run.get("taskId", "task")), _NOW))
        for state in attempts:
            made.apply(c.AttemptStarted(f"run-{number}", _NOW))
            made.apply(c.AttemptEnded(f"run-{number}", state, _NOW))
    if execution["state"] != "CREATED":
        made.apply(c.ExecutionMoved(execution["state"], _NOW))
    if execution.get("outputs") is not None:
        made.apply(c.ExecutionOutputs(execution["outputs"]))
    upstream = replace(flow, id=execution["flowId"], namespace=execution["namespace"])
    return StateChange(made, execution["state"], upstream)


def _state_of(attempt: Mapping[str, Any]) -> str:
    state = attempt["state"]
    return str(state["current"] if isinstance(state, Mapping) else state)


def _moment_or_none(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
