"""One SQLite file of ours: opened, brought up to date, read and written by many at once."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeAlias

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from index.bell import Bell, Watched
from recommender.errors import CatalogError

Migration: TypeAlias = Callable[[Connection], None]
"""Takes a file from one version of its layout to the next, inside a transaction."""

_BUSY_SECONDS = 30.0
_IMMEDIATE = "recommender_immediate"
_CHECKPOINT_PAGES = 16_000
_CACHE_KIB = 32 * 1024
"""At the most, of each connection."""
_STATEMENTS = 1_024
"""Kept prepared, of each connection: those that write many rows differ by how many these are."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What kind of file this is.

    Attributes:
        name: what to call it in messages.
        application_id: marks the file as ours, of this kind (`PRAGMA application_id`).
        migrations: from an empty file to today's layout; the file's version is how many it has had.
        synchronous: FULL survives a power cut with every commit, NORMAL may lose the last ones;
            neither loses a commit to a killed process.
        way_out: what to do when the file is beyond repair.
    """

    name: str
    application_id: int
    migrations: Sequence[Migration]
    synchronous: Literal["NORMAL", "FULL"]
    way_out: str


class Database:
    """An open file. Any number of threads and processes may use the same file at once."""

    def __init__(
        self, path: Path, layout: Layout, engine: Engine, watch: sqlite3.Connection
    ) -> None:
        self._path = path
        self._layout = layout
        self._engine = engine
        self._writer = engine.execution_options(**{_IMMEDIATE: True})
        self._watch = watch
        self._asking = watch.cursor()  # kept: to make one takes as long as to ask
        self._watch_lock = threading.Lock()
        self._hang(Bell(None))

    def _hang(self, bell: Bell) -> None:
        self._bell = bell
        self._version: Watched[int] = Watched(bell)

    @classmethod
    def open(cls, path: Path, layout: Layout) -> Self:
        """Opens the file, makes it where there is none, and brings an older one up to date.

        Raises:
            CatalogError: not SQLite, damaged, of another kind, or newer than this program.
        """
        try:
            watch = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _translated(error, path, layout) from error
        engine = _engine(path, layout)
        database = cls(path, layout, engine, watch)
        try:
            # looked at before anything is written: a file that is not ours stays as it is
            _known_version(watch, path, layout)
            watch.execute("PRAGMA journal_mode = WAL")
            # of the file itself, by whatever name it is opened
            itself = path.resolve()
            database._hang(Bell(itself.with_name(f"{itself.name}-bell"), itself))
            database._migrate()
        except sqlite3.Error as error:
            database.close()
            raise _translated(error, path, layout) from error
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Lets go of the file."""
        self._engine.dispose()
        with self._watch_lock:
            self._watch.close()
        self._version.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose statements all see one and the same state."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is alone in writing; committed at the end, undone by an exception."""
        try:
            with self._writer.begin() as connection:
                yield connection
                self._bell.lift()
        finally:
            self._bell.ring()

    @contextmanager
    def reading_plainly(self) -> Iterator[sqlite3.Connection]:
        """As `reading`, for many small statements: SQLAlchemy takes longer than SQLite for them."""
        with self._engine.connect() as connection, self._translating():
            # a lone statement begins no transaction by itself
            connection.exec_driver_sql("SELECT 1")
            yield _driven(connection)

    @contextmanager
    def writing_plainly(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, for many small statements."""
        with self.writing() as connection, self._translating():
            yield _driven(connection)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if _is_the_files(error):
                raise _translated(error, self._path, self._layout) from error
            raise

    def data_version(self) -> int:
        """A number that differs after any commit, by this object or anybody else, from before.

        After one by a program of somebody else's within half a second.
        """
        return self._version.value(self._ask_version)

    def _ask_version(self) -> int:
        # this connection never writes, so to it every commit is somebody else's
        try:
            with self._watch_lock:
                (version,) = self._asking.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise _translated(error, self._path, self._layout) from error
        return int(version)

    def checkpoint(self) -> None:
        """Moves what was written into the main file, as far as nobody still reads the state before.

        The log beside it, which has what stood there before, ends empty then.
        """
        with self._watch_lock, self._translating():
            self._watch.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _migrate(self) -> None:
        latest = len(self._layout.migrations)
        while _known_version(self._watch, self._path, self._layout) < latest:
            with self.writing() as connection:
                # asked again under the lock: another process may have been faster
                version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                if version >= latest:
                    continue
                self._layout.migrations[version](connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {version + 1}")
                connection.exec_driver_sql(f"PRAGMA application_id = {self._layout.application_id}")


def _engine(path: Path, layout: Layout) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS, "cached_statements": _STATEMENTS},
        # a request thread never waits for another's connection, only for SQLite's own lock
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # transactions begin where `begin` below says, not where the sqlite3 module guesses
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous = {layout.synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        # pages that change again and again are written into the file once in a while only
        cursor.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a writer takes the lock at once: waiting for it later, after a read, cannot succeed
        immediate = connection.get_execution_options().get(_IMMEDIATE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> None:
        error = context.original_exception
        if _is_the_files(error):
            assert isinstance(error, sqlite3.Error)  # noqa: S101 - tells mypy what the line above says
            raise _translated(error, path, layout) from error

    return engine


def _known_version(connection: sqlite3.Connection, path: Path, layout: Layout) -> int:
    """How many migrations the file has had; refuses what is not ours or newer."""
    # one statement, so that a file that is being made right now is seen whole or empty
    owner, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id),"
        " (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if owner != layout.application_id and (owner, version, tables) != (0, 0, 0):
        raise CatalogError(
            f"{path} is an SQLite file of something else, not {layout.name}. "
            f"Choose another place, or move the file away."
        )
    if version > len(layout.migrations):
        raise CatalogError(
            f"{path} has layout {version} of {layout.name}; this program knows layouts up to "
            f"{len(layout.migrations)}. Use the newer program that wrote it."
        )
    return int(version)


def _driven(connection: Connection) -> sqlite3.Connection:
    driven = connection.connection.driver_connection
    assert isinstance(driven, sqlite3.Connection)  # noqa: S101 - tells mypy what `open` says
    return driven


def _is_the_files(error: BaseException | None) -> bool:
    """Whether it is about the file; a broken constraint or a wrong call is a fault of ours."""
    return type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError)


def _translated(error: sqlite3.Error, path: Path, layout: Layout) -> CatalogError:
    # closing and misuse have no code of SQLite's
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith("SQLITE_BUSY"):
        return CatalogError(
            f"{path}: another process has been writing for more than {_BUSY_SECONDS:.0f} s. "
            "Try again when it is done."
        )
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return CatalogError(
            f"{path} is not {layout.name} or is damaged ({error}). {layout.way_out}"
        )
    if code.startswith("SQLITE_CANTOPEN"):
        return CatalogError(
            f"{path} cannot be opened. The folder must exist and be readable and writable."
        )
    if code.startswith("SQLITE_READONLY"):
        return CatalogError(f"{path} cannot be written. Give this user the right to write there.")
    if code.startswith("SQLITE_FULL"):
        return CatalogError(f"{path}: the disk is full. Nothing was written; make room, try again.")
    return CatalogError(f"{path}: {error} ({code or 'no code'}). {layout.way_out}")
