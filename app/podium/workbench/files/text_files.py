"""Opening a file as text and saving it without losing anything: bytes that were not edited stay as they were."""

from __future__ import annotations

import codecs
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

LARGEST = 16 << 20
"""Bytes of the largest file that is shown at all."""
LARGEST_EDITABLE = 2 << 20
"""Bytes up to which a file can be edited; beyond that it is shown to be read."""
MOST_LINES = 50_000
LONGEST_LINE = 50_000
"""Characters of the longest line that can be edited; one that is longer is shown in parts."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SNIFFED = 8192


class FileError(Exception):
    """A file cannot be opened or saved; the text says why and what to do."""


class ChangedOnDisk(Exception):
    """The file is not what was opened any more: somebody else saved or removed it (`gone`)."""

    def __init__(self, path: Path, gone: bool) -> None:
        super().__init__(f"{path} was {'removed' if gone else 'changed'} by another program.")
        self.path, self.gone = path, gone


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file as it was read or saved last.

    `text` has only newlines; `newline` is what they are in the file (`\\r\\n` only when every line ends so). `digest`
    is of the bytes. `read_only` says why it cannot be edited, "" when it can. `in_parts` is whether a line is too
    long to be shown as one.
    """

    path: Path
    text: str
    encoding: str = "utf-8"
    newline: str = "\n"
    digest: bytes = b""
    read_only: str = ""
    in_parts: bool = False

    def encoded(self, text: str) -> bytes:
        """The bytes of `text` in the manner of this file. Raises FileError for characters that it cannot hold."""
        try:
            if self.newline != "\n":
                text = text.replace("\n", self.newline)
            return text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise FileError(
                f"{self.path.name} cannot hold the character at {error.start} as {self.encoding}."
            ) from error


def new_file(path: Path) -> TextFile:
    """A file that is not there yet."""
    return TextFile(path, "", digest=b"")


def digest_of(data: bytes) -> bytes:
    """What two contents are compared by."""
    return blake2b(data, digest_size=16).digest()


def open_text(path: Path, root: Path) -> TextFile:
    """Read a file of the workspace at `root`.

    Raises FileError with one sentence for what is not a text: folders, devices, binary files, files too large to show.
    """
    data = _read(path)
    if len(data) > LARGEST:
        raise FileError(
            f"{path.name} has more than {LARGEST >> 20} MB and is not shown. "
            "F4 in the tree opens it in your own editor."
        )
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    if encoding in ("utf-8", "utf-8-sig") and b"\0" in data[:_SNIFFED]:
        raise FileError(f"{path.name} is a binary file ({_size(len(data))}); there is no text to show.")
    read_only = ""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        text = data.decode(encoding, "replace")
        line = data.count(b"\n", 0, error.start) + 1
        read_only = f"not {encoding.upper()}: byte {data[error.start]:#04x} in line {line}"
    text, newline = _newlines(text)
    longest = max(map(len, text.split("\n")))
    if not read_only:
        read_only = _why_read_only(path, root, len(data), text, longest)
    return TextFile(path, text, encoding, newline, digest_of(data), read_only, longest > LONGEST_LINE)


def save_text(file: TextFile, text: str, *, force: bool = False) -> TextFile:
    """Write `text` in the manner of `file` and return the file as it is now.

    All or nothing: a full disk or a crash leaves the old content. Mode, owner and links stay. Raises ChangedOnDisk
    when the file is not the one that was opened (unless `force`), FileError when it cannot be written.
    """
    data = file.encoded(text)
    path = file.path.resolve()
    if not force:
        _check_unchanged(file, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)
    except OSError as error:
        raise FileError(f"{file.path.name} cannot be saved: {error.strerror or error}. Your text is kept.") from error
    return replace(file, text=text, digest=digest_of(data))


def disk_digest(path: Path) -> bytes | None:
    """The digest of what is on disk now; None when there is no file, b"" for one that cannot be read."""
    try:
        return digest_of(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISDIR(mode):
                raise FileError(f"{path.name} is a folder.")
            if not stat.S_ISREG(mode):
                raise FileError(f"{path.name} is not a regular file.")
            return file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise FileError(f"There is no file {path.name} any more.") from error
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _open_without_waiting(name: str, flags: int) -> int:
    """A named pipe would block until somebody writes into it."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _newlines(text: str) -> tuple[str, str]:
    windows = text.count("\r\n")
    if windows and windows == text.count("\n") and windows == text.count("\r"):
        return text.replace("\r\n", "\n"), "\r\n"
    return text, "\n"


def _why_read_only(path: Path, root: Path, size: int, text: str, longest: int) -> str:
    if size > LARGEST_EDITABLE:
        return f"{_size(size)}: files above {LARGEST_EDITABLE >> 20} MB are only shown"
    if text.count("\n") >= MOST_LINES:
        return f"more than {MOST_LINES:,} lines are only shown"
    if longest > LONGEST_LINE:
        return f"lines above {LONGEST_LINE:,} characters are only shown, in parts"
    if not path.resolve().is_relative_to(root.resolve()):
        return "a link that leads out of the workspace"
    if not os.access(path, os.W_OK):
        return "you may not write this file"
    return ""


def _check_unchanged(file: TextFile, path: Path) -> None:
    now = disk_digest(path)
    if now is None:
        if file.digest:
            raise ChangedOnDisk(file.path, gone=True)
    elif now != file.digest:
        raise ChangedOnDisk(file.path, gone=False)


def _write(path: Path, data: bytes) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        status = None
    if status is not None and status.st_nlink > 1:
        _write_in_place(path, data)  # a new file would not be the one that the other names lead to
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except PermissionError:
        if status is None:
            raise
        _write_in_place(path, data)  # the file may be written, its folder not
        return
    try:
        with os.fdopen(file, "wb") as stream:
            if status is not None:
                with suppress(OSError):
                    os.fchown(stream.fileno(), status.st_uid, status.st_gid)
                os.fchmod(stream.fileno(), stat.S_IMODE(status.st_mode))
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _write_in_place(path: Path, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.write(data)
        stream.truncate()
        stream.flush()
        os.fsync(stream.fileno())


def _size(size: int) -> str:
    if size < 1 << 10:
        return f"{size} bytes"
    return f"{size / (1 << 10):.0f} kB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MB"
