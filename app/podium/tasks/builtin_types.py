"""The built-in types as data, so that a name can be looked up without importing what implements it.

`TYPES` maps every current type name to `module:Class`; `ALIASES` maps every older name to its current one. A
row here is all it takes for a class to be found: its properties, docs and outputs are read from the class.
"""

_FLOW = "io.kestra.plugin.core.flow."
_FLOWABLES = "podium.engine.flowables."
_CORE = "io.kestra.plugin.core."
_TASKS = "podium.tasks."
_SCRIPTS = "io.kestra.plugin.scripts."
_SCRIPT_TYPES = "podium.tasks.scripts.types:"

_LANGUAGES = (
    "shell", "node", "r", "ruby", "perl", "php", "julia", "go", "lua", "groovy", "bun", "deno", "dotnet", "jbang",
    "powershell",
)  # fmt: skip

TYPES: dict[str, str] = {
    _FLOW + "AllowFailure": _FLOWABLES + "allow_failure:AllowFailure",
    _FLOW + "Dag": _FLOWABLES + "dag:Dag",
    _FLOW + "EachParallel": _FLOWABLES + "foreach:EachParallel",
    _FLOW + "EachSequential": _FLOWABLES + "foreach:EachSequential",
    _FLOW + "ForEach": _FLOWABLES + "foreach:ForEach",
    _FLOW + "ForEachItem": _FLOWABLES + "foreach_item:ForEachItem",
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
    _CORE + "log.Fetch": _TASKS + "log:Fetch",
    _CORE + "log.Log": _TASKS + "log:Log",
    _CORE + "log.PurgeLogs": _TASKS + "log:PurgeLogs",
    _CORE + "runner.Process": _TASKS + "scripts.runners:Process",
    _SCRIPTS + "python.Commands": _TASKS + "scripts.python:PythonCommands",
    _SCRIPTS + "python.Script": _TASKS + "scripts.python:PythonScript",
    _SCRIPTS + "runner.docker.Docker": _TASKS + "scripts.runners:Docker",
    **{
        f"{_SCRIPTS}{language}.{kind}": f"{_SCRIPT_TYPES}{language.capitalize()}{kind}"
        for language in _LANGUAGES
        for kind in ("Commands", "Script")
    },
}

ALIASES: dict[str, str] = {}
