"""Cutting a file of lines into parts (storage.Split, ForEachItem)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from podium.plugin.task import TaskError

_BLOCK = 1 << 20
_UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?\s*", re.IGNORECASE)


def byte_size(text: str) -> int:
    """The bytes of `10MB`, `512 KB` or a bare number; units are powers of 1024. Raises TaskError."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise TaskError(f"'{text}' is not a size: write it as a number of bytes or like 10MB.")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def rows_of(file: BinaryIO, separator: bytes) -> Iterator[bytes]:
    """The rows of a file without their separator, one at a time."""
    pending = b""
    while block := file.read(_BLOCK):
        *rows, pending = (pending + block).split(separator)
        yield from rows
    if pending:
        yield pending


def split_file(
    source: BinaryIO,
    folder: Path,
    *,
    name: str,
    rows: int | None = None,
    size: int | None = None,
    partitions: int | None = None,
    separator: str = "\n",
) -> list[Path]:
    """Cut `source` into files in `folder`, each row followed by the separator; returns them in order.

    Exactly one of `rows` (per part), `size` (a part is full when it has reached so many bytes) and
    `partitions` (so many parts, rows dealt out in turn, empty parts left out) is used, in this order of
    precedence: `size`, `partitions`, `rows`. `name` is what the parts are called, its extension is kept.
    Raises TaskError.
    """
    mark = separator.encode()
    if not mark:
        raise TaskError("The `separator` must not be empty.")
    for what, number in (("bytes", size), ("partitions", partitions), ("rows", rows)):
        if number is not None and number < 1:
            raise TaskError(f"`{what}` must be at least 1.")
    stem, suffix = Path(name).stem, Path(name).suffix
    if size is None and partitions is not None:
        return _deal(rows_of(source, mark), [folder / f"{stem}-{n}{suffix}" for n in range(partitions)], mark)
    if size is None and rows is None:
        raise TaskError("Say how to split: one of `bytes`, `partitions` or `rows` is needed.")
    parts: list[Path] = []
    part: BinaryIO | None = None
    written = count = 0
    try:
        for row in rows_of(source, mark):
            full = written >= size if size is not None else count >= (rows or 1)
            if part is None or full:
                if part is not None:
                    part.close()
                parts.append(folder / f"{stem}-{len(parts)}{suffix}")
                part = parts[-1].open("wb")
                written = count = 0
            written += part.write(row + mark)
            count += 1
    finally:
        if part is not None:
            part.close()
    return parts


def _deal(rows: Iterator[bytes], parts: list[Path], mark: bytes) -> list[Path]:
    """Row by row to each part in turn. Kept in memory per part up to a block, so that few files are open."""
    pending: list[list[bytes]] = [[] for _ in parts]
    waiting = 0
    for number, row in enumerate(rows):
        pending[number % len(parts)].append(row)
        waiting += len(row)
        if waiting > _BLOCK:
            _flush(parts, pending, mark)
            waiting = 0
    _flush(parts, pending, mark)
    return [part for part in parts if part.exists()]


def _flush(parts: list[Path], pending: list[list[bytes]], mark: bytes) -> None:
    for part, rows in zip(parts, pending, strict=True):
        if rows:
            with part.open("ab") as file:
                file.writelines(row + mark for row in rows)
            rows.clear()
