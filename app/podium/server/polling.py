"""Polling triggers: each looks in a thread of its own, at its interval, one look at a time (semantics 9.2, 9.8)."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any

from podium.base.clock import Clock
from podium.model.flow import Flow, Trigger
from podium.plugin.binding import bind
from podium.plugin.registry import Registry
from podium.plugin.task import Cancelled, PollingTrigger, TaskError
from podium.server.firing import PROBLEMS, Firing, TriggerContext
from podium.server.schedule_dates import shown
from podium.store.internal_storage import ExecutionPlace, TaskStorage
from podium.store.stores import Stores
from podium.store.trigger_states import TriggerState

Key = tuple[str, str, str]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Look:
    """A look that is over; `error` says why it saw nothing."""

    key: Key
    context: TriggerContext
    interval: timedelta
    variables: Mapping[str, Any] | None = None
    error: str | None = None


class Poller:
    """Lets polling triggers look when it is time. Called by one thread; only the looks are in others."""

    def __init__(self, stores: Stores, registry: Registry, clock: Clock, tell: Tell) -> None:
        self._stores = stores
        self._registry = registry
        self._clock = clock
        self._tell = tell
        self._looking: set[Key] = set()
        self._over: queue.SimpleQueue[_Look] = queue.SimpleQueue()

    def polls(self, trigger: Trigger) -> bool:
        """Whether a trigger is of a polling type that can look here."""
        return trigger.decl.local and issubclass(self._registry.implementation(trigger.type), PollingTrigger)

    def look(self, flow: Flow, trigger: Trigger, unlocked: Callable[[TriggerState], TriggerState]) -> None:
        """Begin a look if it is time: a new trigger looks at once, then `interval` after the end of each look."""
        key = (flow.namespace, flow.id, trigger.id)
        now = self._clock.now()
        state = unlocked(self._stores.triggers.get(*key) or TriggerState(*key, next_date=now))
        if state.disabled or state.execution_id is not None or key in self._looking:
            return
        if state.next_date is not None and state.next_date > now:
            return
        context = TriggerContext(self._stores, self._registry, flow, trigger)
        interval = timedelta(minutes=1)
        try:
            variables = context.variables({"id": trigger.id, "type": trigger.type, "date": shown(now, UTC)})
            cls = self._registry.implementation(trigger.type)
            looker = bind(cls, trigger.props, _Rendering(context, variables), self._registry.implementation)
            assert isinstance(looker, PollingTrigger)
            interval = looker.interval
            if not context.all_hold(variables):
                self._stores.triggers.save(replace(state, date=now, next_date=now + interval))
                return
        except PROBLEMS as error:
            self._warn(context, str(error))
            self._stores.triggers.save(replace(state, date=now, next_date=now + interval))
            return
        self._stores.triggers.save(replace(state, evaluating=now))
        self._looking.add(key)
        ctx = _Looking(self._stores, context, variables, lambda text: self._warn(context, text))
        look = _Look(key, context, interval)
        threading.Thread(target=self._work, args=(looker, ctx, look), name=f"poll-{trigger.id}", daemon=True).start()

    def _work(self, looker: PollingTrigger, ctx: "_Looking", look: _Look) -> None:
        try:
            self._over.put(replace(look, variables=looker.poll(ctx)))
        except (TaskError, Cancelled, *PROBLEMS) as error:
            self._over.put(replace(look, error=str(error)))
        except Exception as error:  # a plugin's own mistake must not end its looks for good
            self._over.put(replace(look, error=f"{type(error).__name__}: {error}"))

    def firings(self) -> Iterator[tuple[Key, Firing]]:
        """What the looks that are over have found."""
        while not self._over.empty():
            look = self._over.get()
            self._looking.discard(look.key)
            now = self._clock.now()
            state = self._stores.triggers.get(*look.key)
            if state is None:
                continue
            self._stores.triggers.save(replace(state, date=now, next_date=now + look.interval, evaluating=None))
            if look.error is not None:
                self._warn(look.context, look.error)
                if str(look.context.trigger.props.get("failOnTriggerError")).lower() == "true":
                    yield look.key, Firing(look.context.flow, look.context.trigger, {}, error=look.error)
            elif look.variables is not None:
                yield look.key, self._firing(look, look.variables)

    def _firing(self, look: _Look, found: Mapping[str, Any]) -> Firing:
        context = look.context
        seen = context.variables(found)
        try:
            inputs, labels = context.inputs(seen), context.labels(seen)
            return Firing(context.flow, context.trigger, found, inputs, labels, warnings=context.warnings)
        except PROBLEMS as error:
            return Firing(context.flow, context.trigger, found, error=str(error))

    def _warn(self, context: TriggerContext, problem: str) -> None:
        flow, trigger = context.flow, context.trigger
        self._tell(
            f"{flow.namespace}.{flow.id}: Trigger evaluation failed in the worker with error: {problem} "
            f"(trigger `{trigger.id}`)"
        )


@dataclass(frozen=True, slots=True)
class _Rendering:
    context: TriggerContext
    variables: Mapping[str, Any]

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        return self.context.render(value, {**self.variables, **(extra or {})})


class _Looking:
    """The `PollContext` of one look. What it logs is said from WARN on, by the server."""

    def __init__(
        self, stores: Stores, context: TriggerContext, variables: Mapping[str, Any], warn: Callable[[str], None]
    ) -> None:
        flow = context.flow
        self._stores = stores
        self._rendering = _Rendering(context, variables)
        self.cancelled = threading.Event()
        self.log = _Quiet(warn)
        place = ExecutionPlace(flow.namespace, flow.id, "none")
        self.storage: TaskStorage = stores.storage.for_task(place, context.trigger.id, "none")

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        return self._rendering.render(value, extra)

    def mask(self, secret: str) -> None:
        """Nothing of a look is logged, and what it finds goes to the journal by way of the execution."""

    def setting(self, name: str, default: Any = None) -> Any:
        return self._stores.settings.lookup(name, default)


class _Quiet:
    """A log of which only the warnings are told."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn

    def write(self, level: str, message: str) -> None:
        if level in ("WARN", "ERROR"):
            self._warn(message)

    def trace(self, message: str) -> None:
        """Not told."""

    debug = info = trace

    def warn(self, message: str) -> None:
        self._warn(message)

    error = warn

    def lines(self, stream: str, level: str, lines: Any) -> None:
        """Not told."""
