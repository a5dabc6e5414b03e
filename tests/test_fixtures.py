"""The test suite's own tools: what a story may rely on."""

from pathlib import Path

import aiohttp
from quart import Quart
from tortoise.connection import get_connection

from portal.core.db import Database
from tests.people import World


async def rows(statement: str) -> list[dict[str, object]]:
    return list(await get_connection("default").execute_query_dict(statement))


async def test_a_database_is_migrated_and_empty(database: Database) -> None:
    assert await rows("SELECT name FROM tortoise_migrations") != []
    assert await rows("SELECT id FROM stored_object") == []
    await get_connection("default").execute_query("DELETE FROM tortoise_migrations")


async def test_what_another_test_did_to_its_database_is_not_seen(database: Database) -> None:
    assert await rows("SELECT name FROM tortoise_migrations") != []


async def test_the_portal_and_its_test_share_one_database(
    app: Quart, database: Database, world: World
) -> None:
    assert database is app.extensions["hds"]["database"]
    assert await rows("SELECT id FROM stored_object") == []
    assert (await world.browser().get("/no-such-page")).status_code == 404


async def test_a_server_answers_while_the_test_looks_into_its_database(
    server: str, database: Database
) -> None:
    async with aiohttp.ClientSession() as browser, browser.get(f"{server}/no-such-page") as page:
        assert page.status == 404
    assert await rows("SELECT id FROM stored_object") == []


def test_everything_is_written_below_the_folder_of_the_test(app: Quart, tmp_path: Path) -> None:
    settings = app.extensions["hds"]["settings"]
    assert settings.object_folder.is_relative_to(tmp_path)
    assert settings.key_folder.is_relative_to(tmp_path)
