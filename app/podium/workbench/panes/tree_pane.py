"""The pane with the files of the workspace, and everything that can be done to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from podium.workbench.bench import Bench
from podium.workbench.files.changes_on_disk import FolderWatch
from podium.workbench.files.changes_on_disk import News as DiskNews
from podium.workbench.files.entries import Entry, Listing, list_folder, walk
from podium.workbench.files.file_actions import Done
from podium.workbench.files.finding import best_matches
from podium.workbench.files.git_status import GitStatus, git_status
from podium.workbench.files.new_flow import flow_template
from podium.workbench.files.text_files import FileError
from podium.workbench.files.tree_model import TreeModel
from podium.workbench.following import News, Overview
from podium.workbench.messages import EditOutsideRequested, ExecuteRequested, FileOpenRequested, FilesMoved, Said
from podium.workbench.runs.question import Choice, Question
from podium.workbench.widgets.field import Field
from podium.workbench.widgets.file_tree import FileTree

MOST_FILES = 50_000
_SHOWN_MATCHES = 500
_GIT_PAUSE = 1.0


class TreePane(Vertical):
    """Files and flows. `question` is where names are asked for, below all panes."""

    DEFAULT_CSS = """
    TreePane {
        & > #tree-filter { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
        & > #tree-filter.-open { display: block; }
        & > #tree-filter:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="tree.filter"),
        Binding("n", "new_file", "New file", id="tree.new"),
        Binding("N", "new_flow", "New flow", id="tree.new_flow"),
        Binding("r,f2", "rename", "Rename", id="tree.rename"),
        Binding("c", "duplicate", "Copy to", show=False, id="tree.duplicate"),
        Binding("d,delete", "remove", "Remove", id="tree.remove"),
        Binding("u", "undo", "Take back", id="tree.undo"),
        Binding("x", "execute", "Execute", show=False, id="tree.execute"),
        Binding("f4", "external", "Your own editor", show=False, id="tree.external"),
        Binding("y", "copy_path", "Copy path", show=False, id="tree.copy_path"),
        Binding("escape", "clear_filter", "Clear filter", show=False, id="tree.clear"),
    ]
    HELP = """The files of the workspace. A diamond marks a flow; at the right stands the state of its last run, and
    what git says: M changed, A added, ? unknown to git. Enter opens, / finds by parts of the path, u takes back the
    last thing that was made, renamed or removed."""

    def __init__(self, bench: Bench, question: Question, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bench, self._question = bench, question
        self._root = bench.workspace.root
        self._model = TreeModel()
        self.rows = FileTree(self._model)
        self._watch = FolderWatch(self._root, self._report)
        self._files: list[str] | None = None
        self._all_files = True
        self._reveal = ""
        self._git_asked = False
        self.border_title = Content("1 Namespace")

    def compose(self) -> ComposeResult:
        yield Field(id="tree-filter", placeholder="Filter", select_on_focus=False)
        yield self.rows

    def on_mount(self) -> None:
        self._unsubscribe = self._bench.feed.subscribe(self._take_news)
        self._read("")
        self._call_later = self.app.call_later  # for the watching thread: a pane that is gone knows no app
        self._watch.start()
        self._ask_git()

    def on_unmount(self) -> None:
        self._unsubscribe()
        self._watch.stop()

    def focus(self, scroll_visible: bool = True) -> TreePane:
        """Give the keys to the rows."""
        self.rows.focus(scroll_visible)
        return self

    @property
    def git(self) -> GitStatus:
        """What git said last."""
        return self.rows.git

    # ---- reading -----------------------------------------------------------------------------------------------

    def _read(self, folder: str) -> None:
        root = self._root
        self._bench.files.do(lambda: list_folder(root, folder), self._take_listing, self._fail)

    def _take_listing(self, listing: Listing) -> None:
        first = not self._model.loaded
        self._model.take(listing)
        self.rows.settle()
        self._watch.watch(self._model.loaded, listing)
        self.post_message(self.FolderRead(self._root / listing.folder))
        for entry in listing.entries:
            if entry.is_folder and self._model.is_open(entry.path) and not self._model.knows(entry.path):
                self._read(entry.path)
        if wanted := self._reveal:
            self.reveal(wanted)
            if listing.folder == wanted.rpartition("/")[0]:
                self._reveal = ""  # it is there now, or it is not there at all
        elif first:
            self._open_first_folders(listing)

    def _open_first_folders(self, listing: Listing) -> None:
        """A start that shows something: the folders where flows are usually kept are open."""
        for entry in listing.entries:
            if entry.is_folder and entry.name in ("flows", "_flows", "scripts"):
                self._model.open(entry.path)
                self._read(entry.path)
        self.rows.settle()

    def _report(self, news: DiskNews) -> None:
        """From the watching thread."""
        self._call_later(self._take_disk_news, news)

    def _take_disk_news(self, news: DiskNews) -> None:
        self._files = None
        changes = news.changes + [change for listing in news.listings for change in self._model.differences(listing)]
        for folder in self._model.apply(changes):
            self._read(folder)
        self.rows.settle()
        self._watch.watch(self._model.loaded)
        for path, _ in changes:
            self.post_message(self.PathChanged(self._root / path))
        for listing in news.listings:
            self.post_message(self.FolderRead(self._root / listing.folder))
        self._ask_git()

    class FolderRead(Message):
        """A folder was looked at: what is open of it may have changed before anybody watched."""

        def __init__(self, folder: Path) -> None:
            super().__init__()
            self.folder = folder

    class PathChanged(Message):
        """A file that the tree shows was changed or removed by whomever."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def _ask_git(self) -> None:
        """At most once a second, and never two at a time."""
        if self._git_asked:
            return
        self._git_asked = True
        root = self._root
        self.set_timer(
            0.05 if not self.git.branch else _GIT_PAUSE,
            lambda: self._bench.git.do(lambda: git_status(root), self._take_git, self._fail),
        )

    class GitRead(Message):
        """Git says something else than before."""

        def __init__(self, status: GitStatus) -> None:
            super().__init__()
            self.status = status

    def _take_git(self, status: GitStatus) -> None:
        self._git_asked = False
        if status != self.rows.git:
            self.rows.git = status
            self.rows.refresh()
            self.post_message(self.GitRead(status))

    def _take_news(self, news: News) -> None:
        if isinstance(news, Overview):
            states = {flow: summary.state for flow, summary in news.latest.items()}
            if states != self.rows.states:
                self.rows.states = states
                self.rows.refresh()

    def _fail(self, error: Exception) -> None:
        self._git_asked = False
        self.post_message(Said(str(error), failed=True))

    # ---- the tree ----------------------------------------------------------------------------------------------

    @on(FileTree.Toggled)
    def _toggle(self, event: FileTree.Toggled) -> None:
        event.stop()
        if event.opened:
            self._model.open(event.entry.path)
            if not self._model.knows(event.entry.path):
                self._read(event.entry.path)
        else:
            self._model.close(event.entry.path)
        self.rows.settle()

    @on(FileTree.Chosen)
    def _choose(self, event: FileTree.Chosen) -> None:
        event.stop()
        self._close_filter()
        self.post_message(FileOpenRequested(self._root / event.entry.path))

    def reveal(self, path: str) -> None:
        """Open the folders down to a path and put the cursor on it."""
        self._reveal = path
        folder = path.rpartition("/")[0]
        parts = folder.split("/") if folder else []
        for end in range(1, len(parts) + 1):
            step = "/".join(parts[:end])
            self._model.open(step)
            if not self._model.knows(step):
                self._read(step)
                return
        self.rows.settle()
        if self.rows.select(path):
            self._reveal = ""

    def show_current(self, path: str) -> None:
        """Mark the file that the editor shows."""
        if path != self.rows.current_path:
            self.rows.current_path = path
            self.rows.refresh()

    # ---- filter ------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Find files by parts of their paths."""
        field = self.query_one("#tree-filter", Input)
        field.add_class("-open")
        field.focus()
        if self._files is None:
            root = self._root
            self._bench.files.do(lambda: walk(root, MOST_FILES), self._take_files, self._fail)
        self._show_matches()

    def _take_files(self, found: tuple[list[str], bool]) -> None:
        self._files, self._all_files = found
        if self.query_one("#tree-filter", Input).has_class("-open"):
            self._show_matches()

    def _show_matches(self) -> None:
        typed = self.query_one("#tree-filter", Input).value
        if not typed.strip():
            self.rows.show_matches(None)
            return
        found = best_matches(self._files or [], typed)
        note = ""
        if self._files is None:
            note = "Reading…"
        elif not found:
            note = "No file is called like that."
        elif len(found) > _SHOWN_MATCHES:
            note = f"{_SHOWN_MATCHES} of {len(found):,}: type more"
        if not self._all_files:
            note = f"{note}{' · ' if note else ''}only the first {MOST_FILES:,} files were looked at"
        entries = [self._model.entry(path) or Entry(path) for path in found[:_SHOWN_MATCHES]]
        self.rows.show_matches(entries, note)

    @on(Input.Changed, "#tree-filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show_matches()

    @on(Input.Submitted, "#tree-filter")
    def _filter_chosen(self, event: Input.Submitted) -> None:
        event.stop()
        if self.rows.is_filtered:
            self.rows.action_choose()
        else:
            self._close_filter()

    def key_down(self) -> None:
        if self.query_one("#tree-filter", Input).has_focus:
            self.rows.action_move(1)

    def key_up(self) -> None:
        if self.query_one("#tree-filter", Input).has_focus:
            self.rows.action_move(-1)

    def action_clear_filter(self) -> None:
        """All files again."""
        if not self._close_filter():
            raise SkipAction  # nothing to clear: the screen goes back to the text

    def _close_filter(self) -> bool:
        field = self.query_one("#tree-filter", Input)
        if not field.has_class("-open"):
            return False
        chosen = self.rows.selected
        had_focus = field.has_focus
        field.remove_class("-open")
        with field.prevent(Input.Changed):
            field.value = ""
        self.rows.show_matches(None)
        if chosen is not None:
            self.reveal(chosen.path)
        if had_focus:
            self.rows.focus()
        return True

    # ---- making, moving, removing ------------------------------------------------------------------------------

    def _folder_here(self) -> str:
        entry = self.rows.selected
        if entry is None:
            return ""
        folder = entry.path if entry.is_folder else entry.folder
        return f"{folder}/" if folder else ""

    def action_new_file(self) -> None:
        """Ask for a path and make the file; a path that ends with / makes a folder."""
        self._ask_path("New file", self._folder_here(), "A path that ends with / makes a folder.", self._make)

    def _make(self, path: str) -> None:
        done = self._bench.actions.create(path)
        self._tell_done(done)
        if not path.endswith("/"):
            self.post_message(FileOpenRequested(self._root / done.path))

    def action_new_flow(self) -> None:
        """Ask for a name and make a flow with one task."""
        folder = "flows/" if (self._root / "flows").is_dir() else self._folder_here()
        self._ask_path("New flow", f"{folder}.yaml", "The file is named after the flow.", self._make_flow, len(folder))

    def _make_flow(self, path: str) -> None:
        if not path.endswith((".yaml", ".yml")):
            path += ".yaml"
        latest = [flow for row in self._model.rows for flow in row.entry.flows]
        namespace = latest[0][0] if latest else "company.team"
        done = self._bench.actions.create(path, flow_template(path, namespace))
        self._tell_done(done)
        self.post_message(FileOpenRequested(self._root / done.path, line=4))

    def action_rename(self) -> None:
        """Ask for another path."""
        entry = self.rows.selected
        if entry is not None:
            path = entry.path
            self._ask_path(
                f"Rename or move {path}", path, "The new path.", lambda to: self._tell_done(self._move(path, to))
            )

    def _move(self, source: str, target: str) -> Done:
        if source == target:
            raise FileError("That is its path already.")
        return self._bench.actions.move(source, target)

    def action_duplicate(self) -> None:
        """Ask for the path of a copy."""
        entry = self.rows.selected
        if entry is not None:
            path = entry.path
            copy = self._bench.actions.duplicate
            self._ask_path(f"Copy {path} to", path, "The path of the copy.", lambda to: self._tell_done(copy(path, to)))

    def action_remove(self) -> None:
        """Remove what is under the cursor, after a question."""
        entry = self.rows.selected
        if entry is None:
            return
        path, what = entry.path, entry.path
        if entry.is_folder:
            count = self._bench.actions.count(path)
            what = f"{path}/ with {count:,} file{'s' * (count != 1)}" if count else f"the empty folder {path}/"
        self._question.ask(f"Remove {what}?", [Choice("d", "removes", lambda: self._remove(path))])

    def _remove(self, path: str) -> None:
        try:
            done = self._bench.actions.remove(path)
        except FileError as error:
            self.post_message(Said(str(error), failed=True))
            return
        self.post_message(FilesMoved(self._root / path, None))
        self._tell_done(done)

    def action_undo(self) -> None:
        """Take back the last thing that was made, moved or removed."""
        try:
            self._tell_done(self._bench.actions.undo())
        except FileError as error:
            self.post_message(Said(str(error), failed=True))

    def _tell_done(self, done: Done) -> None:
        if done.moved is not None:
            self.post_message(FilesMoved(self._root / done.moved[0], self._root / done.moved[1]))
        self.post_message(Said(done.sentence))
        self._files = None
        # The watcher will say the same in a moment; the reader should not have to wait for it.
        for folder in {path.rpartition("/")[0] for path in (done.path, *(done.moved or ())) if path}:
            self._read(folder)
        if not done.path and (entry := self.rows.selected) is not None:
            self._read(entry.folder)
        if done.path:
            self.reveal(done.path)

    def _ask_path(
        self, text: str, value: str, hint: str, act: Callable[[str], None], cursor: int | None = None
    ) -> None:
        def answer(typed: str) -> str | None:
            typed = typed.strip()
            if problem := self._bench.actions.problem_with(typed):
                return problem
            try:
                act(typed)
            except FileError as error:
                return str(error)
            return None

        self._question.ask_text(text, value, hint, answer)
        if cursor is not None:
            self._question.query_one(Input).cursor_position = cursor

    # ---- other -------------------------------------------------------------------------------------------------

    def action_execute(self) -> None:
        """Execute the flow under the cursor."""
        flows = self.rows.selected.flows if self.rows.selected else ()
        if not flows:
            self.post_message(Said("There is no flow under the cursor.", failed=True))
            return
        self.post_message(ExecuteRequested(*flows[0]))

    def action_external(self) -> None:
        """Edit the file under the cursor with the reader's own program: also what is not shown here."""
        entry = self.rows.selected
        if entry is not None and not entry.is_folder:
            self.post_message(EditOutsideRequested(self._bench.workspace.root / entry.path))

    def action_copy_path(self) -> None:
        entry = self.rows.selected
        if entry is not None:
            try:
                self.post_message(Said(self._bench.clipboard.copy(entry.path, "the path")))
            except OSError as error:
                self.post_message(Said(f"Cannot copy: {error}.", failed=True))
