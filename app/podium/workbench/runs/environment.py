"""What a run runs with: its runners, the secrets that it used, its script tasks, and the names of its variables."""

from collections.abc import Mapping
from typing import Any

from podium.model.flow import Flow, Task
from podium.runtime.environment import Environment, environments
from podium.runtime.presence import living_runner
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.secrets import PREFIX
from podium.store.stores import Stores
from podium.workbench.runs.values import Value

_OF_SCRIPTS = ("taskRunner", "interpreter", "containerImage", "pythonVersion", "dependencies")
_SET, _HIDDEN = "is set", "******"


def environment_of(stores: Stores, record: ExecutionRecord, flow: Flow | None) -> list[Value]:
    """All that was noted; nothing is guessed from how the machine is now."""
    owner = _owner(stores, record)
    noted = environments(owner)
    mark = living_runner(record)
    found = []
    for number, one in enumerate(noted, 1):
        name = "runner" if len(noted) == 1 else f"runner {number} of {len(noted)}"
        found.append(Value((name,), _runner(one, owner, record, mark is not None and mark.pid == one.pid)))
    used = {name: namespace or "of the workspace" for name, namespace in record.used_secrets()}
    scripts = {} if flow is None else {task.id: _script(task) for task in flow.walk() if "scripts" in task.type}
    found += [Value(("secrets used",), used)] if used else []
    found += [Value(("script tasks",), scripts)] if scripts else []
    if noted:
        found.append(Value(("environment variables",), {name: _shown(name) for name in noted[-1].variables}))
    return found


def _owner(stores: Stores, record: ExecutionRecord) -> ExecutionRecord:
    """The execution whose runner ran this one: itself, or the one that called it."""
    seen = {record.id}
    while not record.environments():
        try:
            above = record.load().execution.parent_id
            if above is None or above in seen:
                break
            seen.add(above)
            record = stores.record(above)
        except StoreError:
            break
    return record


def _runner(one: Environment, owner: ExecutionRecord, record: ExecutionRecord, alive: bool) -> Mapping[str, Any]:
    of_caller = {"execution": f"{owner.id}, which called this one"} if owner.id != record.id else {}
    return {
        "process": f"{one.pid}, {'at work' if alive else 'has ended'}",
        "since": one.since,
        **of_caller,
        "machine": f"{one.host} ({one.system})",
        "user": one.user,
        "podium": one.podium,
        "python": f"{one.python} ({one.interpreter})",
        "directory": one.directory,
    }


def _script(task: Task) -> Mapping[str, Any]:
    """What the flow says about how a script runs; of `env` the names only."""
    given = {name: task.props[name] for name in _OF_SCRIPTS if task.props.get(name) is not None}
    env = task.props.get("env")
    if isinstance(env, Mapping):
        given["env"] = {str(name): _SET for name in env}
    elif env is not None:
        given["env"] = _SET
    return {"type": task.type, **given}


def _shown(name: str) -> str:
    return _HIDDEN if name.startswith(PREFIX) else _SET
