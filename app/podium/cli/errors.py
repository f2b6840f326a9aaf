"""What a command can end with: exit codes, and errors that are one clear message."""

from typing import Final

OK: Final = 0
FAILED: Final = 1
"""The flow failed, or what was asked for is not so."""
USAGE: Final = 2
"""The command line, the flow or its inputs are wrong; nothing was started."""
INTERNAL: Final = 70
"""A mistake in Podium itself."""
TIMED_OUT: Final = 124
"""The time of `--timeout` was over; as in timeout(1)."""
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""The reader of the output went away; what a program gets that does not handle SIGPIPE."""


class CommandError(Exception):
    """A command cannot do what it was asked for; the text says what, where and what to do."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code


class UsageError(CommandError):
    """The command line cannot be understood; `command` names the one whose help explains it, empty for `podium`."""

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message, USAGE)
        self.command = command
