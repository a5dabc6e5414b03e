"""
Running and writing migrations with Tortoise's own tool, made safe.

Tortoise takes no lock, so two processes that migrate at once crash; and on SQLite its table
rebuilds lose rows and indexes (see `sqlite_guard`).  Both are cured here, nowhere else.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.api import migrate as tortoise_migrate
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.migration import Migration
from tortoise.migrations.writer import MigrationWriter, format_migration_name

from portal.migrating import sqlite_guard
from portal.migrating.sqlite_guard import MigrationFailed

Config = dict[str, Any]
"""What `portal.core.db.orm_config` gives."""
Carry = Mapping[str, Callable[[], Awaitable[None]]]
"""
By the name of a migration, what takes its rows along that SQL alone cannot: they lie under keys.

Called once, when that migration was applied, with all tables of this release.
"""

ADVISORY_LOCK: Final = 0x4844_5331
"""The number under which PostgreSQL knows the lock of our migrations ("HDS1")."""

__all__ = ["Carry", "Config", "MigrationFailed", "migrate", "pending", "unwritten", "write"]


async def migrate(
    config: Config, *, to: str | None = None, carry: Carry | None = None
) -> tuple[str, ...]:
    """
    Apply what is pending, one process at a time, and give the names of what was applied.

    *to* stops at the migration of that name.  Raises `MigrationFailed` when the result is not
    sound; a SQLite database is then what it was before.  What *carry* raises is passed on, and the
    database is what it was before.
    """
    url = _url(config)
    if url.startswith("sqlite:"):
        return await _migrate_sqlite(_sqlite_file(url), config, to, carry or {})
    async with _only_one(url):
        steps = await _steps(config, to)
        if steps:
            await _run(config, to)
            try:
                await _take_along(config, steps, carry or {})
            except BaseException:
                await _run(config, steps[0].dependencies[0][1], "backward")
                raise
        return tuple(step.name for step in steps)


async def _take_along(config: Config, steps: list[Migration], carry: Carry) -> None:
    for step in steps:
        if step.name in carry:
            async with _connected(config):
                await carry[step.name]()


async def _migrate_sqlite(
    file: Path, config: Config, to: str | None, carry: Carry
) -> tuple[str, ...]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite_guard.only_one(file):
        steps = await _steps(config, to)
        if not steps:
            return ()
        with sqlite_guard.undone_on_failure(file):
            sources = {step.name: _source(step) for step in steps}
            kept = sqlite_guard.TriggersKept(file, sources)
            await _run(sqlite_guard.without_foreign_keys(config), to, told=kept)
            await _take_along(config, steps, carry)
            if to is None:
                sqlite_guard.make_indexes(file, await sqlite_guard.schema(config))
            sqlite_guard.check(file)
    return tuple(step.name for step in steps)


async def pending(config: Config) -> tuple[str, ...]:
    """The names of the migrations this database has not seen, oldest first."""
    return tuple(step.name for step in await _steps(config, None))


async def unwritten(config: Config) -> list[MigrationWriter]:
    """The migrations that somebody still has to write, because the models have moved on."""
    async with _connected(config) as context:
        if context.apps is None:
            raise MigrationFailed("the models cannot be read")
        return await MigrationAutodetector(
            context.apps,
            config["apps"],
        ).changes()


async def write(config: Config, name: str | None = None) -> list[Path]:
    """Write what is `unwritten` as new files of the history; works without a database."""
    written = []
    for writer in await unwritten(config):
        if name:
            writer.name = format_migration_name(int(writer.name[:4]), name)
        written.append(Path(writer.write()))
    return written


async def _steps(config: Config, to: str | None) -> list[Migration]:
    async with _connected(config):
        executor = MigrationExecutor(get_connection("default"), config["apps"])
        plan = await executor.plan([MigrationTarget(_app(config), to or "__latest__")])
        return [step.migration for step in plan if not step.backward]


async def _run(
    config: Config,
    to: str | None,
    direction: Literal["forward", "backward"] = "forward",
    told: Callable[[str, str, str], None] | None = None,
) -> None:
    target = f"{_app(config)}.{to}" if to else None
    async with TortoiseContext():
        await tortoise_migrate(config=config, target=target, direction=direction, progress=told)


def _source(migration: Migration) -> str:
    return inspect.getsource(inspect.getmodule(type(migration)) or type(migration))


@asynccontextmanager
async def _connected(config: Config) -> AsyncIterator[TortoiseContext]:
    """A context of our own, so that nothing leaks into the one the portal may be using."""
    async with TortoiseContext() as context:
        await context.init(config=config)
        yield context


@asynccontextmanager
async def _only_one(url: str) -> AsyncIterator[None]:
    credentials = expand_db_url(url)["credentials"]
    names = {"host", "port", "user", "password", "database", "ssl"} & credentials.keys()
    connection: Any = await asyncpg.connect(**{name: credentials[name] for name in names})
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
        yield
    finally:
        await connection.close()


def _url(config: Config) -> str:
    return str(config["connections"]["default"])


def _app(config: Config) -> str:
    return str(next(iter(config["apps"])))


def _sqlite_file(url: str) -> Path:
    return Path(expand_db_url(url)["credentials"]["file_path"])
