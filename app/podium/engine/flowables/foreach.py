"""ForEach and its two older forms: the same tasks for every value of a list."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from podium.engine.flowable import Flowable, FlowableError, Opened, Opening, Spawn, following_task
from podium.engine.progress import Container
from podium.model.properties import ChildTasks, prop
from podium.model.schema import Example, Problem


class ForEach(Flowable):
    """Runs its tasks once per value, in sequence within a value; `taskrun.value` is the value as text."""

    type = "io.kestra.plugin.core.flow.ForEach"
    title = "Run tasks for every value of a list"
    removed = "2.0"
    examples = (
        Example(
            "Three values, two at a time",
            """id: each
type: io.kestra.plugin.core.flow.ForEach
values: ["a", "b", "c"]
concurrencyLimit: 2
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ taskrun.value }}\"""",
        ),
    )

    values: Any = prop(required=True, doc="A list, or an expression that gives a JSON array.")
    concurrencyLimit: int = prop(default=1, dynamic=False, doc="How many values are worked on at a time; 0 means all.")
    tasks: ChildTasks | None = prop(required=True, doc="The tasks to run for each value.")
    errors: ChildTasks | None = prop(doc="Tasks that run once when a value failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run once at the end, whatever happened.")

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Iterable[Problem]:
        """Values that can be seen to be none of the possible kinds."""
        given = values.get("values")
        if given is not None and not isinstance(given, str | list):
            yield Problem(
                "must be a list or an expression that gives one: the task will fail.", ("values",), "fails-later"
            )
        elif isinstance(given, list) and None in given:
            place = ("values", given.index(None))
            yield Problem("a null among the values makes the task fail. Take it out.", place, "fails-later")

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        return Opened(values=loop_values(opening, opening.task.props.get("values")))

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        values = (container.taskrun.values if container.taskrun else None) or ()
        if not container.branch:
            return
        if iteration is not None:
            task = following_task(container, iteration)
            if task is not None:
                yield Spawn(task, values[iteration], iteration)
            elif container.lane("tasks").group(iteration).open == 0:
                container.active.discard(iteration)
        limit = cls.limit(container) or len(values)
        started = container.lane("tasks").groups
        while len(container.active) < limit and container.cursor < len(values):
            position = container.cursor
            container.cursor += 1
            if position in started and started[position].runs:
                continue
            container.active.add(position)
            yield Spawn(container.branch[0], values[position], position)

    @classmethod
    def complete(cls, container: Container) -> bool:
        values = (container.taskrun.values if container.taskrun else None) or ()
        if not container.branch or not values:
            return True
        lane = container.lane("tasks")
        return lane.open == 0 and lane.total >= len(values) * len(container.branch)

    @classmethod
    def reopen(cls, container: Container) -> Iterable[int | None]:
        groups = container.lane("tasks").groups
        unfinished = [
            position for position, group in groups.items()
            if position is not None and (group.open or len(group.runs) < len(container.branch))
        ]  # fmt: skip
        container.active.update(unfinished)
        container.cursor = 0
        return [*unfinished, None]

    @classmethod
    def limit(cls, container: Container) -> int:
        """How many values are active at a time; 0 means all."""
        raw = container.task.props.get("concurrencyLimit", 1) if container.task else 1
        return int(raw if raw is not None else 1)


class EachSequential(ForEach):
    """Runs its tasks once per value, one value after the other. ForEach is its successor."""

    type = "io.kestra.plugin.core.flow.EachSequential"
    title = "Run tasks for every value, one after the other"
    deprecated = "use io.kestra.plugin.core.flow.ForEach"

    values: Any = prop(required=True, aliases=("value",), doc="A list, or an expression that gives a JSON array.")
    concurrencyLimit: int = prop(default=1, dynamic=False, doc="Always 1.", deprecated="has no meaning here")

    @classmethod
    def limit(cls, container: Container) -> int:
        return 1


class EachParallel(ForEach):
    """Runs all tasks of all values at the same time, at most `concurrent` task runs. ForEach is its successor."""

    type = "io.kestra.plugin.core.flow.EachParallel"
    title = "Run tasks for every value at the same time"
    deprecated = "use io.kestra.plugin.core.flow.ForEach"

    values: Any = prop(required=True, aliases=("value",), doc="A list, or an expression that gives a JSON array.")
    concurrent: int = prop(default=0, dynamic=False, doc="How many task runs may run at a time; 0 means all.")
    concurrencyLimit: int = prop(default=0, dynamic=False, doc="Always 0.", deprecated="use `concurrent`")

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        values = (container.taskrun.values if container.taskrun else None) or ()
        lane, width = container.lane("tasks"), len(container.branch)
        limit = int((container.task.props.get("concurrent") if container.task else 0) or 0)
        room = limit - lane.open if limit > 0 else len(values) * width
        while container.cursor < len(values) * width and room > 0:
            position, place = divmod(container.cursor, width)
            container.cursor += 1
            task = container.branch[place]
            if task.id not in lane.group(position).runs:
                room -= 1
                yield Spawn(task, values[position], position)

    @classmethod
    def reopen(cls, container: Container) -> Iterable[int | None]:
        container.cursor = 0
        return (None,)


def loop_values(opening: Opening, raw: Any) -> tuple[str, ...]:
    """The values of a loop as text, without duplicates (semantics 4.5); raises FlowableError."""
    if isinstance(raw, str):
        values = _parsed(str(opening.render(raw)))
    elif isinstance(raw, list | tuple):
        values = [_element(opening, element) for element in raw]
    else:
        raise FlowableError(f"Unknown value type: {type(raw).__name__}; `values` is a list or a JSON array")
    nulls = sum(1 for value in values if value is None)
    if nulls:
        raise FlowableError(f"Found '{nulls}' null values on Each, with values={_listed(values)}")
    return tuple(dict.fromkeys(value_text(value) for value in values))


def _parsed(text: str) -> list[Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise FlowableError(f"`values` must be a JSON array, but is `{text}` ({error})") from error
    if isinstance(values, Mapping):
        raise FlowableError("Maps are not supported in values; give a list")
    if not isinstance(values, list):
        raise FlowableError(f"`values` must be a JSON array, but is `{text}`")
    return values


def _element(opening: Opening, element: Any) -> Any:
    if element is None or isinstance(element, str | int | float | bool):
        return opening.render(element) if isinstance(element, str) else element
    if isinstance(element, Mapping | list):
        return opening.render(element)
    raise FlowableError(f"Unknown value element type: {type(element).__name__}")


def value_text(value: Any) -> str:
    """A value of a loop as its tasks see it: what is no text is compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def _listed(value: Any) -> str:
    """A value as a Kestra server prints it in messages."""
    if isinstance(value, list):
        return f"[{', '.join(map(_listed, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_listed(item)}" for key, item in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value, default=str)
