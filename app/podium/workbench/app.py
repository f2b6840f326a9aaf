"""The workbench: one application, one workspace."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import ModalScreen

from podium.base.looks import only_ascii
from podium.store.stores import Stores
from podium.workbench.bench import Bench
from podium.workbench.commands import Command, run
from podium.workbench.crash import keep_crash
from podium.workbench.frame_diff import DiffOutput
from podium.workbench.glyphs import AsciiOnly
from podium.workbench.hangup import when_hung_up
from podium.workbench.messages import Said
from podium.workbench.runs.run_actions import RunActions
from podium.workbench.screens.main_screen import MainScreen
from podium.workbench.terminal_keys import KeysInOrder, hasten_escape, mend_alt_keys
from podium.workbench.themes import THEMES, chosen_theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.driver import Driver

    from podium.plugin.registry import Registry
    from podium.runtime.executions import Executions
    from podium.workbench.runs.run_screen import RunScreen
    from podium.workbench.terminal_guard import TerminalGuard

# A thread that computes (a check, a search) must give the screen its turn quickly.
_SWITCH_SECONDS = 0.0005
_GC_THRESHOLDS = (20_000, 20, 50)


class PodiumApp(KeysInOrder[None], DiffOutput[None]):
    """The workbench on the workspace of `stores`. `start` is a file to open at once; `prepare` is done on a thread
    after the first frame; `guard` watches over the terminal."""

    TITLE = "Podium"
    CSS_PATH = "screens/main_screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    PAUSE_GC_ON_SCROLL = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "everything", "Everything", priority=True, id="app.palette"),
        Binding("colon", "everything", "Everything", show=False, id="app.palette_colon"),
        Binding("question_mark,f1", "help", "Help", id="app.help"),
        Binding("ctrl+q", "quit", "Detach", priority=True, id="app.quit_anywhere"),
        Binding("q", "quit", "Detach", id="app.quit"),
        Binding("ctrl+l", "redraw", "Draw again", show=False, id="app.redraw"),
        Binding("f10", "picture", "Picture", show=False, id="app.picture"),
    ]

    def __init__(
        self,
        stores: Stores,
        registry: Registry,
        executions: Executions,
        *,
        start: Path | None = None,
        zone: tzinfo | None = None,
        prepare: Callable[[], object] | None = None,
        theme: str | None = None,
        ascii_only: bool | None = None,
        guard: TerminalGuard | None = None,
    ) -> None:
        self._twins = AsciiOnly(
            only_ascii(os.environ, getattr(sys.__stdout__, "encoding", None)) if ascii_only is None else ascii_only
        )
        mend_alt_keys()
        hasten_escape()
        self._terminal_guard = guard
        super().__init__()
        self.bench = Bench(self, stores, registry, executions, zone)
        self._start_file = start
        self._prepare = prepare
        for one in THEMES:
            self.register_theme(one)
        self._wanted_theme = theme or chosen_theme(os.environ)
        self.theme = self._wanted_theme if self._wanted_theme in self.available_themes else THEMES[0].name

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._twins] if self._twins.enabled else super().get_line_filters()

    def get_driver_class(self) -> type[Driver]:
        from podium.workbench.terminal_driver import terminal_driver

        return terminal_driver(self._terminal_guard)

    def get_default_screen(self) -> MainScreen:
        screen = MainScreen(self.bench, self._start_file)
        # What the first size of the terminal brings would make Textual style every widget once more.
        screen.set_classes([name for least, name in screen.HORIZONTAL_BREAKPOINTS if self.size.width >= least][-1])
        return screen

    @property
    def main(self) -> MainScreen:
        """The screen with the panes."""
        return next(screen for screen in self.screen_stack if isinstance(screen, MainScreen))

    def on_mount(self) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.bench.feed.start()
        if not self.is_headless:
            self._heed_signals()
        self.call_after_refresh(self._after_the_first_frame)

    def on_unmount(self) -> None:
        self.bench.feed.stop()

    def _after_the_first_frame(self) -> None:
        if self._wanted_theme not in self.available_themes:
            others = "ansi-dark, ansi-light and the others of Textual"
            names = ", ".join([*(one.name for one in THEMES), others])
            self.main.say(f"There is no theme `{self._wanted_theme}`. There are {names}.", True)
        if self._prepare is not None:
            threading.Thread(target=self._prepare_now, name="podium-prepare", daemon=True).start()
        self.set_timer(2.0, self._calm_the_collector)

    def _prepare_now(self) -> None:
        """On the thread. What fails here, such as a plugin with an error, fails again where it is used."""
        try:
            assert self._prepare is not None
            self._prepare()
        except Exception as error:  # foreign code may be imported
            self.call_later(self.main.say, str(error), True)

    def _calm_the_collector(self) -> None:
        """What is there now stays: a full collection would walk all of it, in the middle of a key press."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        gc.enable()

    def _heed_signals(self) -> None:
        """A closed terminal or a `kill` ends the workbench in order: drafts are written, the terminal is restored."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end, 128 + number)

        def hung_up() -> None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                loop.call_soon_threadsafe(self._end, 128 + signal.SIGHUP)

        when_hung_up(hung_up)

    def _end(self, code: int) -> None:
        self.main.keeper.keep_all_now()
        self.exit(return_code=code)

    def _fatal_error(self) -> None:
        """A fault of ours: the text is kept, the details go to a file, the reader gets a sentence."""
        if self.is_headless:
            super()._fatal_error()
            return
        self._exit_renderables.append(f"{keep_crash(self.bench.workspace.state)} Runs go on; unsaved text is kept.")
        with contextlib.suppress(StopIteration):
            self.main.keeper.keep_all_now()
        self._close_messages_no_wait()

    # ---- what screens of runs say ------------------------------------------------------------------------------

    @on(Said)
    def _said(self, event: Said) -> None:
        self.main.say(event.text, event.failed)

    # By name, so that the screens are imported when one is opened.
    def on_run_screen_code_requested(self, event: RunScreen.CodeRequested) -> None:
        while self.screen is not self.main:
            self.pop_screen()
        self.main.open_soon(event.path, event.line - 1)

    @on(RunActions.ResumeAsked)
    def _resume_asked(self, event: RunActions.ResumeAsked) -> None:
        self.main.conductor.resume(event.actions, event.execution_id, event.taskrun_id)

    def on_run_screen_run_requested(self, event: RunScreen.RunRequested) -> None:
        self.main.open_run(event.execution_id)

    # ---- keys --------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave; runs go on. Unsaved text is asked about."""
        self.main.leave_workbench()

    def action_everything(self) -> None:
        """Choose from all actions by name."""
        from podium.workbench.dialogs.palette import Palette

        if isinstance(self.screen, ModalScreen):
            return

        def chosen(command: Command | None) -> None:
            if command is not None:
                self.call_next(run, self, command)

        self.push_screen(Palette(self.screen), chosen)

    def action_help(self) -> None:
        """What the keys of this pane do."""
        from podium.workbench.dialogs.help_screen import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_picture(self) -> None:
        """Save what is on the screen as an SVG file."""
        folder = self.bench.workspace.state / "pictures"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            path = self.save_screenshot(f"podium-{self.bench.now():%Y%m%d-%H%M%S}.svg", str(folder))
        except OSError as error:
            self.main.say(f"The picture cannot be saved: {error.strerror}.", failed=True)
            return
        self.main.say(f"Saved the picture as {Path(path).relative_to(self.bench.workspace.root)}.")
