"""Textual's driver of the terminal, which tells the terminal's guardian when the terminal is in use."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from podium.workbench.terminal_guard import TerminalGuard


def guarded(guard: TerminalGuard) -> type[LinuxDriver]:
    """The driver of a terminal that `guard` watches over."""

    class GuardedDriver(LinuxDriver):
        def start_application_mode(self) -> None:
            guard.taken = True
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual does not say its types here

        def close(self) -> None:
            # Here and not when it is stopped: only now all has been written.
            super().close()
            guard.taken = False

    return GuardedDriver
