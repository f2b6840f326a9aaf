"""A flow as Podium sees it: one canonical model for all dialects, immutable, with the raw text of expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

from podium.model.diagnostics import Range
from podium.model.schema import TypeDecl

RetryType = Literal["constant", "exponential", "random"]
RetryBehavior = Literal["RETRY_FAILED_TASK", "CREATE_NEW_EXECUTION"]
Dialect = Literal["1.x", "2.x"]

NOWHERE = Range(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is tried again (semantics 3.4). `max_attempts` counts the first attempt too."""

    type: RetryType
    interval: timedelta | None = None
    min_interval: timedelta | None = None
    max_interval: timedelta | None = None
    delay_factor: float | None = None
    max_attempts: int | None = None
    max_duration: timedelta | None = None
    warning_on_retry: bool = False
    behavior: RetryBehavior = "RETRY_FAILED_TASK"


@dataclass(frozen=True, slots=True)
class TaskCache:
    """Reuse of an earlier SUCCESS with the same task and inputs."""

    enabled: bool = True
    ttl: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a flow, of any kind.

    `props` holds the properties that belong to the type, raw, under their canonical names, without those that hold
    child tasks. `children` maps the name of a branch to its tasks: `tasks`, `then`, `else`, `defaults`,
    `cases.<key>`, `onPause`, and for every flowable `errors` and `finally`. For a Dag, `props["dependsOn"]` maps
    the id of an entry to the ids it waits for.
    """

    id: str
    type: str
    decl: TypeDecl
    props: Mapping[str, Any] = field(default_factory=dict)
    children: Mapping[str, tuple["Task", ...]] = field(default_factory=dict)
    written_type: str = ""
    description: str = ""
    disabled: bool = False
    run_if: str | None = None
    timeout: str | None = None
    retry: Retry | None = None
    allow_failure: bool = False
    allow_warning: bool = False
    log_level: str | None = None
    log_to_file: bool = False
    task_cache: TaskCache | None = None
    range: Range = NOWHERE

    def walk(self) -> Iterator["Task"]:
        """This task and all below it, depth first, in document order."""
        yield self
        for branch in self.children.values():
            for child in branch:
                yield from child.walk()


@dataclass(frozen=True, slots=True)
class DependsOn:
    """Other inputs that an input needs, and a condition over them (semantics 2.4)."""

    inputs: tuple[str, ...] = ()
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input (semantics 2.1); bounds are kept as written and parsed with the input's own type."""

    id: str
    type: str
    description: str = ""
    display_name: str | None = None
    required: bool = True
    defaults: Any = None
    prefill: Any = None
    depends_on: DependsOn | None = None
    validator: str | None = None
    values: tuple[str, ...] | None = None
    expression: str | None = None
    allow_custom_value: bool = False
    auto_select_first: bool = False
    item_type: str | None = None
    min: Any = None
    max: Any = None
    after: Any = None
    before: Any = None
    allowed_file_extensions: tuple[str, ...] = ()
    extension: str | None = None
    range: Range = NOWHERE


@dataclass(frozen=True, slots=True)
class Output:
    """One flow output (semantics 6.1)."""

    id: str
    type: str
    value: Any = None
    description: str = ""
    display_name: str | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """One trigger or listener condition; `props` may hold nested `Condition` values (`conditions`, `condition`)."""

    type: str
    decl: TypeDecl
    props: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger; what is particular to its type stays in `props`, raw."""

    id: str
    type: str
    decl: TypeDecl
    props: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    when: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[tuple[str, str], ...] = ()
    stop_after: tuple[str, ...] = ()
    disabled: bool = False
    description: str = ""
    log_level: str | None = None
    range: Range = NOWHERE


@dataclass(frozen=True, slots=True)
class Listener:
    """Deprecated: tasks that run after the end when the conditions hold (semantics 4.6)."""

    tasks: tuple[Task, ...]
    conditions: tuple[Condition, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many executions of the flow may run at a time, and what happens to one too many (semantics 7.1)."""

    limit: int
    behavior: Literal["QUEUE", "CANCEL", "FAIL"] = "QUEUE"


@dataclass(frozen=True, slots=True)
class Sla:
    """A promise about a run (semantics 7.2)."""

    id: str
    type: Literal["MAX_DURATION", "EXECUTION_ASSERTION"]
    behavior: Literal["FAIL", "CANCEL", "NONE"] = "NONE"
    duration: timedelta | None = None
    assertion: str | None = None
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A gate before a run is created (semantics 7.3)."""

    condition: str
    message: str = ""
    style: str = "INFO"
    behavior: Literal["BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"] = "BLOCK_EXECUTION"


@dataclass(frozen=True, slots=True)
class PluginDefault:
    """Property values for all tasks of a type or type prefix (semantics 10.1)."""

    type: str
    values: Mapping[str, Any]
    forced: bool = False


@dataclass(frozen=True)
class Flow:
    """A whole flow. `source` is the text it was read from; `revision` is 0 until it has been kept."""

    id: str
    namespace: str
    tasks: tuple[Task, ...] = ()
    errors: tuple[Task, ...] = ()
    finally_: tuple[Task, ...] = ()
    after_execution: tuple[Task, ...] = ()
    listeners: tuple[Listener, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[tuple[str, str], ...] = ()
    triggers: tuple[Trigger, ...] = ()
    plugin_defaults: tuple[PluginDefault, ...] = ()
    concurrency: Concurrency | None = None
    retry: Retry | None = None
    sla: tuple[Sla, ...] = ()
    checks: tuple[Check, ...] = ()
    disabled: bool = False
    description: str = ""
    revision: int = 0
    source: str = ""
    dialect: Dialect = "1.x"

    @cached_property
    def tasks_by_id(self) -> Mapping[str, Task]:
        """Every task of every block at any depth, by id."""
        return {task.id: task for task in self.walk()}

    def walk(self) -> Iterator[Task]:
        """Every task of every block, depth first, in document order."""
        blocks = [self.tasks, self.errors, self.finally_, self.after_execution]
        blocks += [listener.tasks for listener in self.listeners]
        for block in blocks:
            for task in block:
                yield from task.walk()
