"""How interpreter, `beforeCommands` and commands become one argv (tasks.md 1.4)."""

import shlex
import sys
from collections.abc import Sequence
from typing import Literal

from podium.tasks.scripts.protocol import DEBUG_MARKER, INFO_MARKER

_SHOWN = 2_000

TargetOs = Literal["LINUX", "WINDOWS", "AUTO"]


def assemble(
    interpreter: Sequence[str],
    before: Sequence[str],
    commands: Sequence[str],
    fail_fast: str | None,
    target_os: TargetOs = "AUTO",
) -> list[str]:
    """The argv: the interpreter with one argument, the text of all commands.

    `fail_fast` is the line that makes the shell stop at the first failure, None to go on. The output of
    `before` is enclosed in markers that make it DEBUG.
    """
    if not interpreter and not before:
        return list(commands)
    windows = target_os == "WINDOWS" or (target_os == "AUTO" and sys.platform == "win32")
    lines = [*([fail_fast] if fail_fast and not windows else []), *before]
    if before:
        lines = [f"echo '{DEBUG_MARKER}'", *lines, f"echo '{INFO_MARKER}'"]
    return [*interpreter, ("\r\n" if windows else "\n").join([*lines, *commands])]


def shown(argv: Sequence[str]) -> str:
    """The argv for the log; of a long script only the beginning, and how much there is."""
    text = " ".join(argv)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({_SHOWN} of {len(text)} characters)"


def quoted(path: object) -> str:
    """A path as one word of a shell command."""
    return shlex.quote(str(path))
