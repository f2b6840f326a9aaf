"""Between the open files and the disk: saving, drafts, and what other programs do to the files meanwhile."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from podium.base.text import clean
from podium.workbench.bench import Bench
from podium.workbench.files.drafts import Draft
from podium.workbench.files.text_files import (
    ChangedOnDisk,
    FileError,
    TextFile,
    disk_digest,
    new_file,
    open_text,
    save_text,
)
from podium.workbench.panes.buffer import Buffer
from podium.workbench.panes.editor_pane import EditorPane
from podium.workbench.panes.prepared import Prepared, prepare, prepared
from podium.workbench.runs.question import Choice, Question

Say = Callable[[str, bool], None]
ShowText = Callable[[str, str], None]
"""Shows a text (title, text) to be read."""


class FileKeeper:
    """Saves what is open in the editor and loses nothing. `say` tells the reader something, failed or not."""

    def __init__(self, bench: Bench, pane: EditorPane, question: Question, say: Say, show_text: ShowText) -> None:
        self._bench, self._pane, self._question, self._say, self._show_text = bench, pane, question, say, show_text
        self._asked: set[Path] = set()
        self._saving: set[Buffer] = set()
        self._writing_drafts = threading.Lock()
        self._gave_up = False

    @property
    def dirty(self) -> list[Buffer]:
        """Files with unsaved text."""
        return [buffer for buffer in self._pane.buffers if buffer.dirty]

    # ---- saving ------------------------------------------------------------------------------------------------

    def save(self, buffer: Buffer, then: Callable[[], None] | None = None, *, force: bool = False) -> None:
        """Write a file away from the screen's thread; then do `then`. Asks when the file was changed meanwhile."""
        if buffer.file.read_only:
            self._say(f"{buffer.name} cannot be saved: {buffer.file.read_only}.", True)
            return
        if not buffer.dirty and not force and buffer.file.digest:
            if then is not None:
                then()
            return
        if buffer in self._saving:
            return
        self._saving.add(buffer)
        file, text, version = buffer.file, buffer.editor.text, buffer.editor.version

        def done(saved: TextFile) -> None:
            self._saving.discard(buffer)
            buffer.saved(saved if buffer.file is file else replace(saved, path=buffer.path), version)
            if buffer.dirty:
                self.keep_draft(buffer)
            else:
                self.drop_draft(buffer)
            self._pane.show_state()
            if then is not None:
                then()
            else:
                self._say(f"Saved {buffer.relative}.", False)

        def failed(error: Exception) -> None:
            self._saving.discard(buffer)
            if isinstance(error, ChangedOnDisk):
                self._ask_about_conflict(buffer, error, then)
            else:
                self._say(_sentence(error), True)

        self._bench.files.do(lambda: save_text(file, text, force=force), done, failed)

    def save_all(self, then: Callable[[], None]) -> None:
        """Save every file with unsaved text, one after the other, then do `then`."""
        waiting = [buffer for buffer in self.dirty if not buffer.file.read_only]
        if waiting:
            self.save(waiting[0], lambda: self.save_all(then))
        else:
            then()

    def _ask_about_conflict(self, buffer: Buffer, error: ChangedOnDisk, then: Callable[[], None] | None) -> None:
        name = clean(buffer.relative)
        save = Choice("o", "overwrites it", lambda: self.save(buffer, then, force=True))
        if error.gone:
            save = Choice("o", "writes it again", lambda: self.save(buffer, then, force=True))
            self._question.ask(f"{name} was removed by another program.", [save])
            return
        choices = [save, Choice("r", "loads theirs (ctrl+z brings yours back)", lambda: self.reload(buffer))]
        choices.append(Choice("d", "shows the difference", lambda: self._show_difference(buffer)))
        self._question.ask(f"{name} was changed by another program since you opened it.", choices)

    # ---- what other programs do --------------------------------------------------------------------------------

    def changed_on_disk(self, path: Path) -> None:
        """A file was written or removed by somebody; if it is open and not as we know it, take it over or ask."""
        buffer = self._pane.buffer_of(path)
        if buffer is None or buffer in self._saving:
            return
        self._bench.files.do(lambda: disk_digest(path), lambda digest: self._compare(buffer, digest), self._fail)

    def folder_read(self, folder: Path) -> None:
        """A folder was looked at anew: compare what is open of it with what is there."""
        for buffer in self._pane.buffers:
            if buffer.path.parent == folder:
                self.changed_on_disk(buffer.path)

    def _compare(self, buffer: Buffer, digest: bytes | None) -> None:
        if buffer not in self._pane.buffers or buffer in self._saving or digest in (buffer.file.digest, b""):
            return
        name = clean(buffer.relative)
        if digest is None:
            buffer.file = replace(buffer.file, digest=b"")
            self._say(f"{name} was removed by another program; the text is still here. ctrl+s writes it again.", True)
        elif not buffer.dirty:
            self.reload(buffer)
        elif buffer.path not in self._asked:
            self._asked.add(buffer.path)
            self._question.ask(
                f"{name} was changed by another program, and here is unsaved text.",
                [
                    Choice("r", "loads theirs (ctrl+z brings yours back)", lambda: self.reload(buffer)),
                    Choice("k", "keeps yours", lambda: None),
                    Choice("d", "shows the difference", lambda: self._show_difference(buffer)),
                ],
                closed=lambda: self._asked.discard(buffer.path),
            )

    def reload(self, buffer: Buffer) -> None:
        """Take over what is on disk; the text that was here comes back with undo."""
        root = self._bench.workspace.root

        def done(ready: Prepared) -> None:
            if buffer in self._pane.buffers:
                buffer.reload(ready)
                self.drop_draft(buffer)
                self._pane.check(buffer)
                self._pane.show_state()
                self._say(f"{clean(buffer.relative)} was loaded again.", False)

        self._bench.files.do(lambda: prepare(buffer.path, root), done, self._fail)

    def _show_difference(self, buffer: Buffer) -> None:
        root = self._bench.workspace.root
        mine = buffer.editor.text

        def done(file: TextFile) -> None:
            lines = difflib.unified_diff(
                file.text.splitlines(), mine.splitlines(), "on disk", "yours, unsaved", lineterm=""
            )
            self._show_text(f"{buffer.relative}: on disk and yours", "\n".join(lines))

        self._bench.files.do(lambda: open_text(buffer.path, root), done, self._fail)

    def moved(self, source: Path, target: Path | None) -> None:
        """A file or folder was renamed (or, for None, removed) in the tree: open files follow."""
        for buffer in list(self._pane.buffers):
            if buffer.path != source and source not in buffer.path.parents:
                continue
            if target is None:
                if buffer.dirty:
                    buffer.file = replace(buffer.file, digest=b"")
                else:
                    self._pane.run_worker(self._pane.close(buffer))
            else:
                self.drop_draft(buffer)
                buffer.file = replace(buffer.file, path=target / buffer.path.relative_to(source))
                if buffer.dirty:
                    self.keep_draft(buffer)
        self._pane.show_state()

    # ---- drafts ------------------------------------------------------------------------------------------------

    def keep_draft(self, buffer: Buffer) -> None:
        """Write down what is not saved, or forget what now is."""
        if not buffer.dirty:
            self.drop_draft(buffer)
            return
        buffer.has_draft = True
        draft = replace(buffer.draft(), at=self._bench.clock.now().timestamp())

        def keep() -> None:
            with self._writing_drafts:
                if not self._gave_up:
                    self._bench.drafts.keep(draft)

        def failed(error: Exception) -> None:
            why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            self._say(f"Unsaved text of {clean(draft.path)} cannot be written to .podium/unsaved: {why}.", True)

        self._bench.files.do(keep, lambda _: None, failed)

    def drop_draft(self, buffer: Buffer) -> None:
        """The text of this file is not needed any more."""
        if buffer.has_draft:
            buffer.has_draft = False
            path = buffer.relative
            self._bench.files.do(lambda: self._bench.drafts.drop(path), lambda _: None, self._fail)

    def keep_all_now(self) -> None:
        """Write every draft at once and wait for it: the program is about to end."""
        for buffer in self.dirty:
            try:
                self._bench.drafts.keep(replace(buffer.draft(), at=self._bench.clock.now().timestamp()))
            except OSError:
                continue  # nobody is left to be told

    def drop_all_now(self) -> None:
        """The reader gave up all unsaved text, also what is still to be written down."""
        with self._writing_drafts:
            self._gave_up = True
            for buffer in self._pane.buffers:
                self._bench.drafts.drop(buffer.relative)

    def offer_drafts(self) -> None:
        """At the start: ask what is to become of unsaved text that a workbench left behind."""
        self._bench.files.do(self._bench.drafts.left_behind, self._ask_about_drafts, self._fail)

    def _ask_about_drafts(self, drafts: list[Draft]) -> None:
        if not drafts:
            return
        names = ", ".join(clean(draft.path) for draft in drafts[:3]) + (" …" if len(drafts) > 3 else "")
        count = "1 file" if len(drafts) == 1 else f"{len(drafts)} files"
        restore = Choice("r", "brings it back", lambda: self._begin_restoring(drafts))
        # Asked twice: the question comes by itself, and a key that was meant for something else must not answer it.
        for_good = Choice("y", "discards it for good", lambda: self._discard(drafts))
        discard = Choice("d", "discards it", lambda: self._question.ask(f"Discard {names}?", [for_good, restore]))
        self._question.ask(f"Unsaved text of {count} is left from before: {names}.", [restore, discard])

    def _begin_restoring(self, drafts: Iterable[Draft]) -> None:
        self._pane.run_worker(self._restore(drafts))

    async def _restore(self, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            path = self._bench.workspace.root / draft.path
            if path.exists():
                buffer = await self._pane.open(path)
            else:
                buffer = self._pane.buffer_of(path) or await self._pane.add(prepared(new_file(path)))
                self._pane.bring_to_front(buffer)
            if buffer is None or buffer.file.read_only:
                continue
            if buffer.editor.text != draft.text:
                buffer.editor.replace_all(draft.text)
            buffer.has_draft = True
            if draft.base != buffer.file.digest.hex():
                self._say(f"{clean(draft.path)} was changed since this text was typed; look before you save.", True)
        self._pane.show_state()
        self._pane.focus()

    def _discard(self, drafts: Iterable[Draft]) -> None:
        def drop() -> None:
            for draft in drafts:
                self._bench.drafts.drop(draft.path)

        self._bench.files.do(drop, lambda _: None, self._fail)

    def _fail(self, error: Exception) -> None:
        self._say(_sentence(error), True)


def _sentence(error: Exception) -> str:
    if isinstance(error, FileError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'}: {error.strerror or error}."
    return str(error)
