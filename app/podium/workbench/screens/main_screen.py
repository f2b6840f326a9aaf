"""The four panes, what goes on between them, and which of them are on the screen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from podium.base.looks import symbol
from podium.base.text import clean
from podium.store.log_filter import AT_FIRST
from podium.workbench.bench import Bench
from podium.workbench.editing.outside import outside_command
from podium.workbench.following import News, Overview, ReadingFailed, ServerSeen
from podium.workbench.messages import EditOutsideRequested, ExecuteRequested, FileOpenRequested, FilesMoved, Said
from podium.workbench.panes.buffer import Buffer
from podium.workbench.panes.editor_pane import EditorPane
from podium.workbench.panes.file_keeper import FileKeeper
from podium.workbench.panes.tree_pane import TreePane
from podium.workbench.runs.conductor import Conductor
from podium.workbench.runs.question import Choice, Question
from podium.workbench.runs.run_actions import RunActions
from podium.workbench.runs.runs_pane import RunsPane
from podium.workbench.runs.runs_table import RunsTable
from podium.workbench.terminal_keys import KeysInOrder
from podium.workbench.widgets.key_line import KeyLine
from podium.workbench.widgets.log_pane import LogPane
from podium.workbench.widgets.ticker import Ticker
from podium.workbench.widgets.top_line import TopLine

Pane = Literal["tree", "editor", "runs", "log"]
_TYPE_AHEAD = 0.3
"""Seconds for which keys are kept for a file that is being opened."""
PANES: tuple[Pane, ...] = ("tree", "editor", "runs", "log")


class MainScreen(Screen[None]):
    """Tree, editor, runs and log. In a small terminal one of them at a time, and a line of the log."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    AUTO_FOCUS = ""
    # Textual draws the whole screen again when the focus moves; what looks different draws itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "execute", "Execute", id="flow.execute"),
        Binding("ctrl+s", "save", "Save", id="file.save"),
        Binding("alt+1,1", "pane('tree')", "Files", show=False, id="pane.tree"),
        Binding("alt+2,2", "pane('editor')", "Editor", show=False, id="pane.editor"),
        Binding("alt+3,3", "pane('runs')", "Runs", show=False, id="pane.runs"),
        Binding("alt+4,4", "pane('log')", "Log", show=False, id="pane.log"),
        Binding("f6", "next_pane(1)", "Next pane", show=False, priority=True, id="pane.next"),
        Binding("shift+f6", "next_pane(-1)", "Previous pane", show=False, priority=True, id="pane.previous"),
        Binding("alt+m", "widen", "One pane", show=False, id="pane.maximize"),
        Binding("ctrl+o", "find_file", "Open by name", show=False, id="file.open"),
        Binding("escape", "leave", "Back", show=False, id="pane.leave"),
        Binding("alt+e,f9", "evaluate", "Evaluate an expression", show=False, id="flow.evaluate"),
    ]

    def __init__(self, bench: Bench, start: Path | None = None) -> None:
        super().__init__()
        self.bench = bench
        self._start = start
        self._question = Question()
        self.top = TopLine(_short(bench.workspace.root))
        self.files = TreePane(bench, self._question, id="tree")
        self.editor = EditorPane(bench, self._question, id="editor")
        self.runs = RunsPane(bench.desk, jump_key="3", id="runs")
        self.log_pane = LogPane(
            bench.clipboard, bench.workspace.root, chosen=AT_FIRST, jump_key="4", zone=bench.zone,
            id="log",
        )  # fmt: skip
        self.log_pane.border_title = Content("4 Log")  # for the form with tabs; lanes side by side have their own
        self.conductor = Conductor(self, bench.desk, self.runs, self.log_pane)
        self.ticker = Ticker(bench.zone)
        self.keeper = FileKeeper(bench, self.editor, self._question, self.say, self.show_text)
        self._pane: Pane = "tree"
        self._alone = False
        self._run_title = ""

    def compose(self) -> ComposeResult:
        yield self.top
        with Container(id="body"):
            yield self.files
            yield self.editor
            yield self.runs
            yield self.log_pane
        yield self._question
        yield self.ticker
        yield KeyLine()

    def on_mount(self) -> None:
        self.bench.feed.subscribe(self._take_news)
        self._tick()
        self._arrange()
        self.call_after_refresh(self._begin)

    def makes_sense(self, action: str) -> bool:
        """For the row of keys: there is something to save where text is written."""
        return action != "save" or self.editor.has_focus_within

    def _begin(self) -> None:
        if self._start is not None:
            self.open_soon(self._start)
        else:
            self.files.focus()
        self.keeper.offer_drafts()

    def _tick(self) -> None:
        """The clock moves once a minute, and so does this."""
        now = self.bench.now()
        self.top.show_time(now)
        self.set_timer(60.5 - now.second, self._tick)

    # ---- saying ------------------------------------------------------------------------------------------------

    def say(self, text: str, failed: bool = False) -> None:
        """Tell the reader something in passing."""
        text = "\n".join(clean(line) for line in text.splitlines())
        if text:
            self.notify(text, severity="error" if failed else "information", markup=False, timeout=8 if failed else 4)

    @on(Said)
    @on(LogPane.Said)
    def _said(self, event: Said) -> None:
        event.stop()
        self.say(event.text, event.failed)

    def show_text(self, title: str, text: str) -> None:
        """Show a text to be read, on a screen of its own."""
        from podium.workbench.dialogs.text_screen import TextScreen

        self.app.push_screen(TextScreen(title, text))

    # ---- panes -------------------------------------------------------------------------------------------------

    @property
    def is_narrow(self) -> bool:
        """Whether there is only room for one pane."""
        return self.has_class("-narrow")

    def action_pane(self, pane: Pane) -> None:
        """Give the keys to a pane, and show it if it is not on the screen."""
        self._pane = pane
        self._arrange()
        self._widget(pane).focus()

    def action_next_pane(self, step: int) -> None:
        self.action_pane(PANES[(PANES.index(self._pane) + step) % len(PANES)])

    def action_widen(self) -> None:
        """The pane alone on the screen, or all of them again."""
        self._alone = not self._alone
        self._arrange()

    def action_leave(self) -> None:
        """From a pane back to the files."""
        if self._alone and not self.is_narrow:
            self.action_widen()
        elif self._pane == "tree" and self.editor.current is not None:
            self.action_pane("editor")
        else:
            self.action_pane("tree")

    def _widget(self, pane: Pane) -> TreePane | EditorPane | RunsPane | LogPane:
        panes: dict[Pane, TreePane | EditorPane | RunsPane | LogPane]
        panes = {"tree": self.files, "editor": self.editor, "runs": self.runs, "log": self.log_pane}
        return panes[pane]

    def reach(self, node: Widget) -> None:
        """Give the keys to the pane of a widget, and to the widget if it takes any."""
        for pane in PANES:
            if self._widget(pane) in node.ancestors_with_self:
                self.action_pane(pane)
        if node.can_focus and node.display and not node.has_focus_within:
            node.focus()

    def on_descendant_focus(self) -> None:
        for pane in PANES:
            if self._widget(pane).has_focus_within and pane != self._pane:
                self._pane = pane
                self._arrange()

    def on_resize(self) -> None:
        self.call_after_refresh(self._arrange)

    def _arrange(self) -> None:
        single = self.is_narrow or self._alone
        with self.app.batch_update():
            self.set_class(single, "-single")
            for pane in PANES:
                shown = not single or pane == self._pane
                if self.is_narrow and self._pane == "tree" and pane == "editor":
                    shown = True  # the tree lies over it
                self._widget(pane).display = shown
            self.ticker.display = self.is_narrow and self._pane != "log"
        self._show_ticker()

    # ---- files -------------------------------------------------------------------------------------------------

    def open_soon(self, path: Path, line: int | None = None, column: int = 0, take_focus: bool = True) -> None:
        """Show a file in the editor once it is read, and let it have the keys if they have not moved on by then."""
        pane = self._pane
        release = self.app.hold_keys(_TYPE_AHEAD) if take_focus and isinstance(self.app, KeysInOrder) else None

        async def open_now() -> None:
            try:
                buffer = await self.editor.open(path, line, column)
                if buffer is not None:
                    self.keeper.changed_on_disk(path)  # between reading it and showing it nobody would have listened
                stayed = self._pane == pane and not self._question.has_focus_within
                if take_focus and stayed and buffer is not None and buffer is self.editor.current:
                    self.action_pane("editor")
                elif self.focused is None:
                    self.files.focus()  # at the start, when the file cannot be shown: the keys must go somewhere
            finally:
                if release is not None:
                    release()

        self.run_worker(open_now())

    @on(FileOpenRequested)
    def _open_requested(self, event: FileOpenRequested) -> None:
        event.stop()
        self.open_soon(event.path, event.line, event.column, event.take_focus)

    @on(FilesMoved)
    def _files_moved(self, event: FilesMoved) -> None:
        event.stop()
        self.keeper.moved(event.source, event.target)

    @on(TreePane.PathChanged)
    def _path_changed(self, event: TreePane.PathChanged) -> None:
        event.stop()
        self.keeper.changed_on_disk(event.path)

    @on(TreePane.FolderRead)
    def _folder_read(self, event: TreePane.FolderRead) -> None:
        event.stop()
        self.keeper.folder_read(event.folder)

    @on(TreePane.GitRead)
    def _git_read(self, event: TreePane.GitRead) -> None:
        event.stop()
        self.top.show_git(event.status)

    @on(EditorPane.Shown)
    def _shown(self, event: EditorPane.Shown) -> None:
        event.stop()
        buffer = event.buffer
        self.files.show_current(buffer.relative if buffer else "")
        if event.flow is not None:
            self.top.show_namespace(event.flow.namespace)
            self.runs.show_flow(event.flow.namespace, event.flow.id)

    @on(EditorPane.Settled)
    def _settled(self, event: EditorPane.Settled) -> None:
        event.stop()
        self.keeper.keep_draft(event.buffer)

    @on(EditorPane.CloseWanted)
    def _close_wanted(self, event: EditorPane.CloseWanted) -> None:
        event.stop()
        self.close_file(event.buffer)

    @on(EditOutsideRequested)
    def _edit_outside_requested(self, event: EditOutsideRequested) -> None:
        event.stop()
        buffer = self.editor.buffer_of(event.path)
        if buffer is not None and buffer.dirty:
            self.keeper.save(buffer, lambda: self._edit_outside(event.path, event.line))
        else:
            self._edit_outside(event.path, event.line)

    def _edit_outside(self, path: Path, line: int) -> None:
        command = outside_command(os.environ, path, line + 1)
        try:
            with self.app.suspend():
                subprocess.run(command, cwd=self.bench.workspace.root, check=False)
        except SuspendNotSupported:
            self.say("There is no terminal here that another editor could use.", failed=True)
        except OSError as error:
            self.say(f"{command[0]} cannot be started: {error.strerror}. Set $EDITOR to another program.", failed=True)
        self.keeper.changed_on_disk(path)

    def close_file(self, buffer: Buffer) -> None:
        """Close a file, after a question when it has unsaved text."""

        def close() -> None:
            self.keeper.drop_draft(buffer)
            self.run_worker(self.editor.close(buffer))

        if not buffer.dirty:
            close()
            return
        save = Choice("s", "saves it", lambda: self.keeper.save(buffer, close))
        self._question.ask(f"{buffer.relative} has unsaved text.", [save, Choice("d", "discards it", close)])

    def action_save(self) -> None:
        """Save the file in front."""
        if self.editor.current is not None:
            self.keeper.save(self.editor.current)

    def action_find_file(self) -> None:
        """Find a file by parts of its path."""
        self.action_pane("tree")
        self.files.action_filter()

    def leave_workbench(self) -> None:
        """End the workbench; runs go on. Unsaved text is asked about first."""
        dirty = self.keeper.dirty
        if not dirty:
            self.app.exit()
            return

        def discard() -> None:
            self.keeper.drop_all_now()
            self.app.exit()

        def keep() -> None:
            self.keeper.keep_all_now()
            self.app.exit()

        names = ", ".join(buffer.name for buffer in dirty[:3]) + (" …" if len(dirty) > 3 else "")
        self._question.ask(
            f"Unsaved text: {names}.",
            [
                Choice("s", "saves and leaves", lambda: self.keeper.save_all(self.app.exit)),
                Choice("k", "keeps it for the next start", keep),
                Choice("d", "discards it", discard),
            ],
        )

    # ---- runs --------------------------------------------------------------------------------------------------

    def _take_news(self, news: News) -> None:
        if isinstance(news, Overview):
            self.top.show_running(len(news.unfinished))
        elif isinstance(news, ServerSeen):
            self.top.show_serving(news.serving)
        elif isinstance(news, ReadingFailed):
            self.say(news.text, failed=True)

    @on(RunsTable.Highlighted)
    def _run_highlighted(self, event: RunsTable.Highlighted) -> None:
        event.stop()
        run = event.run
        self._run_title = f"{run.flow_id} {symbol(run.state)}" if run is not None and run.id else ""
        self.conductor.highlighted(run)
        self._show_ticker()

    @on(LogPane.Grew)
    def _log_grew(self, event: LogPane.Grew) -> None:
        event.stop()
        self._show_ticker()

    def _show_ticker(self) -> None:
        if self.ticker.display:
            self.ticker.show(self._run_title, self.log_pane.latest if self._run_title else None)

    @on(Ticker.Clicked)
    def _log_wanted(self) -> None:
        self.action_pane("log")

    @on(RunsTable.Opened)
    def _run_opened(self, event: RunsTable.Opened) -> None:
        event.stop()
        self.open_run(event.run.id)

    def open_run(self, execution_id: str) -> None:
        """The screen of one execution, in place of that of another one."""
        self.conductor.go_to(execution_id)

    @on(RunActions.Began)
    def _began(self, event: RunActions.Began) -> None:
        event.stop()
        self.conductor.began(event.execution_id)

    @on(RunActions.ResumeAsked)
    def _resume_asked(self, event: RunActions.ResumeAsked) -> None:
        event.stop()
        self.conductor.resume(event.actions, event.execution_id, event.taskrun_id)

    @on(ExecuteRequested)
    def _execute_requested(self, event: ExecuteRequested) -> None:
        event.stop()
        self.execute(*event.flow)

    def action_execute(self) -> None:
        """Run the flow that the keys are at: in the tree the one under the cursor, else the one in the editor."""
        entry = self.files.rows.selected
        if self._pane == "tree" and entry is not None and entry.flows:
            self.execute(*entry.flows[0])
            return
        buffer = self.editor.current
        flow = buffer.flow_at_cursor() if buffer is not None else None
        if buffer is None or flow is None:
            self.say("There is no flow here: open one, or put the cursor on one in the tree.", failed=True)
            return
        self.execute(flow.namespace, flow.id)

    def execute(self, namespace: str, flow_id: str) -> None:
        """Save what is typed, then run the flow as its file says it; with an error in it, go there instead."""
        flow = (namespace, flow_id)
        buffer = next(
            (one for one in self.editor.buffers if any((f.namespace, f.id) == flow for f in one.flows)), None
        )  # fmt: skip

        def start() -> None:
            error = buffer.error_in(flow) if buffer is not None else None
            if buffer is None or error is None:
                self.start_run(namespace, flow_id)
                return
            self.editor.bring_to_front(buffer)
            self.action_pane("editor")
            buffer.editor.go_to(error.line, error.column)
            self.say(f"Line {error.line + 1} keeps {flow_id} from running: {error.message}", failed=True)

        if buffer is not None and buffer.dirty:
            self.keeper.save(buffer, start)
        else:
            start()

    def start_run(self, namespace: str, flow_id: str) -> None:
        """Run a flow of the workspace as its file says it, asking for inputs when it has some."""
        self.conductor.start(namespace, flow_id)

    def action_evaluate(self) -> None:
        """Try the selected expression with the values of the run under the cursor of the runs."""
        buffer = self.editor.current
        self.conductor.evaluate("" if buffer is None else buffer.editor.selected_text)


def _short(path: Path) -> str:
    """A path as people write it."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}" if path != Path.home() else "~"
    except ValueError:
        return str(path)
