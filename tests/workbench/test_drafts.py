"""Unsaved text outlives the process that it was typed in."""

import errno
import os
from pathlib import Path

import pytest

from podium.workbench.files.drafts import Draft, Drafts


def test_a_draft_comes_back_as_it_was(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "unsaved")
    assert drafts.left_behind() == []
    first = Draft("flows/a.yaml", "id: ä\r\n\udcff\n", "ab", 2.0)
    drafts.keep(first)
    drafts.keep(Draft("b.py", "x", "", 1.0))
    assert [draft.path for draft in drafts.left_behind()] == ["b.py", "flows/a.yaml"]
    assert drafts.left_behind()[1] == first
    drafts.keep(Draft("b.py", "y", "", 3.0))
    assert [draft.text for draft in drafts.left_behind()][-1] == "y"
    drafts.drop("b.py")
    drafts.drop("never.was")
    assert drafts.left_behind() == [first]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "unsaved").iterdir())


def test_drafts_of_a_living_workbench_are_its_own(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(Draft("a", "theirs"))
    theirs = next(tmp_path.glob("*.draft"))
    theirs = theirs.rename(str(theirs).replace(f".{os.getpid()}.", f".{os.getppid()}."))
    assert drafts.left_behind() == []
    drafts.keep(Draft("a", "mine"))
    assert "theirs" in theirs.read_text(), "two workbenches with unsaved text of one file"
    drafts.drop("a")
    assert list(tmp_path.iterdir()) == [theirs], "saved here, unsaved there"
    theirs.rename(str(theirs).replace(f".{os.getppid()}.", ".999999999."))
    assert [draft.text for draft in drafts.left_behind()] == ["theirs"]
    drafts.drop("a")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    drafts = Drafts(tmp_path)
    drafts.keep(Draft("a", "before"))
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        drafts.keep(Draft("a", "after"))
    assert [draft.text for draft in drafts.left_behind()] == ["before"] and len(list(tmp_path.iterdir())) == 1


def test_a_damaged_draft_is_passed_over_and_kept(tmp_path: Path) -> None:
    (tmp_path / "x.draft").write_bytes(b"\xff\xfe not a draft")
    assert Drafts(tmp_path).left_behind() == []
    assert (tmp_path / "x.draft").exists()
