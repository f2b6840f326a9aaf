"""Textual's driver of the terminal, for terminals that go away and for workbenches that are killed."""

from __future__ import annotations

from typing import IO, Any, cast

from textual.drivers.linux_driver import LinuxDriver

from podium.workbench.terminal_guard import TerminalGuard


class LastingFile:
    """A file for the thread that writes to the terminal. Once the terminal is gone, nothing is written any more.

    With an error that thread would end, and with it the workbench could not: it would wait for ever until there is room
    for what it writes on its way out.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.gone = False

    def write(self, text: str) -> None:
        if not self.gone:
            try:
                self._file.write(text)
            except OSError:
                self.gone = True

    def flush(self) -> None:
        if not self.gone:
            try:
                self._file.flush()
            except OSError:
                self.gone = True

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._file.fileno()


def terminal_driver(guard: TerminalGuard | None) -> type[LinuxDriver]:
    """The driver; it tells `guard`, if there is one, when the terminal is in use."""

    class TerminalDriver(LinuxDriver):
        def start_application_mode(self) -> None:
            file: Any = self._file
            if not isinstance(file, LastingFile):
                self._file = cast(Any, LastingFile(file))
            if guard is not None:
                guard.taken = True
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual does not say its types here

        def close(self) -> None:
            # Here and not when it is stopped: only now all has been written.
            super().close()
            if guard is not None:
                guard.taken = False

    return TerminalDriver
