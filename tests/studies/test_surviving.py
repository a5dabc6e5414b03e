"""T41: whatever a real server acknowledged before it was killed is there afterwards, whole."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from playwright.async_api import expect

from portal import keys, storing, studies
from portal.core.settings import Settings
from portal.storing.models import StoredObject
from portal.storing.sweeping import ORPHAN_AGE
from portal.studies import parts
from tests.browser import DESKTOP, browsing
from tests.people import Person, World
from tests.s3 import S3
from tests.studies.killing import Served, served
from tests.studies.reading import originals_of
from tests.studies.upload_page import choose, write
from tests.thief import look

Slices = Callable[..., list[bytes]]
IMAGES = 1_000
KILLS = 30


@pytest.mark.one_engine
async def test_every_acknowledged_image_survives_kill_minus_nine(story: "Story") -> None:
    """Thirty times in an upload of 1,000 images, each time at another point of a part's way."""
    files, kept = await story.is_killed(IMAGES, KILLS)
    copy = await _copied(story.settings.data)
    assert look([copy], _canaries(files)) == [], "T28: nothing readable"
    await story.ends_whole(files, kept)


@pytest.mark.one_engine
async def test_every_acknowledged_image_survives_in_a_bucket_too(
    story: "Story", object_store: dict[str, Any]
) -> None:
    """A fifth of it with every run; `make kill` kills as often as above."""
    assert object_store
    images, kills = (IMAGES, KILLS) if os.environ.get("FUZZ") == "long" else (200, 6)
    await story.ends_whole(*await story.is_killed(images, kills))


@pytest.fixture
def object_store(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A folder, and for the story that says so a bucket."""
    if "bucket" not in request.node.name:
        return {}
    service: S3 = request.getfixturevalue("s3")
    return {"object_store": service.bucket(), "object_key_file": service.key_file}


@dataclass
class Story:
    """Erika's upload to servers that are killed while she sends."""

    erika: Person
    settings: Settings
    shelf: studies.Shelf
    slices: Slices
    port: int
    who: tuple[str, str, str]
    upload: UUID

    async def is_killed(self, images: int, kills: int) -> tuple[list[bytes], set[int]]:
        """Whatever was acknowledged by the end; it is there, and nothing is there in part."""
        files, kept = self.slices(images), set[int]()
        for turn in range(kills):
            enough = images * (turn + 1) // (kills + 1)
            async with served(self.settings, self.port) as server:
                sending = asyncio.create_task(_send(server, self.who, self.upload, files, kept))
                while len(kept) < enough and not sending.done():
                    await asyncio.sleep(0.001)
                await asyncio.sleep(turn / 1000)
                assert not sending.done(), "killed in the middle"
                server.kill()
                await asyncio.gather(sending, return_exceptions=True)
        assert len(kept) < images
        found = await originals_of(self.shelf, self.erika.actor)
        assert [number for number in kept if files[number] not in found] == []
        assert found <= set(files), "nothing is there in part"
        return files, kept

    async def ends_whole(self, files: list[bytes], kept: set[int]) -> None:
        """The rest is sent, and what the killed servers left behind is swept away."""
        async with served(self.settings, self.port) as server:
            await _send(server, self.who, self.upload, files, kept)
        assert await originals_of(self.shelf, self.erika.actor) == set(files)
        later = await storing.database_now() + ORPHAN_AGE + timedelta(minutes=11)
        await storing.sweep(self.shelf.store, at=later)
        clock, there = await self.shelf.store.clock(), set[UUID]()
        for part in range(storing.PARTS):
            there |= {*await self.shelf.store.older_than(0, clock + 60, part)}
        rows = await StoredObject.all()
        assert {row.id for row in rows} == there
        for row in rows:
            assert await self.shelf.store.size(row.id) == row.size
        assert await originals_of(self.shelf, self.erika.actor) == set(files)


@pytest.fixture
async def story(
    world: World, settings: Settings, slices: Slices, unused_tcp_port: int, cookie: "Cookie"
) -> Story:
    erika = await world.patient("Erika Beispiel")
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    upload = (await studies.begin_upload(shelf, erika.actor, uuid4())).id
    return Story(erika, settings, shelf, slices, unused_tcp_port, cookie(erika), upload)


async def _copied(folder: Path) -> Path:
    """A copy by another process: closing a database file here would drop our own locks on it."""
    copy = folder.with_name(f"{folder.name}-stolen")
    copying = await asyncio.create_subprocess_exec("cp", "-r", str(folder), str(copy))
    assert await copying.wait() == 0
    return copy


def _canaries(files: list[bytes]) -> list[str | bytes]:
    """What the images say of the patient, and pieces of the pixels in the middle of some."""
    middles = [each[len(each) // 2 :][:48] for each in files[::20]]
    return ["Beispiel^Erika", "Schädel nativ", "19560401", *middles]


Cookie = Callable[[object], tuple[str, str, str]]


async def _send(
    server: Served, who: tuple[str, str, str], upload: UUID, files: list[bytes], kept: set[int]
) -> None:
    url, (name, value, csrf) = server.url, who
    headers = {"Cookie": f"{name}={value}", "Origin": url, "X-HDS-CSRF": csrf,
               "Accept": "application/json", "Sec-Fetch-Site": "same-origin"}  # fmt: skip
    todo = [number for number in range(0, len(files), 2) if number not in kept]
    waiting = iter(todo)

    async def sender(session: aiohttp.ClientSession) -> None:
        for number in waiting:
            body = parts.build([(each, files[each]) for each in (number, number + 1)])
            path = f"{url}/uploads/{upload}/parts/{number}"
            async with session.put(path, data=body, headers=headers) as answer:
                said = await answer.json()
                assert answer.status == 200, said
                kept.update(said["kept"] + said["duplicates"])

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(sender(session) for _ in range(3)))


@pytest.mark.one_engine
async def test_the_page_goes_on_by_itself_when_a_killed_server_is_back(
    world: World,
    settings: Settings,
    slices: Slices,
    unused_tcp_port: int,
    cookie: "Cookie",
    tmp_path: Path,
) -> None:
    """Nobody touches the page from the first click on; it sends on what was not acknowledged."""
    erika = await world.patient("Erika Beispiel", birth_date=date(1956, 4, 1), sex="F")
    name, value, _ = cookie(erika)
    files = slices(24, size=1000)
    for number, data in enumerate(files):
        write(tmp_path / "CD" / f"IM{number}", data)
    async with browsing() as browser:
        context = await browser.new_context(**DESKTOP)
        page = await context.new_page()
        share = page.locator("[data-overall] [data-progress-share]")
        async with served(settings, unused_tcp_port) as server:
            url = server.url
            await context.add_cookies([{"name": name, "value": value, "url": url}])
            await page.goto(f"{url}/upload")
            await choose(page, tmp_path / "CD")
            await page.get_by_role("button", name="Upload", exact=True).click()
            await expect(share).not_to_have_text("0 %", timeout=30_000)
            server.kill()
        await expect(page.get_by_text("It goes on by itself")).to_be_visible(timeout=30_000)
        async with served(settings, unused_tcp_port):
            done = page.get_by_role("heading", name="Finished")
            await expect(done).to_be_visible(timeout=60_000)
            told = await page.locator("[data-done-words]").inner_text()
        await context.close()

    assert sum(int(part.split()[0]) for part in told.split(", ")) == len(files)
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    assert await originals_of(shelf, erika.actor) == set(files)


@pytest.fixture
def cookie(settings: Settings) -> Cookie:
    """The cookie and form token of somebody's browser."""
    from portal.core.web import cookie_name

    def of(person: object) -> tuple[str, str, str]:
        name = cookie_name(settings)
        value = person.browser.cookie(name)  # type: ignore[attr-defined]
        return name, value, keys.csrf_token(value)

    return of
