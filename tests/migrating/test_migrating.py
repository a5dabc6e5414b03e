"""A populated database goes from one release to the next and loses nothing."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError

from portal.app import MODELS
from portal.core.db import orm_config
from portal.migrating import Config, MigrationFailed, migrate, pending, unwritten

BEFORE, AFTER = "tests.migrating.before", "tests.migrating.after"


def config(url: str, models: str) -> Config:
    made = orm_config(url, [models])
    made["apps"]["hds"]["migrations"] = "tests.migrating.history"
    return made


@pytest.fixture
async def url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database without any table."""
    if engine == "sqlite":
        yield f"sqlite://{tmp_path / 'old.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = await server.create()
    yield server.url(name)
    await server.drop(name)


@pytest.fixture
async def populated(url: str) -> str:
    """A database of the earlier release, with two parents and three children."""
    await migrate(config(url, BEFORE), to="0001_initial")
    for number in (1, 2):
        name, code = f"Parent {number}", f"P{number}"
        await run(
            url, f"INSERT INTO parent (id, name, year, code, note) "  # noqa: S608 -- our own values
            f"VALUES ({number}, '{name}', 1956, '{code}', 'n')",
        )  # fmt: skip
    for number, parent in ((1, 1), (2, 1), (3, 2)):
        await run(url, f"INSERT INTO child (id, parent_id, text) VALUES ({number}, {parent}, 'c')")  # noqa: S608
    return url


async def run(url: str, statement: str) -> list[dict[str, Any]]:
    async with TortoiseContext() as context:
        await context.init(config=config(url, AFTER))
        return list(await get_connection("default").execute_query_dict(statement))


async def test_no_row_is_lost_when_a_table_with_children_changes(populated: str) -> None:
    applied = await migrate(config(populated, AFTER))

    assert applied == ("0002_longer_name",)
    parents = await run(populated, "SELECT * FROM parent ORDER BY id")
    children = await run(populated, "SELECT parent_id FROM child ORDER BY id")
    assert parents == [
        {"id": number, "name": f"Parent {number}", "year": 1956, "code": f"P{number}"}
        for number in (1, 2)
    ]
    assert [child["parent_id"] for child in children] == [1, 1, 2]


@pytest.mark.parametrize(("name", "year", "code"), [("Parent 1", 1956, "new"), ("New", 1956, "P1")])
async def test_what_was_unique_stays_unique(
    populated: str, name: str, year: int, code: str
) -> None:
    await migrate(config(populated, AFTER))

    with pytest.raises(IntegrityError):
        await run(
            populated,
            f"INSERT INTO parent (id, name, year, code) VALUES (9, '{name}', {year}, '{code}')",  # noqa: S608
        )


async def test_a_child_still_needs_a_parent(populated: str) -> None:
    await migrate(config(populated, AFTER))

    with pytest.raises(IntegrityError):
        await run(populated, "INSERT INTO child (id, parent_id, text) VALUES (9, 77, 'orphan')")


async def test_four_at_once_migrate_once(populated: str) -> None:
    answers = await asyncio.gather(*(apart(populated) for _ in range(4)))

    assert sorted(answers) == ["", "", "", "0002_longer_name"]
    assert await pending(config(populated, AFTER)) == ()


async def apart(url: str) -> str:
    """Migrate in a process of its own; gives what that process applied."""
    code = (
        "import asyncio, sys; from tests.migrating.test_migrating import *; "
        "print(*asyncio.run(migrate(config(sys.argv[1], AFTER))), end='')"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def test_the_database_equals_one_made_afresh(populated: str) -> None:
    await migrate(config(populated, AFTER))

    assert await pending(config(populated, AFTER)) == ()
    assert await unwritten(config(populated, AFTER)) == []


def shape(file: Path) -> set[tuple[Any, ...]]:
    """Tables, columns and what indexes do, whatever they are called."""
    found: set[tuple[Any, ...]] = set()
    with closing(sqlite3.connect(file)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for column in connection.execute(f"PRAGMA table_info({table})"):
                found.add((table, "column", *column[1:4], column[5]))
            for index in connection.execute(f"PRAGMA index_list({table})").fetchall():
                columns = connection.execute(f"PRAGMA index_info({index[1]})")
                found.add((table, "index", index[2], *(each[2] for each in columns)))
    return found


@pytest.mark.one_engine
class TestOnSQLite:
    """What only SQLite gets wrong, because it copies the table."""

    async def test_every_index_is_there_again(self, populated: str, tmp_path: Path) -> None:
        fresh = tmp_path / "fresh.db"
        async with TortoiseContext() as context:
            await context.init(config=config(f"sqlite://{fresh}", AFTER))
            await context.generate_schemas()

        await migrate(config(populated, AFTER))

        history = {each for each in shape(tmp_path / "old.db") if each[0] != "tortoise_migrations"}
        assert history == shape(fresh)
        assert ("parent", "index", 1, "name", "year") in history

    async def test_a_trigger_is_there_again(self, populated: str) -> None:
        await run(
            populated,
            "CREATE TRIGGER no_future BEFORE INSERT ON parent WHEN NEW.year > 2100 "
            "BEGIN SELECT RAISE(ABORT, 'not yet born'); END",
        )
        await migrate(config(populated, AFTER))

        with pytest.raises(IntegrityError, match="not yet born"):
            await run(
                populated, "INSERT INTO parent (id, name, year, code) VALUES (9,'x',2101,'x')"
            )

    async def test_a_failure_leaves_the_database_as_it_was(
        self, populated: str, tmp_path: Path
    ) -> None:
        with closing(sqlite3.connect(tmp_path / "old.db")) as connection:  # foreign keys are off
            connection.execute("INSERT INTO child (id, parent_id, text) VALUES (9, 77, 'orphan')")
            connection.commit()

        with pytest.raises(MigrationFailed, match="1 rows"):
            await migrate(config(populated, AFTER))

        assert await pending(config(populated, AFTER)) == ("0002_longer_name",)
        assert len(await run(populated, "SELECT note FROM parent")) == 2
        assert sorted(file.name for file in tmp_path.glob("*before*")) == []


async def test_the_history_says_all_that_the_models_say() -> None:
    lacking = await unwritten(orm_config("sqlite://:memory:", MODELS))

    operations = [str(each.__dict__) for writer in lacking for each in writer.operations]
    assert operations == [], "run: make migrations NAME='what changed'"
