"""Appending one line to a small file that several programs may have written before: the whole line, or nothing."""

import os
from contextlib import suppress
from pathlib import Path


def append_line(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Append `line`, which has its line end, to a file for the user alone; raises OSError, then nothing was added.

    The beginning of a line that a killed writer has left is ended first.
    """
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            line = b"\n" + line
        try:
            # On a full disk a first write may take a part of it, and only the next one fails.
            written = os.write(file, line)
            while written < len(line):
                written += os.write(file, line[written:])
            if durable:
                os.fsync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, size)
            raise
    finally:
        os.close(file)
