"""The text of `podium --help`."""

from podium.cli.catalog import GROUPS
from podium.cli.output import Console

_INTRODUCTION = """\
Podium writes and runs Kestra-format flows on this machine: no server, no JVM, no Docker.

Usage: podium [-C PATH] [PATH]              open the workbench on a directory or file
       podium [-C PATH] COMMAND [ARGUMENTS]"""

_END = """\
Options:
  -C, --workspace PATH  the directory with the flows; default: the current one,
                        or the closest above it that was used before
  -h, --help            show this help and exit; `podium COMMAND --help` explains a command
  -V, --version         show the version and exit

RUN in a command is the id of an execution, the beginning of one, `last`, or `last:FLOW`.
Exit codes: 0 done, 1 the flow failed, 2 wrong usage or flow, 130 interrupted or killed."""


def overview(console: Console) -> str:
    """The help, as wide as 80 columns."""
    width = max(len(name) for group in GROUPS.values() for name in group)
    parts = [_INTRODUCTION]
    for title, group in GROUPS.items():
        rows = [f"  {console.style(f'{name:<{width}}', 'bold')}  {entry.summary}" for name, entry in group.items()]
        parts.append("\n".join([f"{title}:", *rows]))
    return "\n\n".join([*parts, _END])
