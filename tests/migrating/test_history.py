"""The portal's own history: every release takes the rows of the one before it along."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext

from portal.app import MODELS
from portal.core.db import orm_config
from portal.migrating import migrate

VERSIONS: Final = sorted(
    each.stem for each in (Path(__file__).parents[2] / "migrations").glob("0*.py")
)
SOMEBODY: Final = "5f7d3a52-8f55-4b6e-9f0c-2f6f4a1f7a11"
"""The id of every row: whatever points to another table finds its row there."""
MOMENT: Final = "2026-01-01 12:00:00+00:00"


@pytest.fixture
async def url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if engine == "sqlite":
        yield f"sqlite://{tmp_path / 'old.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = await server.create()
    yield server.url(name)
    await server.drop(name)


async def ask(url: str, statement: str) -> list[dict[str, Any]]:
    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        return list(await get_connection("default").execute_query_dict(statement))


async def fill(url: str, statements: list[str]) -> None:
    """Run *statements* in any order: whom they point to may come later."""
    off = (
        "PRAGMA foreign_keys = OFF"
        if url.startswith("sqlite")
        else "SET session_replication_role = replica"
    )
    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        await get_connection("default").execute_script("; ".join([off, *statements]))


async def tables(url: str) -> dict[str, dict[str, str]]:
    """Every table of the portal with its columns and their types, in small letters."""
    if url.startswith("sqlite"):
        asked = (
            'SELECT m.name AS "table", c.name AS "column", c.type AS "type" FROM sqlite_master m '
            "JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        )
    else:
        asked = (
            'SELECT table_name AS "table", column_name AS "column", data_type AS "type" '
            "FROM information_schema.columns WHERE table_schema = 'public'"
        )
    found: dict[str, dict[str, str]] = {}
    for row in await ask(url, asked):
        if "migration" not in row["table"]:
            found.setdefault(row["table"], {})[row["column"]] = row["type"].lower()
    return found


VALUES: Final = {
    "char(36)": f"'{SOMEBODY}'",
    "uuid": f"'{SOMEBODY}'",
    "bool": "true",
    "int": "1",
    "serial": "1",
    "json": "'{}'",
    "blob": "x'61'",
    "bytea": "'\\x61'::bytea",
    "time": f"'{MOMENT}'",
    "date": f"'{MOMENT[:10]}'",
}
"""Something that fits a column, in SQL, by a part of its type's name."""


def value(kind: str) -> str:
    return next((value for part, value in VALUES.items() if part in kind), "'a'")


def row_for(table: str, columns: dict[str, str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(value(kind) for kind in columns.values())
    return f'INSERT INTO "{table}" ({names}) VALUES ({values})'  # noqa: S608 -- our own names


async def test_every_table_keeps_its_row_through_all_releases(url: str) -> None:
    filled = set[str]()
    for version in VERSIONS:
        await migrate(orm_config(url, MODELS), to=version)
        known = await tables(url)
        assert known, version
        new = set(known) - filled
        await fill(url, [row_for(each, known[each]) for each in sorted(new)])
        filled |= new

    for table in sorted(await tables(url)):
        (count,) = await ask(url, f'SELECT count(*) AS n FROM "{table}"')  # noqa: S608
        assert count["n"] == 1, table
