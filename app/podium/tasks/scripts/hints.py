"""Why a script failed, in words: what its last error lines give away."""

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from podium.plugin.context import RunContext
from podium.tasks.globs import files_below

_MISSING_PROGRAM = (
    re.compile(r"^(?:.*?: )?(?:line )?(?:\d+: )?(?P<name>[\w./+-]+): (?:command )?not found$"),
    re.compile(r"^(?:.*?: )?(?:\d+: )?exec: (?P<name>[\w./+-]+): not found$"),
)
_MISSING_FILE = (
    re.compile(r"can't open file '(?P<name>[^']+)'"),
    re.compile(r"(?:Cannot find module|Module not found) [\"'](?P<name>[^\"']+)[\"']"),
    re.compile(r"Could not open input file: (?P<name>\S+)"),
    re.compile(r"[Cc]an(?:no|')t open (?:perl script )?[\"']?(?P<name>[^\"':]+?)[\"']?: No such file"),
    re.compile(r"(?:^|\s)'?(?P<name>[\w./-]*[\w-]\.\w+)'?: (?:No such file or directory|not found)"),
    re.compile(r"No such file or directory(?: @ \w+)? (?:--|-) (?P<name>\S+)"),
    re.compile(r"No such file or directory: '(?P<name>[^']+)'"),
)
_MANAGED = "error: externally-managed-environment"
_USE_DEPENDENCIES = "Name the packages in `dependencies` of a Python task instead of installing them with pip."
_MISSING_MODULE = re.compile(r"^ModuleNotFoundError: No module named '(?P<name>[^']+)'")


def explanation(
    ctx: RunContext, errors: Iterable[str], *, namespace_files: bool, image: str | None, preparing: bool
) -> str:
    """A sentence or two to follow `Command failed with exit code N.`; empty when there is nothing to add.

    `errors` are the last lines of stderr, `image` the container image that a server would have used.
    """
    lines = list(errors)
    hints = []
    if preparing:
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        hints.append(f"It failed in `beforeCommands`{f': {last}' if last else ''}.")
    if any(_MANAGED in line for line in lines):
        return " ".join([*hints, f"The Python of this machine is managed by its system. {_USE_DEPENDENCIES}"])
    for line in reversed(lines):
        hint = _module(line) or _file(ctx, line, namespace_files) or _program(line, image)
        if hint:
            hints.append(hint)
            break
    return " ".join(hints)


def _module(line: str) -> str | None:
    match = _MISSING_MODULE.search(line)
    if match is None:
        return None
    package = match["name"].split(".")[0]
    return f"The Python module `{match['name']}` is not installed: add its package (`{package}`?) to `dependencies`."


def _program(line: str, image: str | None) -> str | None:
    for pattern in _MISSING_PROGRAM:
        match = pattern.match(line.strip())
        if match and "/" not in match["name"]:
            origin = f" On a server it comes with the container image `{image}`." if image else ""
            if match["name"] in ("pip", "pip3"):
                origin = f" {_USE_DEPENDENCIES}"
            return f"The program `{match['name']}` is not installed on this machine.{origin}"
    return None


def _file(ctx: RunContext, line: str, enabled: bool) -> str | None:
    match = next((found for pattern in _MISSING_FILE if (found := pattern.search(line))), None)
    if match is None:
        return None
    name = match["name"].removeprefix(f"{ctx.working_dir}/").removeprefix("./")
    if not enabled:
        names = ctx.namespace_files.list(ctx.namespace)
        if name in names:
            return (
                f"`{name}` is a namespace file, but it is not in the working directory: "
                "add `namespaceFiles: {enabled: true}` to the task."
            )
        close = _nearest(name, names)
        if close:
            return (
                f"There is no file `{name}`. The namespace has `{close}`: correct the name, and add "
                "`namespaceFiles: {enabled: true}` to the task."
            )
    close = _nearest(name, [path for path, _ in files_below(ctx.working_dir)])
    if close:
        return f"There is no file `{name}` in the working directory; the nearest is `{close}`."
    if name.startswith("/"):
        return f"There is no file `{name}`."
    if enabled and name not in ctx.namespace_files.list(ctx.namespace):
        return f"There is no file `{name}`, neither in the working directory nor in namespace `{ctx.namespace}`."
    return f"There is no file `{name}` in the working directory: bring it there with `inputFiles` or `namespaceFiles`."


def _nearest(name: str, names: Sequence[str]) -> str | None:
    wanted = PurePosixPath(name).name
    same = [other for other in names if PurePosixPath(other).name == wanted and other != name]
    if same:
        return same[0]
    close = difflib.get_close_matches(name, [other for other in names if other != name], n=1, cutoff=0.7)
    return close[0] if close else None
