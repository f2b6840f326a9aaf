"""`podium serve`: fires schedules, flow triggers and webhooks, and keeps queued and paused executions going."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from podium.base.clock import Clock, SystemClock
from podium.base.masking import Masker
from podium.engine.states import TERMINAL
from podium.model.flow import Flow
from podium.plugin.registry import Registry
from podium.runtime.creation import NewExecution
from podium.runtime.executions import Executions
from podium.runtime.flows import Flows
from podium.runtime.masks import masker_with
from podium.runtime.refusals import NotCreated
from podium.server.firing import Firing
from podium.server.flow_triggers import FLOW_TRIGGER, FlowTriggers, StateChange
from podium.server.polling import Poller
from podium.server.scheduler import Schedule, is_schedule, running_backfill, wrong_schedule
from podium.server.state_feed import Position, StateFeed
from podium.server.webhooks import WEBHOOK
from podium.store.errors import StoreError
from podium.store.stores import Stores
from podium.store.trigger_states import TriggerState

TICK = timedelta(seconds=1)
_FLOWS_EVERY = timedelta(seconds=5)
_NOTE_EVERY = timedelta(minutes=1)
_FORGET_EVERY = timedelta(minutes=5)

Tell = Callable[[str], None]


class Server:
    """The triggers of one workspace at work. `tell` gets one sentence for everything that happens."""

    def __init__(
        self, stores: Stores, registry: Registry, executions: Executions, tell: Tell, clock: Clock | None = None
    ) -> None:  # fmt: skip
        self.stores = stores
        self.registry = registry
        self.executions = executions
        self.tell = tell
        self._clock = clock or SystemClock()
        self._loader = Flows(stores, registry)
        self._flow_triggers = FlowTriggers(stores, registry, self._clock, tell)
        self._poller = Poller(stores, registry, self._clock, tell)
        self._flows: tuple[Flow, ...] = ()
        self._schedules: dict[tuple[str, str, str], Schedule] = {}
        self._broken: dict[tuple[str, ...], str] = {}
        """What was told of a flow, or of one of its triggers."""
        self._off: set[tuple[str, str, str]] = set()
        self._paths: dict[tuple[str, str], Path] = {}
        started = self._clock.now()
        self._feed = StateFeed(stores, stores.index, started, Position.from_json(stores.triggers.position()))
        self._noted = Position(started - _NOTE_EVERY)
        self._flows_due = self._forget_due = started

    def flows(self) -> tuple[Flow, ...]:
        """The valid flows of the workspace, as their files were at most a few seconds ago."""
        return self._flows

    def invalid(self, namespace: str, flow_id: str) -> str | None:
        """Why a flow cannot be executed; None for one that can, or that is not there."""
        return self._broken.get((namespace, flow_id))

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        while True:
            try:
                self.tick()
            except StoreError as error:
                self.tell(str(error))
            except Exception as error:  # a mistake in one flow, or of ours, must not end the triggers of all others
                self.tell(f"An error of Podium itself, please report it: {type(error).__name__}: {error}")
            if stop.wait(TICK.total_seconds()):
                return

    def tick(self) -> None:
        """One round: new flows, due dates, changed executions, runs whose runner died."""
        now = self._clock.now()
        if now >= self._flows_due:
            self._read_flows(now)
            self._flows_due = now + _FLOWS_EVERY
            self.executions.reconcile()
        changes = list(self._feed.changes())
        # Before anything is started: a crash in between loses one run, never repeats it.
        self._note_position(now)
        for execution_id, state in changes:
            try:
                self._changed(execution_id, state)
            except StoreError as error:
                # Noted as seen already: the others must not be lost with this one.
                self.tell(f"What follows from execution {execution_id} ({state}) was not started: {error}")
        for firing in self._flow_triggers.missed(self._flows):
            self.start(firing)
        self._fire_schedules(now)
        self._poll()
        if now >= self._forget_due:
            self._feed.forget(now)
            self._forget_due = now + _FORGET_EVERY

    def _note_position(self, now: datetime) -> None:
        position = self._feed.position(now)
        if position.followed != self._noted.followed or now - self._noted.date >= _NOTE_EVERY:
            self.stores.triggers.note_position(position.to_json())
            self._noted = position

    def start(self, firing: Firing) -> str | None:
        """Start what a trigger wants; None when that was refused, which is told."""
        name = f"{firing.flow.namespace}.{firing.flow.id}"
        try:
            execution_id = self.executions.start(
                NewExecution(
                    firing.flow, firing.inputs, firing.labels, trigger=firing.origin, failed=firing.error,
                    warnings=firing.warnings,
                    path=self._paths.get((firing.flow.namespace, firing.flow.id)), masker=self._masker(firing),
                )
            ).record.id  # fmt: skip
        except NotCreated as error:
            if error.reason == "inputs" and self._is_seen_when_failed(firing):
                return self.start(replace(firing, inputs={}, error=str(error)))
            self.tell(f"{name} was not started by its trigger `{firing.trigger.id}`: {error}")
            return None
        outcome = f"failed at once: {firing.error}" if firing.error else f"started {execution_id}"
        self.tell(f"{name}: trigger `{firing.trigger.id}` {outcome}")
        return execution_id

    def _is_seen_when_failed(self, firing: Firing) -> bool:
        """Whether wrong inputs make an execution that is FAILED at once: not where a request is answered, nor for the
        Flow triggers of 1.x (semantics 2.3).
        """
        if firing.trigger.type == FLOW_TRIGGER:
            return firing.flow.dialect == "2.x"
        return firing.error is None and firing.trigger.type != WEBHOOK

    def _masker(self, firing: Firing) -> Masker:
        """Knows what is secret in the outputs of the executions that a Flow trigger has fired for."""
        masker = Masker()
        for execution_id in firing.upstream:
            masker_with(self.stores, self.stores.record(execution_id), masker)
        return masker

    # -- flows -------------------------------------------------------------------------------------------------

    def _read_flows(self, now: datetime) -> None:
        loaded = tuple(self._loaded())
        self._forget_triggers(loaded)
        if loaded == self._flows:
            return
        self._flows = loaded
        schedules: dict[tuple[str, str, str], Schedule] = {}
        for flow in loaded:
            for trigger in flow.triggers:
                if flow.disabled or trigger.disabled or not is_schedule(trigger):
                    continue
                key = (flow.namespace, flow.id, trigger.id)
                known = self._schedules.get(key)
                if known is not None and known.trigger == trigger:
                    known.flow = flow
                    schedules[key] = known
                    continue
                made = wrong_schedule(self.stores, self.registry, flow, trigger)
                if isinstance(made, str):
                    self._once(key, made)
                    continue
                self._broken.pop(key, None)
                schedules[key] = made
                state = self.stores.triggers.get(*key)
                self._save(made.changed_state(state, now, known) if known else made.first_state(state, now))
        self._schedules = schedules

    def _forget_triggers(self, loaded: tuple[Flow, ...]) -> None:
        """The state of a trigger goes with it: out of its flow, or with the file of its flow."""
        triggers = {(flow.namespace, flow.id): {one.id for one in flow.triggers} for flow in loaded}
        for state in self.stores.triggers.all():
            flow = (state.namespace, state.flow_id)
            path = self._paths.get(flow)
            if (flow in triggers and state.trigger_id not in triggers[flow]) or (path and not path.exists()):
                self.stores.triggers.delete(*flow, state.trigger_id)

    def _loaded(self) -> Iterator[Flow]:
        for file in self.stores.workspace.flow_files():
            name = (file.namespace, file.id)
            self._paths[name] = file.path
            try:
                yield self._loader.of_file(file)
                self._broken.pop(name, None)
            except NotCreated as error:
                self._once(name, str(error))

    def _once(self, name: tuple[str, ...], problem: str) -> None:
        """Tell a problem when it is new, not at every round."""
        if self._broken.get(name) != problem:
            self._broken[name] = problem
            self.tell(f"{'.'.join(name)}: {problem}")

    # -- schedules ---------------------------------------------------------------------------------------------

    def _fire_schedules(self, now: datetime) -> None:
        for key, schedule in self._schedules.items():
            state = self.stores.triggers.get(*key)
            if state is None:
                continue
            if state.disabled:
                self._off.add(key)
                continue
            if key in self._off:
                # Switched on again: what was missed meanwhile is made up for like after a stop of the server.
                self._off.discard(key)
                state = schedule.first_state(state, now)
                self._save(state)
            due = schedule.due(self._unlocked(state), now)
            if due is None:
                continue
            # The date is noted before the execution exists: a crash between the two loses one run, never repeats it.
            following = schedule.after(replace(state, execution_id=None), due, now)
            self._save(following)
            firing = schedule.evaluate(due, running_backfill(state))
            if firing is not None:
                self._start_locked(key, firing)

    def _poll(self) -> None:
        """Start what polling triggers have found, and let those look whose time has come."""
        for key, firing in self._poller.firings():
            self._start_locked(key, firing)
        for flow in self._flows:
            for trigger in () if flow.disabled else flow.triggers:
                if not trigger.disabled and self._poller.polls(trigger):
                    self._poller.look(flow, trigger, self._unlocked)

    def _start_locked(self, key: tuple[str, str, str], firing: Firing) -> None:
        """Start an execution that keeps its trigger from firing until it ends."""
        execution_id = self.start(firing)
        if execution_id is not None and not _flag(firing.trigger.props.get("allowConcurrent")):
            self.stores.triggers.lock(*key, execution_id)

    def _unlocked(self, state: TriggerState) -> TriggerState:
        """Without the lock of an execution that has ended or was deleted."""
        if state.execution_id is None:
            return state
        holder = self.stores.index.get(state.execution_id)
        if holder is not None and holder.state not in TERMINAL:
            return state
        self.stores.triggers.unlock(state.execution_id)
        return replace(state, execution_id=None)

    def _save(self, state: TriggerState) -> None:
        self.stores.triggers.save(state)

    # -- executions --------------------------------------------------------------------------------------------

    def _changed(self, execution_id: str, state: str) -> None:
        record = self.stores.record(execution_id)
        if not record.exists():
            return
        execution = record.load(clear=True).execution
        if state in TERMINAL:
            self.stores.triggers.unlock(execution_id)
            self._stop_after(execution.trigger, execution.namespace, execution.flow_id, state)
        if execution.kind is not None:
            return
        try:
            flow = self._loader.of_record(record)
        except (NotCreated, StoreError):
            flow = Flow(execution.flow_id, execution.namespace)
        for firing in self._flow_triggers.firings(StateChange(execution, state, flow), self._flows):
            self.start(firing)

    def _stop_after(self, origin: object, namespace: str, flow_id: str, state: str) -> None:
        """Switch a trigger off whose `stopAfter` names the state in which its execution has ended."""
        if not isinstance(origin, dict):
            return
        for flow in self._flows:
            if (flow.namespace, flow.id) != (namespace, flow_id):
                continue
            for trigger in flow.triggers:
                if trigger.id == origin.get("id") and state in trigger.stop_after:
                    self.stores.triggers.switch(namespace, flow_id, trigger.id, disabled=True)
                    self.tell(f"{namespace}.{flow_id}: trigger `{trigger.id}` is off now (stopAfter {state})")


def _flag(value: object) -> bool:
    return str(value).lower() == "true"
