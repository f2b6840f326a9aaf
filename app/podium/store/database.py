"""The SQLite database of a workspace, `.podium/index.db`: opened, migrated, shared by several processes, mended.

It holds what must be found across executions. What it knows of executions can be made again from the journals; the
rest (key-values, revisions, trigger states) is copied out of a damaged file as far as it can be read.
"""

import fcntl
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from podium.store.errors import NoRoom, StoreError, write_failure
from podium.store.schema import KEPT_TABLES, MIGRATIONS

Row = tuple[Any, ...]

_BUSY_SECONDS = 15.0
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REINDEX = "reindex"
_STALE_SECONDS = 1.0
"""How old what is read on a full disk may be."""
_SHARED_MEMORY = 65_536
"""Bytes that the first connection to a database needs beside it, and some more."""


class DatabaseDamage(StoreError):
    """The file is not a sound database any more."""


class Query(Protocol):
    """What can be asked inside a transaction."""

    def __call__(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and return all its rows; raises StoreError."""
        ...


class Database:
    """One process's access to the database; may be used from any thread, and on both sides of a fork.

    On a full disk it can still be read.

    It is closed for every fork: SQLite keeps per process which files are open and locked. A child that inherits that
    and opens the database again holds no locks itself, and its writes go to a log that others may delete.

    A damaged file is moved aside and replaced as soon as it is noticed: when it is opened, or at the first use
    after a statement failed because of it (that one raises DatabaseDamage). `notice` is then a sentence for the
    user, else None.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notice: str | None = None
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._only_reads: StoreError | None = None
        """Why the connection, if there is one, is one that cannot write: the disk is full."""
        self._look_again = 0.0
        self._inode = 0
        self._depth = 0
        self._damage: DatabaseDamage | None = None
        _OPEN.add(self)
        with self._lock:
            self._connected()

    @property
    def needs_reindex(self) -> bool:
        """Whether executions are missing here until they are read from their journals (`ExecutionIndex.reindex`)."""
        return bool(self.read("SELECT value FROM meta WHERE name = ?", (_REINDEX,)))

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of one query; raises StoreError."""
        with self._lock:
            return self._run(self._connected(), sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[Query]:
        """A write transaction: all or nothing, and no other process writes meanwhile. Must not be nested."""
        with self._lock:
            if self._only_reads is not None:
                # There may be room again.
                self.close()
            connection = self._connected()
            if self._only_reads is not None:
                raise self._only_reads
            if self._depth:
                raise RuntimeError("a transaction is open already")
            self._run(connection, "BEGIN IMMEDIATE", ())
            self._depth = 1
            try:
                yield lambda sql, parameters=(): self._run(connection, sql, parameters)
                self._run(connection, "COMMIT", ())
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for many rows, inside the current transaction."""
        with self._lock:
            try:
                self._connected().executemany(sql, rows)
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def reindexed(self) -> None:
        """Note that all executions are here again."""
        with self.transaction() as query:
            query("DELETE FROM meta WHERE name = ?", (_REINDEX,))

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._only_reads = None

    def hold(self) -> None:
        """Close, and keep everybody away until `let_go`; for the moment of a fork."""
        self._lock.acquire()
        if not self._depth:
            self.close()

    def let_go(self) -> None:
        """The fork is over, on this side."""
        self._lock.release()

    # ---- connecting --------------------------------------------------------------------------------------------

    def _connected(self) -> sqlite3.Connection:
        if (
            self._connection is not None
            and not self._depth
            and (
                self._damage is not None
                or _inode(self.path) != self._inode
                or (self._only_reads is not None and time.monotonic() >= self._look_again)
            )
        ):
            # The file was damaged, or another process has replaced it for that reason; or what can only be read does
            # not show what others have written since, and there may be room again.
            self.close()
        if self._connection is None:
            self._connection = self._mended(self._damage) if self._damage else self._open()
            self._inode = _inode(self.path)
            self._depth = 0
            self._damage = None
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._inode = _inode(self.path)
        try:
            return self._prepared()
        except DatabaseDamage as damage:
            return self._mended(damage)
        except NoRoom as full:
            connection = self._for_reading()
            if connection is None:
                raise
            self._only_reads = full
            self._look_again = time.monotonic() + _STALE_SECONDS
            return connection

    def _for_reading(self) -> sqlite3.Connection | None:
        """A connection that needs no files beside the database, as it was when the last one was closed."""
        try:
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None,
                check_same_thread=False,
            )  # fmt: skip
            if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
                return connection
            connection.close()
        except sqlite3.Error:
            pass
        return None

    def _prepared(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except sqlite3.Error as error:
            raise self._failure(error) from error
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            _migrate(connection, self.path)
        except sqlite3.Error as error:
            connection.close()
            raise self._failure(error) from error
        except StoreError:
            connection.close()
            raise
        return connection

    def _mended(self, damage: DatabaseDamage) -> sqlite3.Connection:
        with _exclusive(self.path.with_name(self.path.name + ".lock")):
            if _inode(self.path) != self._inode:
                # Another process has replaced it while this one waited.
                return self._prepared()
            aside = _free_name(self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"))
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + suffix).rename(aside.with_name(aside.name + suffix))
            connection = self._prepared()
            saved = {table: _copy_readable(aside, connection, table) for table in KEPT_TABLES}
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, '1')", (_REINDEX,))
        counts = ", ".join(f"{count} of {table.replace('_', ' ')}" for table, count in saved.items())
        self.notice = (
            f"{damage} It was moved to {aside.name} and a new one was made. Rows that could be saved: {counts}. "
            "Executions are read again from their journals."
        )
        return connection

    # ---- statements --------------------------------------------------------------------------------------------

    def _run(self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> list[Row]:
        try:
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & 0xFF
        if primary in _DAMAGED and self._only_reads is not None:
            # Others may write while it is read as if nobody did: that looks like damage, and is none.
            self._look_again = 0.0
            return NoRoom(f"{self._only_reads} Until then it cannot be read while others write to it.")
        if primary in _DAMAGED:
            self._damage = DatabaseDamage(f"The database {self.path} is damaged ({error}).")
            return self._damage
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreError(
                f"The database {self.path} was kept busy by another process for {_BUSY_SECONDS:.0f} s. Try again."
            )
        advice = ""
        if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and _is_full(self.path)):
            return NoRoom(
                f"The database {self.path} cannot be used: the disk is full. Free some space there and try again."
            )
        if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            advice = " Check the permissions of that file and its folder."
        return StoreError(f"The database {self.path} cannot be used: {error}.{advice}")


_OPEN: "weakref.WeakSet[Database]" = weakref.WeakSet()
_forking = threading.Lock()
_held: list[Database] = []


def _before_fork() -> None:
    _forking.acquire()
    _held[:] = sorted(_OPEN, key=lambda database: str(database.path))
    for database in _held:
        database.hold()


def _after_fork() -> None:
    while _held:
        _held.pop().let_go()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The database {path} was written by a newer Podium (version {version}, this one knows "
            f"{len(MIGRATIONS)}). Update Podium."
        )
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for statements in MIGRATIONS[version:]:
            for statement in statements.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _copy_readable(source: Path, target: sqlite3.Connection, table: str) -> int:
    """Copy the rows of one table until one cannot be read; returns how many arrived."""
    copied = 0
    damaged: sqlite3.Connection | None = None
    try:
        damaged = sqlite3.connect(source)
        for row in damaged.execute(f"SELECT * FROM {table}"):
            target.execute(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            copied += 1
    except sqlite3.Error:
        # This is where the file is damaged: what follows cannot be read, and the notice says how much was.
        pass
    finally:
        if damaged is not None:
            damaged.close()
    return copied


def _is_full(path: Path) -> bool:
    """Whether that is why the files beside the database could not be made: SQLite does not say."""
    try:
        space = os.statvfs(path.parent)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < _SHARED_MEMORY or space.f_favail == 0 < space.f_files


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _free_name(path: Path) -> Path:
    number = 1
    candidate = path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise write_failure("The lock of the database", path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
