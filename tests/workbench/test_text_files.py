"""Files as text: bytes that were not edited stay, nothing is lost, what is no text is refused with a sentence."""

import os
import stat
from pathlib import Path

import pytest

from podium.workbench.files import text_files
from podium.workbench.files.text_files import ChangedOnDisk, FileError, new_file, open_text, save_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a\nb\n", "a\nb\n"),
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\r\nb\n", "a\r\nb\n"),
        (b"a\rb\n", "a\rb\n"),
        (b"\xef\xbb\xbfa\n", "a\n"),
        ("ä\n".encode("utf-16"), "ä\n"),
        ("a\fb\x85c\u2028d\n".encode(), "a\fb\x85c\u2028d\n"),
    ],
)
def test_a_file_that_was_not_edited_is_saved_as_it_was(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(data)
    file = open_text(path, tmp_path)
    assert (file.text, file.read_only) == (text, "")
    save_text(file, file.text, force=True)
    assert path.read_bytes() == data


def test_an_edit_keeps_line_ends_and_encoding(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    saved = save_text(open_text(path, tmp_path), "a\nnew\nb\n")
    assert path.read_bytes() == b"\xef\xbb\xbfa\r\nnew\r\nb\r\n"
    assert save_text(saved, "again\n").text == "again\n"


def test_mode_and_links_stay(tmp_path: Path) -> None:
    script = tmp_path / "real" / "run.sh"
    script.parent.mkdir()
    script.write_text("echo 1\n")
    script.chmod(0o755)
    link, other = tmp_path / "link.sh", tmp_path / "hard.sh"
    link.symlink_to(script)
    save_text(open_text(link, tmp_path), "echo 2\n")
    assert link.is_symlink()
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    other.hardlink_to(script)
    save_text(open_text(script, tmp_path), "echo 3\n")
    assert other.read_text() == "echo 3\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hard.sh", "link.sh", "real"]


@pytest.mark.parametrize("gone", [False, True])
def test_what_somebody_else_saved_is_not_overwritten(tmp_path: Path, gone: bool) -> None:
    path = tmp_path / "x.txt"
    path.write_text("a\n")
    file = open_text(path, tmp_path)
    if gone:
        path.unlink()
    else:
        path.write_text("theirs\n")
    with pytest.raises(ChangedOnDisk) as caught:
        save_text(file, "mine\n")
    assert caught.value.gone is gone
    assert save_text(file, "mine\n", force=True).text == "mine\n"
    assert path.read_text() == "mine\n"


def test_a_new_file_does_not_replace_one_that_appeared(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.txt"
    assert save_text(new_file(path), "a\n").digest
    with pytest.raises(ChangedOnDisk):
        save_text(new_file(path), "b\n")


def test_a_full_disk_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old\n")
    file = open_text(path, tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(text_files.os, "fsync", full)
    with pytest.raises(FileError, match=r"x\.txt cannot be saved: No space left on device\. Your text is kept\."):
        save_text(file, "new\n")
    assert path.read_text() == "old\n"
    assert [one.name for one in tmp_path.iterdir()] == ["x.txt"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x7fELF\0\0", "x is a binary file (6 bytes); there is no text to show."),
        (
            b"x" * (text_files.LARGEST + 1),
            "x has more than 16 MB and is not shown. F4 in the tree opens it in your own editor.",
        ),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(FileError) as caught:
        open_text(tmp_path / "x", tmp_path)
    assert str(caught.value) == sentence


def test_folders_and_pipes_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="not a regular file"):
        open_text(tmp_path / "pipe", tmp_path)
    with pytest.raises(FileError):
        open_text(tmp_path, tmp_path)
    with pytest.raises(FileError, match="There is no file none any more"):
        open_text(tmp_path / "none", tmp_path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"ok\n\xff\n", "not UTF-8: byte 0xff in line 2"),
        (b"x\n" * text_files.MOST_LINES, "more than 50,000 lines are only shown"),
        (b"x" * (text_files.LONGEST_LINE + 1), "lines above 50,000 characters are only shown, in parts"),
        (b"x" * (text_files.LARGEST_EDITABLE + 1), "2.0 MB: files above 2 MB are only shown"),
    ],
)
def test_some_texts_are_only_shown(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "x.yaml").write_bytes(data)
    assert open_text(tmp_path / "x.yaml", tmp_path).read_only == why


def test_a_link_out_of_the_workspace_is_only_shown(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("x")
    root = tmp_path / "ws"
    root.mkdir()
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    assert open_text(root / "link.txt", root).read_only == "a link that leads out of the workspace"
