"""The log of a run in lanes: what Log tasks said, what scripts printed, or all of it.

Two lanes stand side by side where there is room, else one at a time with tabs above. Filter and following are shared.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Literal, Self, cast

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from podium.base.text import clean
from podium.store.log_filter import LogFilter, TextPattern
from podium.store.log_index import LogIndex
from podium.store.logs import SOURCES, LogLine, Source
from podium.workbench.clipboard import Clipboard
from podium.workbench.widgets.log_paint import Columns
from podium.workbench.widgets.log_prompt import LogPrompt
from podium.workbench.widgets.log_view import LogView
from podium.workbench.widgets.tab_bar import TabBar

Lane = Literal["log", "script", "all"]

LANES: tuple[Lane, ...] = ("log", "script", "all")
WIDE = 100
"""Cells from which on two lanes stand side by side."""

_NAMES: dict[Lane, str] = {"log": "Log", "script": "Script", "all": "All"}
_TITLES: dict[Lane, str] = {"log": "Log tasks", "script": "Script output", "all": "All lines"}
_SOURCES: dict[Lane, frozenset[Source]] = {
    "log": frozenset({"log"}),
    "script": frozenset({"stdout", "stderr"}),
    "all": frozenset(SOURCES),
}
_COLUMNS: dict[Lane, Columns] = {
    "log": Columns(),
    "script": Columns(time=False, level=False, sources="stderr"),
    "all": Columns(sources="all"),
}
_TO_COME: dict[Lane, str] = {
    "log": "Messages of Log tasks and of the run itself appear here.",
    "script": "What scripts print appears here.",
    "all": "Every line that this run writes appears here.",
}
_NEVER_CAME: dict[Lane, str] = {
    "log": "No Log task said anything in this run.",
    "script": "No script printed anything in this run.",
    "all": "This run has written no log.",
}
_TICK = 0.1
_CATCH_UP = 0.005  # a long log is read in slices; keys and frames come in between
_BUDGET = 0.01  # seconds of work between two frames, for the index and for each lane


class LogPane(Vertical):
    """The log of one run. `folder` is where `s` saves to; `jump_key` is shown in front of the first title.

    With `tabs` False the lanes are chosen from outside: no tabs, no keys for them, `LaneChanged` tells.
    """

    DEFAULT_CSS = """
    LogPane {
        & Horizontal { height: 1fr; }
        & LogView { width: 1fr; height: 1fr; border: round $surface-lighten-2; border-title-color: $text-muted;
                    border-subtitle-color: $text-muted; }
        & LogView:focus { border: round $accent; border-title-color: $text; }
        &.-narrow LogView { border: none; }
        & TabBar { display: none; }
        &.-narrow TabBar { display: block; }
        &.-tabless TabBar { display: none; }
        & #log-status { display: none; height: 1; padding: 0 1; text-align: right; color: $text-muted; }
        &.-narrow.-tabless #log-status { display: block; }
    }
    """
    BINDINGS = [
        Binding("right_square_bracket", "lane(1)", "Lane", id="log.lane_next"),
        Binding("left_square_bracket", "lane(-1)", "Previous lane", id="log.lane_previous", show=False),
    ]

    class Said(Message):
        """Something to tell the reader: done, or `failed`."""

        def __init__(self, text: str, failed: bool = False) -> None:
            super().__init__()
            self.text, self.failed = text, failed

    class LaneChanged(Message):
        """Keys go to another lane, or what `status` says of it is new."""

    class Grew(Message):
        """There are new lines, whether a lane shows them or not."""

    def __init__(
        self,
        clipboard: Clipboard,
        folder: Path,
        *,
        chosen: LogFilter | None = None,
        jump_key: str = "",
        zone: tzinfo | None = None,
        tabs: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._tabs = tabs
        self.set_class(not tabs, "-tabless")
        self.add_class("-narrow")  # until there is a size; a class that comes later styles the pane again
        self._clipboard, self._folder, self._jump_key = clipboard, folder, jump_key
        self._index = LogIndex(Path(os.devnull))
        self._chosen = chosen or LogFilter()
        self._title, self._live, self._shows = "", False, False
        self._views: dict[Lane, LogView] = {
            lane: LogView(
                self._index, self._filter(lane), columns=_COLUMNS[lane], title=self._heading(lane),
                empty=self._empty(lane), zone=zone, id=f"log-lane-{lane}",
            )
            for lane in LANES
        }  # fmt: skip
        self._lane: Lane = "log"
        self._picked = False  # whether the reader has chosen a lane; until then it is the one that has lines
        self._read = 0
        self._before: TextPattern | None = None
        self._timer: Timer | None = None
        self._catching_up = False
        self._unreadable = False

    def compose(self) -> ComposeResult:
        yield TabBar([(lane, _NAMES[lane]) for lane in LANES])
        with Horizontal():
            yield from self._views.values()
        yield Static(id="log-status", markup=False)
        yield LogPrompt()

    def on_mount(self) -> None:
        self._timer = self.set_interval(_TICK, self.refresh_now, pause=not self._live)
        self._arrange()

    def on_unmount(self) -> None:
        self._index.close()

    # ---- what is shown -----------------------------------------------------------------------------------------

    def show(self, path: Path | None, title: str, *, live: bool = False) -> None:
        """The log at `path` (None: of nothing), under a title such as the task's name. A log that is still written
        is looked at ten times a second while `live`."""
        self._index.close()
        self._index = LogIndex(path or Path(os.devnull))
        self._title, self._shows, self._read = clean(title), path is not None, 0
        if not self._picked:
            self._go_to_lane("log")
        for lane, view in self._views.items():
            view.show(self._index, self._filter(lane), title=self._heading(lane), empty="")
        self.set_live(live)

    def set_live(self, live: bool) -> None:
        """Whether the run still writes. The end of it is read at once."""
        self._live = live
        for lane, view in self._views.items():
            view.empty_text = self._empty(lane)
            view.refresh()
        if self._timer is not None:
            if live:
                self._timer.resume()
            else:
                self._timer.pause()
            self.refresh_now()

    def set_task_run(self, task_run: str | None) -> None:
        """Only the lines of one task run; None for all."""
        self.set_task_runs(None if task_run is None else frozenset({task_run}))

    def set_task_runs(self, task_runs: frozenset[str] | None, attempt: int | None = None, title: str = "") -> None:
        """Only the lines of these task runs, and of one of their attempts (counted from 0), under this title."""
        self._title = clean(title)
        for lane, view in self._views.items():
            view.set_title(self._heading(lane))
        self._choose(replace(self._chosen, task_runs=task_runs, attempt=attempt))

    @property
    def lane(self) -> Lane:
        """The lane that keys go to."""
        return self._lane

    @lane.setter
    def lane(self, lane: Lane) -> None:
        self._picked = True
        self._go_to_lane(lane)

    def _go_to_lane(self, lane: Lane) -> None:
        if lane == self._lane:
            return
        had_focus = self._views[self._lane].has_focus
        self._lane = lane
        self._arrange()
        if had_focus:
            self._views[lane].focus()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the current lane."""
        self._views[self._lane].focus(scroll_visible)
        return self

    def refresh_now(self) -> None:
        """Take in what was written since; costs a look at the file when that is nothing."""
        try:
            done = self._index.refresh(_BUDGET)
        except OSError as error:
            self._tell_unreadable(error)
            return
        self._unreadable = False
        for view in self._visible():
            done = view.pull(_BUDGET) and done
        if len(self._index) != self._read:
            self._read = len(self._index)
            self.post_message(self.Grew())
            self._go_where_lines_are()
        if not done and not self._catching_up:
            self._catching_up = True
            self.set_timer(_CATCH_UP, self._catch_up)

    def _go_where_lines_are(self) -> None:
        """With one lane at a time, and none chosen: the script's as long as Log tasks have said nothing."""
        view = self._views[self._lane]
        if self._picked or not self.has_class("-narrow") or not view.follow or self._chosen.task_runs is not None:
            return
        origins = self._index.origins[1:]  # the first one stands for damaged lines, whether there are any or not
        if any(self._chosen.admits(origin) for origin in origins if origin.source == "log"):
            self._go_to_lane("log")
        elif any(origin.source != "log" for origin in origins):
            self._go_to_lane("script")

    def _tell_unreadable(self, error: OSError) -> None:
        """Once, not ten times a second; a live log is looked at again, it may only be for now."""
        if not self._unreadable:
            self._unreadable = True
            text = f"Cannot read the log {self._index.path}: {error.strerror}."
            self.post_message(self.Said(text, failed=True))

    def _catch_up(self) -> None:
        self._catching_up = False
        self.refresh_now()

    def _filter(self, lane: Lane) -> LogFilter:
        return replace(self._chosen, sources=_SOURCES[lane])

    def _heading(self, lane: Lane) -> str:
        key = f"{self._jump_key} " if self._jump_key and lane in ("log", "all") else ""
        return f"{key}{_TITLES[lane]}{' ─ ' if self._title else ''}{self._title}"

    def _empty(self, lane: Lane) -> str:
        if not self._shows:
            return "Select a run to see its log."
        if self._chosen.task_runs is not None:
            return "The task has written nothing here yet." if self._live else "The task wrote nothing here."
        return (_TO_COME if self._live else _NEVER_CAME)[lane]

    def _visible(self) -> Iterable[LogView]:
        return [view for view in self._views.values() if view.display]

    # ---- lanes -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        narrow = self.size.width < WIDE
        self.set_class(narrow, "-narrow")
        for lane, view in self._views.items():
            view.display = lane == self._lane or (not narrow and "all" not in (lane, self._lane))
            view.alone = (narrow or self._lane == "all") and self._chosen.task_runs is None
        self._show_status()
        self.refresh_now()

    def on_resize(self) -> None:
        self._arrange()

    def on_descendant_focus(self) -> None:
        for lane, view in self._views.items():
            if view.has_focus and lane != self._lane:
                self._lane = lane
                self._show_status()

    def action_lane(self, step: int) -> None:
        """The next lane; side by side, the third step shows all lines as one."""
        if not self._tabs:
            raise SkipAction
        self.lane = LANES[(LANES.index(self._lane) + step) % len(LANES)]

    @on(TabBar.Picked)
    def _pick(self, event: TabBar.Picked) -> None:
        event.stop()
        self.lane = cast(Lane, event.key)
        self.focus()

    @on(LogView.StatusChanged)
    def _show_status(self) -> None:
        if self.is_mounted:
            self.query_one(TabBar).show(self._lane, self.status)
            self.query_one("#log-status", Static).update(self.status)
            self.post_message(self.LaneChanged())

    @property
    def latest(self) -> LogLine | None:
        """The last line that was read, from whichever source; None while there is none."""
        count = len(self._index)
        return self._index.line(count - 1) if count else None

    @property
    def status(self) -> str:
        """What the current lane says of itself: following, filters, how many lines."""
        return self._views[self._lane].status

    # ---- what the lanes share ----------------------------------------------------------------------------------

    def _choose(self, chosen: LogFilter) -> None:
        self._chosen = chosen
        for lane, view in self._views.items():
            view.empty_text = self._empty(lane)
            view.choose(self._filter(lane))
        self._arrange()

    @on(LogView.FilterChanged)
    def _share_filter(self, event: LogView.FilterChanged) -> None:
        event.stop()
        self._choose(event.view.chosen)

    @on(LogView.FollowChanged)
    def _share_follow(self, event: LogView.FollowChanged) -> None:
        event.stop()
        if event.view.display:
            for view in self._views.values():
                view.follow = event.view.follow

    # ---- questions ---------------------------------------------------------------------------------------------

    @on(LogView.PromptRequested)
    def _ask(self, event: LogView.PromptRequested) -> None:
        event.stop()
        self._before = self._chosen.pattern
        found = event.view.searched
        texts = {
            "filter": str(self._before or ""),
            "find": str(found or ""),
            "save": str(self._folder / f"{self._lane}.log"),
        }
        self.query_one(LogPrompt).ask(event.prompt, texts[event.prompt])

    @on(LogPrompt.PatternTyped)
    def _try_pattern(self, event: LogPrompt.PatternTyped) -> None:
        event.stop()
        self._choose(replace(self._chosen, pattern=event.pattern))

    @on(LogPrompt.Cancelled)
    def _undo(self, event: LogPrompt.Cancelled) -> None:
        event.stop()
        if event.prompt == "filter":
            self._choose(replace(self._chosen, pattern=self._before))
        self._close_prompt()

    @on(LogPrompt.Answered)
    def _take_answer(self, event: LogPrompt.Answered) -> None:
        event.stop()
        if event.prompt == "save":
            self._save(Path(event.text).expanduser())
            return
        self._close_prompt()
        if event.prompt == "filter":
            self._choose(replace(self._chosen, pattern=event.pattern))
        else:
            self._views[self._lane].find(event.pattern)

    def _close_prompt(self) -> None:
        self.query_one(LogPrompt).close()
        self.focus()

    # ---- copying and saving ------------------------------------------------------------------------------------

    @on(LogView.Said)
    def _pass_on(self, event: LogView.Said) -> None:
        event.stop()
        self.post_message(self.Said(event.text))

    @on(LogView.CopyRequested)
    def _copy(self, event: LogView.CopyRequested) -> None:
        event.stop()
        try:
            self.post_message(self.Said(self._clipboard.copy(event.text, event.what)))
        except OSError as error:
            self.post_message(self.Said(f"Cannot copy: {error}.", failed=True))

    def _save(self, path: Path) -> None:
        """Write what the lane shows, in a thread since it may be long; an existing file is not touched."""
        selection = self._views[self._lane].selection
        path = self._folder / path
        try:
            file = path.open("x", encoding="utf-8")
        except OSError as error:
            exists = isinstance(error, FileExistsError)
            problem = "It exists, choose another name." if exists else f"Cannot write it: {error.strerror}."
            self.query_one(LogPrompt).explain(problem)
            return
        self._close_prompt()
        rows = range(len(selection))

        def write() -> None:
            try:
                with file:
                    file.writelines(f"{line.plain()}\n" for line in selection.messages(rows))
            except (OSError, IndexError) as error:
                self.post_message(self.Said(f"Cannot write all of {path}: {error}.", failed=True))
                return
            self.post_message(self.Said(f"Saved {len(rows):,} lines as {path}."))

        self.run_worker(write, thread=True, group="log-save")
