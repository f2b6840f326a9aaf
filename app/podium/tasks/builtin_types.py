"""The built-in types as data, so that a name can be looked up without importing what implements it.

The tables map every current type name to `module:Class`, family by family; `ALIASES` maps every older name to its
current one. A row here is all it takes for a class to be found: its properties, docs and outputs are read from
the class.
"""

from podium.model.schema import Family

_FLOW = "io.kestra.plugin.core.flow."
_FLOWABLES = "podium.engine.flowables."
_CORE = "io.kestra.plugin.core."
_TASKS = "podium.tasks."
_SCRIPTS = "io.kestra.plugin.scripts."
_SCRIPT_TYPES = "podium.tasks.scripts.types:"

_COMMON_LANGUAGES = (
    "shell", "node", "r", "ruby", "perl", "php", "julia", "go", "lua", "groovy", "bun", "deno", "dotnet", "jbang",
    "powershell",
)  # fmt: skip

LANGUAGES = ("python", *_COMMON_LANGUAGES)
"""The languages with `Commands` and `Script` tasks."""

TASKS: dict[str, str] = {
    _FLOW + "AllowFailure": _FLOWABLES + "allow_failure:AllowFailure",
    _FLOW + "Dag": _FLOWABLES + "dag:Dag",
    _FLOW + "EachParallel": _FLOWABLES + "foreach:EachParallel",
    _FLOW + "EachSequential": _FLOWABLES + "foreach:EachSequential",
    _FLOW + "ForEach": _FLOWABLES + "foreach:ForEach",
    _FLOW + "ForEachItem": _FLOWABLES + "foreach_item:ForEachItem",
    _FLOW + "ForEachItem$ForEachItemSplit": _TASKS + "foreach_item:ItemsSplit",
    _FLOW + "ForEachItem$ForEachItemExecutable": _TASKS + "foreach_item:ItemsExecutable",
    _FLOW + "ForEachItem$ForEachItemMergeOutputs": _TASKS + "foreach_item:ItemsMerge",
    _FLOW + "If": _FLOWABLES + "if_:If",
    _FLOW + "Loop": _FLOWABLES + "loop:Loop",
    _FLOW + "LoopUntil": _FLOWABLES + "loop_until:LoopUntil",
    _FLOW + "Parallel": _FLOWABLES + "parallel:Parallel",
    _FLOW + "Pause": _FLOWABLES + "pause:Pause",
    _FLOW + "Sequential": _FLOWABLES + "sequential:Sequential",
    _FLOW + "Subflow": _FLOWABLES + "subflow:Subflow",
    _FLOW + "Switch": _FLOWABLES + "switch:Switch",
    _FLOW + "Template": _FLOWABLES + "template:Template",
    _FLOW + "WorkingDirectory": _FLOWABLES + "working_directory:WorkingDirectory",
    _CORE + "debug.Echo": _TASKS + "debug:Echo",
    _CORE + "debug.Return": _TASKS + "debug:Return",
    _CORE + "execution.Assert": _TASKS + "execution:Assert",
    _CORE + "execution.Fail": _TASKS + "execution:Fail",
    _CORE + "execution.Count": _TASKS + "history:Counts",
    _CORE + "execution.PurgeExecutions": _TASKS + "history:PurgeExecutions",
    _CORE + "execution.Resume": _TASKS + "history:Resume",
    _CORE + "execution.Exit": _TASKS + "updates:Exit",
    _CORE + "execution.Labels": _TASKS + "updates:Labels",
    _CORE + "execution.SetVariables": _TASKS + "updates:SetVariables",
    _CORE + "execution.UnsetVariables": _TASKS + "updates:UnsetVariables",
    _CORE + "flow.Sleep": _TASKS + "sleep:Sleep",
    _CORE + "http.Download": _TASKS + "http:Download",
    _CORE + "http.Request": _TASKS + "http:Request",
    _CORE + "http.SseRequest": _TASKS + "http:SseRequest",
    _CORE + "kv.Delete": _TASKS + "kv:Delete",
    _CORE + "kv.Get": _TASKS + "kv:Get",
    _CORE + "kv.GetKeys": _TASKS + "kv:GetKeys",
    _CORE + "kv.PurgeKV": _TASKS + "kv:PurgeKV",
    _CORE + "kv.Set": _TASKS + "kv:Set",
    _CORE + "log.Fetch": _TASKS + "log:Fetch",
    _CORE + "log.Log": _TASKS + "log:Log",
    _CORE + "log.PurgeLogs": _TASKS + "log:PurgeLogs",
    _CORE + "metric.Publish": _TASKS + "output:Publish",
    _CORE + "namespace.DeleteFiles": _TASKS + "namespace:DeleteFiles",
    _CORE + "namespace.DownloadFiles": _TASKS + "namespace:DownloadFiles",
    _CORE + "namespace.UploadFiles": _TASKS + "namespace:UploadFiles",
    _CORE + "output.OutputValues": _TASKS + "output:OutputValues",
    _CORE + "state.Delete": _TASKS + "state:Delete",
    _CORE + "state.Get": _TASKS + "state:Get",
    _CORE + "state.Set": _TASKS + "state:Set",
    _CORE + "storage.Concat": _TASKS + "storage:Concat",
    _CORE + "storage.Delete": _TASKS + "storage:Delete",
    _CORE + "storage.LocalFiles": _TASKS + "storage:LocalFiles",
    _CORE + "storage.PurgeCurrentExecutionFiles": _TASKS + "storage:PurgeCurrentExecutionFiles",
    _CORE + "storage.Reverse": _TASKS + "storage:Reverse",
    _CORE + "storage.Size": _TASKS + "storage:Size",
    _CORE + "storage.Split": _TASKS + "storage:Split",
    _CORE + "storage.Write": _TASKS + "storage:Write",
    _CORE + "storage.DeduplicateItems": _TASKS + "items:DeduplicateItems",
    _CORE + "storage.FilterItems": _TASKS + "items:FilterItems",
    _CORE + "trigger.Toggle": _TASKS + "triggers.toggle:Toggle",
    _CORE + "templating.TemplatedTask": _TASKS + "templating:TemplatedTask",
    "io.kestra.plugin.kestra.executions.Count": _TASKS + "history:Count",
    "io.kestra.core.tasks.scripts.Bash": _TASKS + "scripts.legacy:Bash",
    "io.kestra.core.tasks.scripts.Node": _TASKS + "scripts.legacy:Node",
    "io.kestra.core.tasks.scripts.Python": _TASKS + "scripts.legacy:Python",
    _SCRIPTS + "python.Commands": _TASKS + "scripts.python:PythonCommands",
    _SCRIPTS + "python.Script": _TASKS + "scripts.python:PythonScript",
    **{
        f"{_SCRIPTS}{language}.{kind}": f"{_SCRIPT_TYPES}{language.capitalize()}{kind}"
        for language in _COMMON_LANGUAGES
        for kind in ("Commands", "Script")
    },
}

TASK_RUNNERS: dict[str, str] = {
    _CORE + "runner.Process": _TASKS + "scripts.runners:Process",
    _SCRIPTS + "runner.docker.Docker": _TASKS + "scripts.runners:Docker",
}

_TRIGGERS = _TASKS + "triggers."
TRIGGERS: dict[str, str] = {
    _CORE + "trigger.Flow": _TRIGGERS + "flow:Flow",
    _CORE + "trigger.Schedule": _TRIGGERS + "schedule:Schedule",
    _CORE + "trigger.ScheduleOnDates": _TRIGGERS + "schedule:ScheduleOnDates",
    _CORE + "trigger.Webhook": _TRIGGERS + "webhook:Webhook",
    _CORE + "http.Trigger": _TRIGGERS + "polling:HttpTrigger",
}

_DATES = ("DateTimeBetween", "DayWeek", "DayWeekInMonth", "PublicHoliday", "TimeBetween", "Weekend")
_EXECUTIONS = (
    "ExecutionFlow", "ExecutionLabels", "ExecutionNamespace", "ExecutionOutputs", "ExecutionStatus", "HasRetryAttempt",
    "FlowCondition", "FlowNamespaceCondition",
)  # fmt: skip
_LOGIC = ("Expression", "Not", "Or", "MultipleCondition")
CONDITIONS: dict[str, str] = {
    f"{_CORE}condition.{name}": f"{_TASKS}conditions.{module}:{name + '_' if name == 'Expression' else name}"
    for module, names in (("dates", _DATES), ("executions", _EXECUTIONS), ("logic", _LOGIC))
    for name in names
}

PLACES: dict[Family, dict[str, str]] = {
    "task": TASKS, "trigger": TRIGGERS, "condition": CONDITIONS, "taskRunner": TASK_RUNNERS,
}  # fmt: skip
TYPES: dict[str, str] = {**TASKS, **TASK_RUNNERS, **TRIGGERS, **CONDITIONS}

_OLD = "io.kestra.core."
_OLD_FLOWABLES = (
    "AllowFailure", "Dag", "EachParallel", "EachSequential", "ForEachItem", "If", "Parallel", "Pause", "Sequential",
    "Subflow", "Switch", "Template", "WorkingDirectory",
)  # fmt: skip
_SUFFIXED = (*_DATES, *(name for name in _EXECUTIONS if not name.endswith("Condition")), "Not", "Or")

ALIASES: dict[str, str] = {
    **{f"{_OLD}tasks.flows.{name}": _FLOW + name for name in _OLD_FLOWABLES},
    _OLD + "tasks.flows.Flow": _FLOW + "Subflow",
    _OLD + "tasks.flows.Worker": _FLOW + "WorkingDirectory",
    _FLOW + "WaitFor": _FLOW + "LoopUntil",
    **{f"{_OLD}models.triggers.types.{name}": f"{_CORE}trigger.{name}" for name in ("Flow", "Schedule", "Webhook")},
    "io.kestra.plugin.fs.http.Trigger": _CORE + "http.Trigger",
    **{
        f"{package}.{name}Condition": f"{_CORE}condition.{name}"
        for package in (_OLD + "models.conditions.types", _CORE + "condition")
        for name in _SUFFIXED
    },
    _OLD + "models.conditions.types.VariableCondition": _CORE + "condition.Expression",
    _CORE + "condition.ExpressionCondition": _CORE + "condition.Expression",
    **{
        f"{_OLD}models.conditions.types.{name}": f"{_CORE}condition.{name}"
        for name in ("FlowCondition", "FlowNamespaceCondition", "MultipleCondition")
    },
    _OLD + "tasks.storages.Split": _CORE + "storage.Split",
    "io.kestra.core.tasks.debugs.Echo": "io.kestra.plugin.core.debug.Echo",
    "io.kestra.core.tasks.debugs.Return": "io.kestra.plugin.core.debug.Return",
    "io.kestra.core.tasks.executions.Fail": "io.kestra.plugin.core.execution.Fail",
    "io.kestra.core.tasks.executions.Counts": "io.kestra.plugin.core.execution.Count",
    "io.kestra.core.tasks.storages.Purge": "io.kestra.plugin.core.execution.PurgeExecutions",
    "io.kestra.plugin.core.storage.Purge": "io.kestra.plugin.core.execution.PurgeExecutions",
    "io.kestra.plugin.kestra.executions.Resume": "io.kestra.plugin.core.execution.Resume",
    "io.kestra.core.tasks.executions.Labels": "io.kestra.plugin.core.execution.Labels",
    "io.kestra.plugin.fs.http.Download": "io.kestra.plugin.core.http.Download",
    "io.kestra.plugin.fs.http.Request": "io.kestra.plugin.core.http.Request",
    "io.kestra.core.tasks.log.Fetch": "io.kestra.plugin.core.log.Fetch",
    "io.kestra.plugin.kestra.logs.Fetch": "io.kestra.plugin.core.log.Fetch",
    "io.kestra.core.tasks.log.Log": "io.kestra.plugin.core.log.Log",
    "io.kestra.plugin.kestra.logs.PurgeLogs": "io.kestra.plugin.core.log.PurgeLogs",
    "io.kestra.core.models.tasks.runners.types.ProcessTaskRunner": "io.kestra.plugin.core.runner.Process",
    "io.kestra.core.tasks.states.Delete": "io.kestra.plugin.core.state.Delete",
    "io.kestra.core.tasks.states.Get": "io.kestra.plugin.core.state.Get",
    "io.kestra.core.tasks.states.Set": "io.kestra.plugin.core.state.Set",
    "io.kestra.core.tasks.storages.Concat": "io.kestra.plugin.core.storage.Concat",
    "io.kestra.core.tasks.storages.Delete": "io.kestra.plugin.core.storage.Delete",
    "io.kestra.core.tasks.storages.LocalFiles": "io.kestra.plugin.core.storage.LocalFiles",
    "io.kestra.core.tasks.storages.PurgeExecution": "io.kestra.plugin.core.storage.PurgeCurrentExecutionFiles",
    "io.kestra.plugin.core.storage.PurgeExecution": "io.kestra.plugin.core.storage.PurgeCurrentExecutionFiles",
    "io.kestra.core.tasks.storages.Reverse": "io.kestra.plugin.core.storage.Reverse",
    "io.kestra.core.tasks.storages.Size": "io.kestra.plugin.core.storage.Size",
    "io.kestra.core.tasks.storages.DeduplicateItems": "io.kestra.plugin.core.storage.DeduplicateItems",
    "io.kestra.core.tasks.storages.FilterItems": "io.kestra.plugin.core.storage.FilterItems",
    "io.kestra.core.tasks.trigger.Toggle": "io.kestra.plugin.core.trigger.Toggle",
    "io.kestra.plugin.kestra.triggers.Toggle": "io.kestra.plugin.core.trigger.Toggle",
    "io.kestra.core.tasks.templating.TemplatedTask": "io.kestra.plugin.core.templating.TemplatedTask",
    "io.kestra.plugin.scripts.runner.docker.DockerTaskRunner": "io.kestra.plugin.scripts.runner.docker.Docker",
}
