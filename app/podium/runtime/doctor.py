"""`podium doctor`: is everything in order with this workspace, and if not, what to do."""

import importlib.util
import os
import pwd
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from podium.engine.states import TERMINAL
from podium.runtime.process_census import is_alive
from podium.runtime.reindexing import journals
from podium.runtime.retention import folder_size, plan_retention
from podium.runtime.workspace_types import workspace_registry
from podium.store.dotenv import read_dotenv
from podium.store.errors import StoreError
from podium.store.settings import Settings, load_settings
from podium.store.stores import Stores
from podium.store.workspace import SETTINGS_FILE, Workspace

Level = Literal["ok", "warning", "error"]

_LITTLE_SPACE = 500 * 1024 * 1024
_MUCH_TO_COLLECT = 100 * 1024 * 1024
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `subject` in a few words, `text` what it is like, `remedy` what to do about it."""

    level: Level
    subject: str
    text: str
    remedy: str = ""


def examine(path: Path) -> Iterator[Finding]:
    """Look at the workspace that `path` belongs to, one finding after the other; changes nothing that is sound.

    Never raises for what is wrong in the workspace: that is what the findings are for. Raises StoreError when there
    is no directory `path`.
    """
    workspace = Workspace.locate(path)
    yield Finding("ok", "Python", f"{sys.version.split()[0]} at {sys.executable}")
    folder = list(_folder(workspace))
    yield from folder
    if any(one.level == "error" for one in folder) and not os.access(workspace.root, os.R_OK | os.X_OK):
        return  # nothing of the rest can be seen
    settings = Settings()
    try:
        settings = load_settings(workspace.root)
        there = (workspace.root / SETTINGS_FILE).is_file()
        yield Finding("ok", "Settings", SETTINGS_FILE if there else f"no {SETTINGS_FILE}: everything has its default")
    except StoreError as error:
        yield Finding("error", "Settings", str(error), f"Mend {SETTINGS_FILE}; the rest was examined with defaults.")
    workspace.use_namespace_folders(settings.namespaces)
    yield from _secrets(workspace, settings)
    yield from _flows(workspace, settings)
    yield from _programs(settings)
    if not workspace.state.is_dir():
        yield Finding("ok", "Executions", "none: nothing was run here yet")
        return
    try:
        stores = Stores.of(workspace, settings)
    except StoreError as error:
        yield Finding("error", "Database", str(error))
        return
    for look in (_database, _journals, _space):
        try:
            yield from look(stores)
        except OSError as error:
            yield Finding("error", "Executions", f"{error.filename}: {error.strerror}", "Mend its mode or its owner.")


def _folder(workspace: Workspace) -> Iterator[Finding]:
    root, state = workspace.root, workspace.state
    places = (state, workspace.executions, workspace.storage, workspace.tmp, workspace.unsaved, workspace.index)
    found = next((one for one in (_unusable(place) for place in (root, *places)) if one is not None), None)
    if found is not None:
        yield found
    elif state.is_dir() and state.stat().st_mode & 0o077:
        mode = f"{state.stat().st_mode & 0o777:o}"
        yield Finding(
            "warning", "Workspace", f"{state} can be read by others (mode {mode}): inputs and outputs are in there",
            f"chmod 700 {state}",
        )  # fmt: skip
    else:
        yield Finding("ok", "Workspace", str(root))
    free = shutil.disk_usage(root).free
    if free < _LITTLE_SPACE:
        yield Finding("warning", "Disk", f"only {size_text(free)} are free", "podium gc --dry-run shows what may go.")
    else:
        yield Finding("ok", "Disk", f"{size_text(free)} are free")


def _unusable(place: Path) -> Finding | None:
    """What keeps Podium from working with a folder of the workspace or a file of its own; None for nothing."""
    try:
        status = place.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return Finding("error", "Workspace", f"{place} cannot be looked at: {error.strerror}", f"ls -ld {place.parent}")
    folder = stat.S_ISDIR(status.st_mode)
    needed = 0o700 if folder else 0o600
    mode = f"mode {status.st_mode & 0o777:03o}"
    remedy = f"chmod u+{'rwx' if folder else 'rw'} {place}"
    if place.name != "index.db" and not folder:
        return Finding("error", "Workspace", f"{place} is no directory", "Move it away.")
    if not os.access(place, os.R_OK | (os.X_OK if folder else 0)):
        wrong = f"cannot be read ({mode})"
    elif not os.access(place, os.W_OK):
        wrong = f"cannot be written to ({mode})"
    elif status.st_mode & needed != needed and status.st_uid == os.geteuid():
        # The superuser may do everything, and does not notice that nobody else can.
        return Finding("warning", "Workspace", f"{place} has {mode}: only the superuser can work there", remedy)
    else:
        return None
    if status.st_uid != os.geteuid():
        remedy = f"It belongs to {_owner(status.st_uid)}: work in a directory of your own, or have it given to you."
    elif status.st_mode & needed == needed:
        remedy = "Its file system is mounted read-only: work in another directory."
    return Finding("error", "Workspace", f"{place} {wrong}", remedy)


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _secrets(workspace: Workspace, settings: Settings) -> Iterator[Finding]:
    for name in settings.secrets.files:
        path = workspace.root / name
        if not path.is_file():
            continue
        try:
            count = len(read_dotenv(path))
        except StoreError as error:
            yield Finding("error", "Secrets", str(error), "Until then no flow runs.")
            continue
        if path.stat().st_mode & 0o077:
            yield Finding("warning", "Secrets", f"{name} can be read by others", f"chmod 600 {path}")
        else:
            yield Finding("ok", "Secrets", f"{count} variable{'s' if count != 1 else ''} in {name}")


def _flows(workspace: Workspace, settings: Settings) -> Iterator[Finding]:
    from podium.model.loader import load_flow
    from podium.plugin.registry import PluginError

    try:
        registry = workspace_registry(workspace, settings)
    except PluginError as error:
        yield Finding("error", "Plugins", str(error))
        return
    if settings.plugins:
        yield Finding("ok", "Plugins", ", ".join(settings.plugins))
    files = workspace.flow_files()
    places: dict[tuple[str, str], list[str]] = {}
    invalid = []
    for file in files:
        shown = f"{file.path.relative_to(workspace.root)}:{file.line + 1}"
        places.setdefault((file.namespace, file.id), []).append(shown)
        if load_flow(file.text, registry).flow is None:
            invalid.append(shown)
    for (namespace, flow_id), found in places.items():
        if len(found) > 1:
            yield Finding(
                "error", "Flows", f"{namespace}.{flow_id} is in several places: {', '.join(found)}",
                "Give all but one another `id:`.",
            )  # fmt: skip
    if invalid:
        yield Finding("warning", "Flows", f"{len(invalid)} of {len(files)} flows cannot run: {_some(invalid)}",
                      "podium validate says why.")  # fmt: skip
    else:
        yield Finding("ok", "Flows", f"{len(files)} flow{'s' if len(files) != 1 else ''}, all can be loaded")


def _programs(settings: Settings) -> Iterator[Finding]:
    missing = [name for name in ("bash", "python3") if shutil.which(name) is None]
    if missing:
        yield Finding(
            "warning", "Programs", f"not on PATH: {', '.join(missing)}", "Script tasks that need them fail until then."
        )
    if settings.tasks.scripts.containers == "docker-cli" and not (shutil.which("docker") or shutil.which("podman")):
        yield Finding(
            "error", "Programs", "neither docker nor podman is on PATH, but tasks.scripts.containers is `docker-cli`",
            'Install one, or set it to "process".',
        )  # fmt: skip
    if importlib.util.find_spec("venv") is None:
        yield Finding(
            "warning", "Programs", "Python has no module `venv`: `dependencies` of Python tasks cannot be installed",
            "Install python3-venv.",
        )  # fmt: skip


def _database(stores: Stores) -> Iterator[Finding]:
    if stores.database.notice:
        yield Finding("warning", "Database", stores.database.notice, "podium doctor --reindex")
        return
    try:
        answer = stores.database.read("PRAGMA quick_check(3)")
        needed = stores.database.needs_reindex
    except StoreError as error:
        yield Finding("error", "Database", str(error), "Run podium doctor once more: it will be mended then.")
        return
    wrong = [str(row[0]) for row in answer if row[0] != "ok"]
    if wrong:
        yield Finding("error", "Database", "; ".join(wrong), f"Move {stores.workspace.index} away, then --reindex.")
    elif needed:
        yield Finding("warning", "Database", "executions are missing in the index", "podium doctor --reindex")
    else:
        yield Finding("ok", "Database", f"{size_text(stores.workspace.index.stat().st_size)}, sound")


def _journals(stores: Stores) -> Iterator[Finding]:
    total, torn, stale, dead = 0, [], [], []
    for state in journals(stores.workspace.executions):
        total += 1
        if state.problem is not None:
            yield Finding(
                "error", "Journals", state.problem,
                "podium restart goes on from what can be read; podium doctor --reindex shows it again."
                if state.execution is not None
                else f"Move {state.record.directory} away.",
            )  # fmt: skip
        if state.execution is None:
            continue
        if state.torn:
            torn.append(state.record.id)
        mark = state.record.runner()
        alive = mark is not None and is_alive(mark.pid, mark.identity)
        known = stores.index.get(state.record.id)
        if not alive and (known is None or known.state != state.execution.state):
            stale.append(state.record.id)
        if not alive and state.execution.state not in TERMINAL | {"PAUSED", "QUEUED", "CREATED"}:
            dead.append(state.record.id)
    if torn:
        yield Finding(
            "ok", "Journals", f"the last line of {len(torn)} is unfinished, its writer was killed: {_some(torn)}. "
            "Nothing that was acknowledged is missing",
        )  # fmt: skip
    if dead:
        yield Finding("warning", "Executions", f"{len(dead)} lost their runner: {_some(dead)}", "podium restart ID")
    if stale:
        yield Finding(
            "warning", "Index", f"{len(stale)} of {total} executions are not in the index as they are: {_some(stale)}",
            "podium doctor --reindex",
        )  # fmt: skip
    else:
        yield Finding("ok", "Executions", f"{total}, the index agrees with all their journals")


def _space(stores: Stores) -> Iterator[Finding]:
    plan = plan_retention(stores)
    size = size_text(folder_size(stores.workspace.state))
    if plan.freed > _MUCH_TO_COLLECT:
        yield Finding(
            "warning", "Space", f"{size} are kept; {plan.count} executions may go, {size_text(plan.freed)}", "podium gc"
        )
    else:
        yield Finding("ok", "Space", f"{size} are kept")
    for path in stores.workspace.state.glob("index.db.damaged-*"):
        if not path.name.endswith(("-wal", "-shm")):
            yield Finding(
                "warning", "Space", f"a damaged database is still there: {path}", "Delete it when all is well."
            )


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def size_text(size: int) -> str:
    """Bytes as people read them."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError
