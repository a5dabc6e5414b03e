"""
SQLite cannot change a column in place, so the migration tool copies the table, drops the old one
and renames the copy.  Measured with Tortoise 1.1.9, that loses three things without a word:

* rows of other tables, because the drop cascades while foreign keys are on;
* every index and every uniqueness that is not written in the column itself;
* every trigger of the table.

So the migration runs with foreign keys off, and afterwards the database is compared with the one
the models describe and with what it had before; what is missing is made again.  The file is
copied first, and any failure puts the copy back.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tortoise.context import TortoiseContext
from tortoise.utils import get_schema_sql


class MigrationFailed(Exception):
    """The database is what it was before; the text says what went wrong."""


@dataclass(frozen=True)
class Index:
    """What an index does; its name does not matter."""

    table: str
    columns: tuple[str, ...]
    unique: bool


def without_foreign_keys(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration under which dropping a table takes no rows of other tables along."""
    url = str(config["connections"]["default"])
    off = f"{url}{'&' if '?' in url else '?'}foreign_keys=OFF"
    return {**config, "connections": {"default": off}}


async def schema(config: dict[str, Any]) -> str:
    """The statements that would make the tables of the models in an empty database."""
    empty = {**config, "connections": {"default": "sqlite://:memory:"}}
    async with TortoiseContext() as context:
        await context.init(config=empty)
        return get_schema_sql(context.connections.get("default"), safe=False)


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Wait until no other process migrates *file*."""
    with file.with_name(f"{file.name}.migrating").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def undone_on_failure(file: Path) -> Iterator[None]:
    """Put *file* back as it was when the block fails; all of the plan happens, or nothing."""
    copy = file.with_name(f"{file.name}.before")
    existed = file.exists()
    if existed:
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(file, copy)
    try:
        yield
    except BaseException:
        if existed:
            _copy(copy, file)
        raise
    finally:
        copy.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with _open(source) as from_, _open(target) as to:
        from_.backup(to)


@contextmanager
def _open(file: Path | str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


class TriggersKept:
    """
    Makes triggers and partial indexes of *file* again that a migration loses: models cannot
    describe them.

    To be told of each migration as it begins and ends.  What it names in its source (*sources*, by
    its name) is its own business.
    """

    def __init__(self, file: Path, sources: Mapping[str, str]) -> None:
        self._file, self._sources = file, sources
        self._before: dict[str, tuple[str, str]] = {}

    def __call__(self, event: str, _app: str, migration: str) -> None:
        if event == "apply_start":
            self._before = _triggers_and_partial_indexes(self._file)
        elif event == "apply_done":
            self._make_again(unless_named_in=self._sources[migration])

    def _make_again(self, *, unless_named_in: str) -> None:
        after = _triggers_and_partial_indexes(self._file)
        with _open(self._file) as connection:
            tables = _tables(connection)
            for name, (table, sql) in self._before.items():
                if name not in after and table in tables and name not in unless_named_in:
                    connection.execute(sql)


def _triggers_and_partial_indexes(file: Path) -> dict[str, tuple[str, str]]:
    statement = (
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' "
        "OR (type = 'index' AND sql LIKE '% WHERE %')"
    )
    with _open(file) as connection:
        return {name: (table, sql) for name, table, sql in connection.execute(statement)}


def make_indexes(file: Path, wanted: str) -> None:
    """Make every index and uniqueness of the schema *wanted* that *file* lacks."""
    with _open(":memory:") as ideal:
        ideal.executescript(wanted)
        described = _indexes(ideal)
    with _open(file) as connection:
        tables = _tables(connection)
        for index in described - _indexes(connection):
            if tables.get(index.table, set()) >= set(index.columns):
                connection.execute(_create(index))


def _tables(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """Every table with its columns."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    columns = "SELECT name FROM pragma_table_info(?)"
    return {
        name: {column for (column,) in connection.execute(columns, [name])} for (name,) in names
    }


def _indexes(connection: sqlite3.Connection) -> set[Index]:
    found = set()
    for table in _tables(connection):
        rows = connection.execute(
            'SELECT name, "unique" FROM pragma_index_list(?) WHERE NOT partial', [table]
        ).fetchall()
        for name, unique in rows:
            columns = connection.execute("SELECT name FROM pragma_index_info(?)", [name])
            found.add(Index(table, tuple(column for (column,) in columns), bool(unique)))
    return found


def _create(index: Index) -> str:
    """The statement that makes *index*; table and columns come from the schema, not from people."""
    name = "_".join([("uid" if index.unique else "idx"), index.table, *index.columns])
    columns = ", ".join(f'"{column}"' for column in index.columns)
    unique = "UNIQUE " if index.unique else ""
    return f'CREATE {unique}INDEX "{name}" ON "{index.table}" ({columns})'


def check(file: Path) -> None:
    """Raise `MigrationFailed` when rows point at nothing or the file is damaged."""
    with _open(file) as connection:
        if orphans := connection.execute("PRAGMA foreign_key_check").fetchall():
            raise MigrationFailed(f"{len(orphans)} rows point at rows that are gone")
        if (answer := connection.execute("PRAGMA integrity_check(1)").fetchone()) != ("ok",):
            raise MigrationFailed(f"the file is damaged: {answer}")
