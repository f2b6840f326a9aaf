"""What can go wrong with things that are kept, as sentences for the user: what, where, what to do."""

import errno
from pathlib import Path


class StoreError(Exception):
    """Something could not be kept or read; the text says what, where and what to do."""


class NoRoom(StoreError):
    """The disk is full, or the space that the user may take there."""


class StorageError(StoreError):
    """A URI of internal storage that is malformed, or that this execution may not use."""


class NoSuchFile(StorageError):
    """A file that is named by a URI or a path does not exist."""


class NamespaceFileError(StoreError):
    """A path that does not name a file of a namespace."""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def write_failure(what: str, path: Path, error: OSError) -> StoreError:
    """The error for `what` (with its article, e.g. `The journal`) that could not be written to `path`."""
    reason = error.strerror or str(error)
    kind = NoRoom if error.errno in _FULL else StoreError
    return kind(f"{what} cannot be written to {path}: {reason}.{_advice(error)}")


def read_failure(what: str, path: Path, error: OSError) -> StoreError:
    """The error for `what` that could not be read from `path`."""
    reason = error.strerror or str(error)
    return StoreError(f"{what} cannot be read from {path}: {reason}.{_advice(error)}")


def _advice(error: OSError) -> str:
    if error.errno in _FULL:
        return " Free some space there and try again."
    if error.errno in _DENIED:
        return " Check the permissions, or work in a directory that you own."
    return ""
