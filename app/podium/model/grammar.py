"""The parts of a flow document that belong to no plugin, declared like the properties of a type.

Validation, completion, hover and the JSON Schema read the same declarations. Rules: semantics 1.1, 2.1, 3.2,
3.4, 6.1, 7, 9.1.
"""

from datetime import timedelta
from typing import Any, ClassVar, Literal

from podium.model.properties import ChildTasks, Expression, Polymorphic, Properties, describe, prop
from podium.model.schema import Family, PropertyDecl, TypeDecl

LogLevel = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
State = Literal[
    "CREATED", "RUNNING", "PAUSED", "RESTARTED", "KILLING", "SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED",
    "CANCELED", "QUEUED", "RETRYING", "RETRIED", "SKIPPED", "BREAKPOINT", "SUBMITTED", "RESUBMITTED",
]  # fmt: skip


class RetryPolicy(Polymorphic):
    """Marks a property that holds a retry."""

    family: ClassVar[Family] = "retry"


class AnyInput(Polymorphic):
    """Marks a list of declared inputs."""

    family: ClassVar[Family] = "input"


class AnyTrigger(Polymorphic):
    """Marks a list of triggers."""

    family: ClassVar[Family] = "trigger"


class AnyCondition(Polymorphic):
    """Marks a list of conditions."""

    family: ClassVar[Family] = "condition"


class AnySla(Polymorphic):
    """Marks a list of SLAs."""

    family: ClassVar[Family] = "sla"


class WorkerGroup(Properties):
    """Where a server runs the work (Enterprise Edition)."""

    key: str | None = prop(doc="The key of the worker group.")
    fallback: str | None = prop(doc="FAIL, WAIT or CANCEL when the group has no worker.")


class Cache(Properties):
    """Reuse of the outputs of an earlier success."""

    enabled: bool = prop(default=True, doc="Whether the cache is used.")
    ttl: timedelta | None = prop(doc="How long a cached result stays valid.")


class TaskCommon(Properties):
    """What every task has."""

    id: str = prop(required=True, dynamic=False, doc="The name of the task, unique in the whole flow.")
    type: str = prop(required=True, dynamic=False, doc="The task type.")
    description: str = prop(dynamic=False, doc="What the task is for, in Markdown.")
    disabled: bool = prop(default=False, dynamic=False, doc="A disabled task is treated as if it were not there.")
    runIf: Expression = prop(
        default="true", also=("when",), doc="The task is SKIPPED when this renders to false, 0 or nothing."
    )
    timeout: timedelta | None = prop(doc="How long one attempt may take (ISO-8601 duration).", group="reliability")
    retry: RetryPolicy | None = prop(dynamic=False, doc="When a failed attempt is tried again.", group="reliability")
    allowFailure: bool = prop(default=False, dynamic=False, doc="A failure is only a WARNING and the flow goes on.")
    allowWarning: bool = prop(default=False, dynamic=False, doc="A WARNING counts as SUCCESS.")
    logLevel: LogLevel | None = prop(dynamic=False, doc="The lowest level of log entries that is kept.")
    logToFile: bool = prop(default=False, dynamic=False, doc="Keep the logs as a file in internal storage.")
    workerGroup: WorkerGroup | None = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")
    workerSelector: Any = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")
    taskCache: Cache | None = prop(dynamic=False, doc="Reuse an earlier success with the same inputs.")
    assets: Any = prop(dynamic=False, doc="Enterprise Edition only; read and ignored.", group="ignored")
    version: str | None = prop(
        dynamic=False, doc="The plugin version; Enterprise Edition only, read and ignored.", group="ignored"
    )


class TypedCommon(Properties):
    """What conditions and task runners have."""

    type: str = prop(required=True, dynamic=False, doc="The type.")
    version: str | None = prop(
        dynamic=False, doc="The plugin version; Enterprise Edition only, read and ignored.", group="ignored"
    )


class TriggerCommon(Properties):
    """What every trigger has."""

    id: str = prop(required=True, dynamic=False, doc="The name of the trigger, unique among the triggers of the flow.")
    type: str = prop(required=True, dynamic=False, doc="The trigger type.")
    description: str = prop(dynamic=False, doc="What the trigger is for, in Markdown.")
    disabled: bool = prop(default=False, dynamic=False, doc="A disabled trigger never fires.")
    conditions: list[AnyCondition] | None = prop(
        removed="2.0: use `when`", doc="All of them must hold for the trigger to fire."
    )
    when: Expression = prop(since="2.0", doc="The trigger fires only when this expression is true.")
    inputs: dict[str, Any] | None = prop(doc="Input values for the execution that is started.")
    labels: Any = prop(doc="Labels of the execution: a map, or a list of `key` and `value`.")
    stopAfter: list[State] | None = prop(
        dynamic=False, doc="The trigger is switched off after an execution that ends in one of these states."
    )
    workerGroup: WorkerGroup | None = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")
    workerSelector: Any = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")
    logLevel: LogLevel | None = prop(
        dynamic=False, aliases=("minLogLevel",), doc="The lowest level of log entries that is kept."
    )
    logToFile: bool = prop(default=False, dynamic=False, doc="Keep the logs as a file in internal storage.")
    allowConcurrent: bool = prop(default=False, dynamic=False, doc="Fire even while an earlier execution still runs.")
    failOnTriggerError: bool = prop(default=False, dynamic=False, doc="An error makes a FAILED execution.")
    version: str | None = prop(
        dynamic=False, doc="The plugin version; Enterprise Edition only, read and ignored.", group="ignored"
    )
    assets: Any = prop(dynamic=False, doc="Enterprise Edition only; read and ignored.", group="ignored")


class Dependency(Properties):
    """Other inputs that an input needs."""

    inputs: list[str] = prop(required=True, dynamic=False, doc="Ids of inputs that must be there first.")
    condition: Expression = prop(also=("when",), doc="The input is asked for only when this is exactly true.")


class InputCommon(Properties):
    """What every input has."""

    id: str = prop(required=True, dynamic=False, aliases=("name",), doc="The name; dots make nested values.")
    type: str = prop(required=True, dynamic=False, doc="The input type.")
    description: str = prop(dynamic=False, doc="Help for whoever fills it in.")
    displayName: str | None = prop(dynamic=False, doc="Shown instead of the id, at most 64 characters.")
    required: bool = prop(default=True, dynamic=False, doc="Whether the flow starts without a value.")
    defaults: Any = prop(doc="The value when none is given; expressions are rendered.")
    prefill: Any = prop(doc="What the form shows first; it may be cleared.")
    dependsOn: Dependency | None = prop(doc="Ask only when other inputs have a value.")


InputType = Literal[
    "STRING", "INT", "FLOAT", "BOOL", "BOOLEAN", "DATETIME", "DATE", "TIME", "DURATION", "FILE", "JSON", "YAML",
    "URI", "EMAIL", "SECRET", "ARRAY", "SELECT", "ENUM", "MULTISELECT", "FORM", "TABLE", "OBJECT", "ION",
]  # fmt: skip


class _Validated(Properties):
    validator: str | None = prop(
        dynamic=False, format="pattern", doc="A regular expression that must match the whole value."
    )


class _Bounded(Properties):
    min: Any = prop(dynamic=False, doc="The smallest value that is allowed.")
    max: Any = prop(dynamic=False, doc="The largest value that is allowed.")


class _Dated(Properties):
    after: str | None = prop(dynamic=False, doc="The earliest value that is allowed.")
    before: str | None = prop(dynamic=False, doc="The latest value that is allowed.")


class _Listed(Properties):
    values: list[str] | None = prop(dynamic=False, doc="What can be chosen.")


class _Chosen(_Listed):
    expression: Expression = prop(doc="Gives the list of what can be chosen.")
    allowCustomValue: bool = prop(default=False, dynamic=False, doc="Whether other values are allowed too.")
    autoSelectFirst: bool = prop(default=False, dynamic=False, doc="Take the first value when none is given.")
    isRadio: bool = prop(default=False, dynamic=False, doc="Show the values as radio buttons.")


class _Several(_Chosen):
    values: list[str] | None = prop(dynamic=False, aliases=("options",), doc="What can be chosen.")
    itemType: InputType | None = prop(default="STRING", dynamic=False, doc="The type of one value.")


class _Array(Properties):
    itemType: InputType = prop(required=True, dynamic=False, doc="The type of one element.")


class _File(Properties):
    extension: str | None = prop(
        dynamic=False, deprecated="use allowedFileExtensions", doc="The suffix of the stored file."
    )
    allowedFileExtensions: list[str] | None = prop(
        dynamic=False, also=("accept",), doc="Suffixes that are accepted, such as `.csv`."
    )


_OWN: dict[str, type[Properties]] = {
    "STRING": _Validated, "SECRET": _Validated, "INT": _Bounded, "FLOAT": _Bounded, "DURATION": _Bounded,
    "DATE": _Dated, "TIME": _Dated, "DATETIME": _Dated, "ENUM": _Listed, "SELECT": _Chosen, "MULTISELECT": _Several,
    "ARRAY": _Array, "FILE": _File,
}  # fmt: skip
_DEPRECATED_INPUTS = {"ENUM": "use SELECT", "BOOLEAN": "use BOOL"}
_OPEN_INPUTS = ("FORM", "TABLE", "OBJECT", "ION")

INPUT_COMMON = describe(InputCommon)
INPUT_TYPES: dict[str, TypeDecl] = {
    name: TypeDecl(
        name, "input", properties=describe(_OWN[name]) if name in _OWN else (), open=name in _OPEN_INPUTS,
        deprecated=_DEPRECATED_INPUTS.get(name),
    )
    for name in InputType.__args__  # type: ignore[attr-defined]  # a Literal has them
}  # fmt: skip


class _Retry(Properties):
    type: str = prop(required=True, dynamic=False, doc="constant, exponential or random.")
    maxAttempts: int | None = prop(
        dynamic=False, aliases=("maxAttempt",), doc="How many attempts in all, the first included."
    )
    maxDuration: timedelta | None = prop(dynamic=False, doc="No attempt starts later than this after the first.")
    warningOnRetry: bool = prop(default=False, dynamic=False, doc="A success after a retry is a WARNING.")
    behavior: Literal["RETRY_FAILED_TASK", "CREATE_NEW_EXECUTION"] = prop(
        default="RETRY_FAILED_TASK", dynamic=False, doc="Try the task again, or the whole execution."
    )


class _Constant(_Retry):
    interval: timedelta = prop(required=True, dynamic=False, doc="The wait between two attempts.")


class _Exponential(_Constant):
    maxInterval: timedelta = prop(required=True, dynamic=False, doc="The longest wait.")
    delayFactor: float | None = prop(dynamic=False, doc="The wait is multiplied by this each time (2).")


class _Random(_Retry):
    minInterval: timedelta = prop(required=True, dynamic=False, doc="The shortest wait.")
    maxInterval: timedelta = prop(required=True, dynamic=False, doc="The longest wait.")


RETRY_TYPES: dict[str, TypeDecl] = {
    "constant": TypeDecl("constant", "retry", "The same wait each time", properties=describe(_Constant)),
    "exponential": TypeDecl("exponential", "retry", "A growing wait", properties=describe(_Exponential)),
    "random": TypeDecl("random", "retry", "A random wait", properties=describe(_Random)),
}


class _Sla(Properties):
    id: str = prop(required=True, dynamic=False, doc="The name of the promise.")
    type: str = prop(required=True, dynamic=False, doc="MAX_DURATION or EXECUTION_ASSERTION.")
    behavior: Literal["FAIL", "CANCEL", "NONE"] = prop(
        required=True, dynamic=False, doc="What happens to the execution when the promise is broken."
    )
    labels: Any = prop(dynamic=False, format="labels", doc="Labels that the execution gets then.")


class _MaxDuration(_Sla):
    duration: timedelta = prop(required=True, dynamic=False, doc="How long an execution may take.")


class _Assertion(_Sla):
    assert_: Expression = prop(name="assert", required=True, doc="Must be true all the time.")


SLA_TYPES: dict[str, TypeDecl] = {
    "MAX_DURATION": TypeDecl("MAX_DURATION", "sla", "A longest duration", properties=describe(_MaxDuration)),
    "EXECUTION_ASSERTION": TypeDecl("EXECUTION_ASSERTION", "sla", "An assertion", properties=describe(_Assertion)),
}


class OutputEntry(Properties):
    """One output of a flow."""

    id: str = prop(required=True, dynamic=False, doc="The name of the output.")
    type: InputType = prop(required=True, dynamic=False, doc="Its type.")
    value: Any = prop(required=True, doc="Its value, rendered at the end of the execution.")
    description: str = prop(dynamic=False, doc="What it is.")
    displayName: str | None = prop(dynamic=False, doc="Shown instead of the id.")
    required: bool = prop(default=True, dynamic=False, doc="Whether the execution fails without it.")
    itemType: InputType | None = prop(dynamic=False, doc="The type of the elements of an ARRAY.")


class CheckEntry(Properties):
    """A gate before an execution is created."""

    condition: Expression = prop(required=True, also=("when",), doc="The check fires when this is false.")
    message: str = prop(required=True, doc="What to tell whoever wants to start the flow.")
    style: Literal["ERROR", "SUCCESS", "WARNING", "INFO"] = prop(default="INFO", dynamic=False, doc="How it looks.")
    behavior: Literal["BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"] = prop(
        default="BLOCK_EXECUTION", dynamic=False, doc="What happens when the check fires."
    )


class ConcurrencyLimit(Properties):
    """How many executions may run at a time."""

    limit: int = prop(required=True, dynamic=False, doc="How many, at least 1.")
    behavior: Literal["QUEUE", "CANCEL", "FAIL"] = prop(
        default="QUEUE", dynamic=False, doc="What happens to one too many."
    )


class ListenerEntry(Properties):
    """Tasks that run after the end of the execution."""

    description: str = prop(dynamic=False, doc="What it is for.")
    conditions: list[AnyCondition] | None = prop(doc="All of them must hold.")
    tasks: ChildTasks | None = prop(required=True, doc="The tasks to run.")


class DefaultEntry(Properties):
    """Property values for all tasks of a type or type prefix."""

    type: str = prop(dynamic=False, doc="A type, or the beginning of type names.")
    forced: bool = prop(default=False, dynamic=False, doc="Win over the task's own values.")
    values: Any = prop(dynamic=False, doc="The values by property name.")
    version: str | None = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")


class FlowDocument(Properties):
    """A flow."""

    id: str = prop(required=True, dynamic=False, doc="The name of the flow, unique in its namespace.")
    namespace: str = prop(required=True, dynamic=False, doc="Where the flow lives; dots make a hierarchy.")
    revision: int | None = prop(dynamic=False, group="server", doc="Given by the server; ignored here.")
    description: str = prop(dynamic=False, doc="What the flow is for, in Markdown.")
    labels: Any = prop(dynamic=False, doc="Labels of every execution: a map, or a list of `key` and `value`.")
    inputs: list[AnyInput] | None = prop(doc="What the flow needs to start.")
    variables: dict[str, Any] | None = prop(dynamic=False, doc="Values that expressions read as `vars`.")
    tasks: ChildTasks | None = prop(required=True, doc="What the flow does, one after the other.")
    errors: ChildTasks | None = prop(doc="Tasks that run when the flow failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")
    afterExecution: ChildTasks | None = prop(doc="Tasks that run when the execution is over and its state final.")
    listeners: list[ListenerEntry] | None = prop(
        deprecated="use `finally`, `afterExecution` or a Flow trigger", doc="Tasks that run after the end."
    )
    triggers: list[AnyTrigger] | None = prop(doc="What starts the flow by itself.")
    pluginDefaults: list[DefaultEntry] | None = prop(
        aliases=("taskDefaults",), dynamic=False, removed="2.0", doc="Property values for all tasks of a type."
    )
    concurrency: ConcurrencyLimit | None = prop(dynamic=False, doc="How many executions may run at a time.")
    outputs: list[OutputEntry] | None = prop(doc="What the flow hands to its caller.")
    retry: RetryPolicy | None = prop(dynamic=False, doc="The retry of every task that has none of its own.")
    sla: list[AnySla] | None = prop(doc="Promises about an execution.")
    checks: list[CheckEntry] | None = prop(doc="Gates before an execution is created.")
    quotas: Any = prop(dynamic=False, doc="Enterprise Edition only; read and ignored.", group="ignored")
    disabled: bool = prop(default=False, dynamic=False, doc="A disabled flow cannot be started.")
    workerGroup: WorkerGroup | None = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")
    workerSelector: Any = prop(dynamic=False, doc="Enterprise Edition only.", group="ignored")
    deleted: bool | None = prop(dynamic=False, group="server", doc="Written by the server; ignored.")
    tenantId: str | None = prop(dynamic=False, group="server", doc="Written by the server; ignored.")
    policyRefs: Any = prop(dynamic=False, group="server", doc="Written by the server; ignored.")
    updated: str | None = prop(dynamic=False, group="server", doc="Written by the server; ignored.")
    source: str | None = prop(dynamic=False, group="server", doc="Written by the server; ignored.")
    draft: bool | None = prop(dynamic=False, group="server", doc="Written by the server; ignored.")
    extend: Any = prop(dynamic=False, group="server", doc="What a published blueprint says about itself; ignored.")


FLOW = describe(FlowDocument)
TASK = describe(TaskCommon)
TRIGGER = describe(TriggerCommon)
TYPED = describe(TypedCommon)
OUTPUT = describe(OutputEntry)
CHECK = describe(CheckEntry)
CONCURRENCY = describe(ConcurrencyLimit)
LISTENER = describe(ListenerEntry)
PLUGIN_DEFAULT = describe(DefaultEntry)

DAG_ENTRY = ("task", "dependsOn")

BY_TYPE: dict[Family, dict[str, TypeDecl]] = {"input": INPUT_TYPES, "retry": RETRY_TYPES, "sla": SLA_TYPES}
"""The families whose types are few and belong to the format itself, not to plugins."""


_COMMON: dict[Family, tuple[PropertyDecl, ...]] = {
    "task": TASK, "trigger": TRIGGER, "input": INPUT_COMMON, "condition": TYPED, "taskRunner": TYPED,
}  # fmt: skip


def properties_of(decl: TypeDecl) -> tuple[PropertyDecl, ...]:
    """All properties of an object of this type, the common ones of its family included."""
    common = _COMMON.get(decl.family, ())
    own = {prop.name for prop in decl.properties}
    return (*(prop for prop in common if prop.name not in own), *decl.properties)
