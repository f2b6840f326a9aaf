"""Python packages for a script: installed once per set of requirements, kept in the user's cache (tasks.md
1.11).
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from podium.plugin.context import RunContext, Stream
from podium.plugin.task import TaskError
from podium.tasks.scripts.languages import PYTHON
from podium.tasks.scripts.runners import client_environment

SETTING = "tasks.scripts.cache"
"""The folder of installed packages; without it `podium/python` in the user's cache."""

_TAIL = 12
_UNKNOWN = "no such version or package"
_COMPLAINTS = (
    (re.compile(r"No matching distribution found for (?P<name>.+)"), _UNKNOWN),
    (re.compile(r"Could not find a version that satisfies the requirement (?P<name>\S+)"), _UNKNOWN),
    (re.compile(r"Because (?P<name>\S+) was not found in the"), "no such package"),
    (re.compile(r"Because there (?:is|are) no versions? of (?P<name>\S+)"), _UNKNOWN),
    (re.compile(r"Because only (?P<name>[\w.-]+)\S* is available"), _UNKNOWN),
    (re.compile(r"Invalid requirement: '(?P<name>[^']*)'"), "this is not a requirement"),
    (re.compile(r"Failed to parse: `(?P<name>[^`]*)`"), "this is not a requirement"),
    (re.compile(r"Failed (?:building wheel for|to build) `?(?P<name>[\w.=-]+)"), "it could not be built"),
    (re.compile(r"Cannot install (?P<name>.+?) because"), "the requirements contradict each other"),
)
_OFFLINE = re.compile(
    r"NewConnectionError|Temporary failure in name resolution|dns error|Connection refused|ProxyError"
)


@dataclass(slots=True)
class _Installer:
    """Runs a package manager and keeps the end of what it says."""

    ctx: RunContext
    env: Mapping[str, str]
    said: list[str] = field(default_factory=list)

    def run(self, *argv: str) -> int:
        return self.ctx.processes.run(
            argv, cwd=self.ctx.working_dir, env=client_environment(self.env), on_lines=self._take
        )

    def _take(self, stream: Stream, lines: Sequence[str]) -> None:
        self.said = [*self.said, *lines][-200:]
        self.ctx.log.lines(stream, "DEBUG", lines)


def find_interpreter(path: str | None, version: str | None = None) -> str | None:
    """The full path of `pythonX.Y`, `pythonX`, `python3` or `python`, whichever comes first on PATH."""
    parts = (version or "").split(".")
    wanted = [f"python{'.'.join(parts[:2])}", f"python{parts[0]}"] if version else []
    for name in [*wanted, "python3", "python"]:
        found = shutil.which(name, path=path)
        if found:
            return found
    return None


def missing_interpreter() -> TaskError:
    """The failure when there is no Python at all."""
    return TaskError(
        f"Python cannot run here: neither `python3` nor `python` is on PATH. {PYTHON.install} Or name another "
        "program in `interpreter`."
    )


def installed(
    ctx: RunContext,
    requirements: Sequence[str],
    *,
    interpreter: str,
    manager: Literal["UV", "PIP"] = "UV",
    cached: bool = True,
    env: Mapping[str, str],
) -> Path:
    """A folder with the packages, for PYTHONPATH; made now unless an earlier run has made it.

    Raises TaskError that names the requirement that could not be installed.
    """
    if not cached:
        return _install(ctx, requirements, interpreter, manager, env, ctx.working_dir / ".kestra_python_lib")
    key = "\n".join([f"#python: {_identity(interpreter)}", *sorted(requirements)])
    folder = _cache(ctx) / hashlib.sha256(key.encode()).hexdigest()[:32]
    if folder.is_dir():
        ctx.log.debug(f"Using the cached packages for {', '.join(requirements)}")
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and renamed: another run must never see half of it.
    workshop = Path(tempfile.mkdtemp(dir=folder.parent, prefix="new-"))
    try:
        made = _install(ctx, requirements, interpreter, manager, env, workshop / "lib")
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return folder


def _install(
    ctx: RunContext, requirements: Sequence[str], interpreter: str, manager: str, env: Mapping[str, str], target: Path
) -> Path:  # fmt: skip
    target.mkdir(parents=True, exist_ok=True)
    ctx.log.info(f"Installing {', '.join(requirements)}")
    installer = _Installer(ctx, {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONPATH": "", **env})
    uv = shutil.which("uv", path=env.get("PATH")) if manager == "UV" else None
    if uv:
        command = [uv, "pip", "install", "--python", interpreter, "--index-strategy", "unsafe-best-match"]
        command += ["--link-mode", "copy"]
    else:
        command = [interpreter, "-m", "pip", "install", "--quiet", "--no-input"]
    if installer.run(*command, "--target", str(target), "--", *requirements) != 0:
        raise TaskError(failure_message(requirements, installer.said, "uv" if uv else "pip"))
    return target


def failure_message(requirements: Sequence[str], said: Sequence[str], program: str) -> str:
    """What went wrong, from the last lines a package manager has said; names the requirement if it can."""
    text = "\n".join(said)
    if "No module named pip" in text:
        return (
            "The Python packages cannot be installed: this Python has no pip. Install it (Debian and Ubuntu: "
            "`apt install python3-pip`), or install uv."
        )
    tail = "\n".join(said[-_TAIL:])
    for pattern, reason in _COMPLAINTS:
        match = pattern.search(text)
        if match:
            name = _as_written(match["name"].strip(), requirements)
            offline = " The package index could not be reached." if _OFFLINE.search(text) else ""
            return f"The Python dependency `{name}` could not be installed: {reason}.{offline}\n{program} said:\n{tail}"
    return f"The Python dependencies {', '.join(requirements)} could not be installed.\n{program} said:\n{tail}"


def _as_written(name: str, requirements: Sequence[str]) -> str:
    """The requirement of the flow that a package manager speaks of."""
    bare = re.split(r"[=<>!~\[;\s]", name)[0].lower()
    for requirement in requirements:
        if re.split(r"[=<>!~\[;\s]", requirement.strip())[0].lower() == bare:
            return requirement
    return name


def _identity(interpreter: str) -> str:
    """What makes two interpreters share packages: the real program, which has its version in its name."""
    real = Path(interpreter).resolve()
    return f"{real} {int(real.stat().st_mtime)}"


def _cache(ctx: RunContext) -> Path:
    chosen = ctx.setting(SETTING)
    if chosen:
        return Path(str(chosen)).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "podium" / "python"
