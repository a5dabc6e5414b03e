"""T12: a session that ends, however it ends, is over for the next request and every open socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import aiohttp
import pytest
import socketio
from socketio.exceptions import ConnectionError as NoConnection

from portal import keys
from portal.core.db import now
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.keys.models import Session
from tests.accounts.losing import forgets
from tests.people import PASSWORD, Browser, Person, World
from tests.serving import another_process

LATEST: Final = 1.0
"""Seconds from the moment a session has ended until its socket hears that it is closed."""
JSON: Final = {"Accept": "application/json"}

Ending = Callable[[World, Person, Browser], Awaitable[object]]


async def signs_out(_world: World, _person: Person, device: Browser) -> None:
    assert (await device.post("/sign-out")).status_code == 303


async def changes_the_password_elsewhere(world: World, person: Person, _device: Browser) -> None:
    _, other = await world.signs_in(person.mail)
    form = {"present": PASSWORD, "password": f"{PASSWORD} indeed"}
    assert (await other.post("/profile/password", form=form)).status_code == 303
    back = {"present": form["password"], "password": PASSWORD}
    assert (await other.post("/profile/password", form=back)).status_code == 303


async def all_are_ended(_world: World, person: Person, _device: Browser) -> None:
    await keys.end_sessions(person.actor.id)


async def twelve_hours_pass(_world: World, person: Person, _device: Browser) -> None:
    late = now() - timedelta(seconds=1)
    await Session.filter(principal=person.actor.id).update(abs_exp=late)


async def nothing_is_done_for_long(_world: World, person: Person, _device: Browser) -> None:
    late = now() - timedelta(seconds=1)
    await Session.filter(principal=person.actor.id).update(idle_exp=late)


async def somebody_makes_it_longer_in_the_database(
    _world: World, person: Person, _device: Browser
) -> None:
    """T13: an edited expiry does not keep even what is open already."""
    later = now() + timedelta(hours=2)
    await Session.filter(principal=person.actor.id).update(idle_exp=later)


async def a_backup_without_sessions_is_restored(
    _world: World, person: Person, _device: Browser
) -> None:
    await Session.filter(principal=person.actor.id).delete()


async def signs_in_anew_on_the_same_device(_world: World, person: Person, device: Browser) -> None:
    before = device.cookie("hds")
    answer = await device.post("/sign-in", form={"mail": person.mail, "password": PASSWORD})
    assert answer.status_code == 303
    assert device.cookie("hds") != before


async def forgets_the_password(world: World, person: Person, _device: Browser) -> None:
    assert (await forgets(world, person.mail, person.code, PASSWORD)).status_code == 303


async def secures_the_account_elsewhere(world: World, person: Person, _device: Browser) -> None:
    _, other = await world.signs_in(person.mail)
    answer = await other.post("/profile/secure", form={"present": PASSWORD, "password": ""})
    assert answer.status_code == 200


async def deletes_the_account_elsewhere(world: World, person: Person, _device: Browser) -> None:
    _, other = await world.signs_in(person.mail)
    form = {"present": PASSWORD, "when": "now", "word": "DELETE"}
    assert (await other.post("/profile/delete", form=form)).status_code == 200


async def locks_the_page(_world: World, _person: Person, device: Browser) -> None:
    assert (await device.post("/lock", headers=JSON)).status_code == 204


async def is_ended_from_the_list(world: World, person: Person, device: Browser) -> None:
    _, other = await world.signs_in(person.mail)
    assert device.cookie("hds") != other.cookie("hds")
    assert (await other.post("/profile/sessions/end-others")).status_code == 303


ENDINGS: Final[tuple[Ending, ...]] = (
    signs_out, changes_the_password_elsewhere, all_are_ended, twelve_hours_pass,
    nothing_is_done_for_long, somebody_makes_it_longer_in_the_database,
    a_backup_without_sessions_is_restored,
    signs_in_anew_on_the_same_device, forgets_the_password, secures_the_account_elsewhere,
    locks_the_page, is_ended_from_the_list,
    deletes_the_account_elsewhere,  # the last one: there is nobody to sign in afterwards,
)  # fmt: skip


async def test_whatever_ends_a_session_ends_it_everywhere(world: World, server: str) -> None:
    await whatever_ends_it(world, server, asks)


async def test_whatever_ends_a_session_here_ends_it_in_another_process(
    world: World, server: str, settings: Settings
) -> None:
    """Two running servers on one database, nothing else between them: sockets and pages of one."""
    assert server == settings.public_url
    async with (
        another_process(settings) as there,
        aiohttp.ClientSession(there, cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):

        async def asks_there(_world: World, cookie: str | None) -> int:
            headers = {"Cookie": f"hds={cookie}", **JSON}
            async with http.get("/profile", headers=headers, allow_redirects=False) as answer:
                return answer.status

        await whatever_ends_it(world, there, asks_there)


async def whatever_ends_it(
    world: World, address: str, asks: Callable[[World, str | None], Awaitable[int]]
) -> None:
    """All endings, one after another, for somebody with pages and sockets at *address*."""
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    async with socket(world, ben.browser.cookie("hds"), address) as his:
        for ending in ENDINGS:
            _, device = await world.signs_in(ada.mail)
            cookie = device.cookie("hds")
            async with socket(world, cookie, address) as hers:
                closed = asyncio.Event()
                hers.on("disconnect", closed.set)
                assert await asks(world, cookie) == 200
                await ending(world, ada, device)

                async with asyncio.timeout(LATEST):
                    await closed.wait()
                assert await asks(world, cookie) == 401, ending.__name__
            with pytest.raises(NoConnection):
                async with socket(world, cookie, address):
                    pass
        assert hers.connected is False
        assert his.connected, "somebody else's socket was ended"
    assert (await ben.browser.get("/profile")).status_code == 200


async def asks(world: World, cookie: str | None) -> int:
    """A request with the cookie as it was, whatever its browser was told meanwhile."""
    thief = world.browser()
    answer = await thief.get("/profile", headers={"Cookie": f"hds={cookie}", **JSON})
    return answer.status_code


@pytest.mark.one_engine
@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_no_other_page_opens_a_socket(world: World, server: str, origin: str | None) -> None:
    """T38, for the handshake: also when a browser or a program names no origin at all."""
    ada = await world.physician("Ada Ahrens")

    with pytest.raises(NoConnection):
        async with socket(world, ada.browser.cookie("hds"), server, origin=origin):
            pass


@asynccontextmanager
async def socket(
    world: World, cookie: str | None, server: str, *, origin: str | None = ""
) -> AsyncIterator[socketio.AsyncClient]:
    """An open socket with a session's cookie, from our own page unless *origin* says else."""
    headers = {"Cookie": f"{cookie_name(world.settings)}={cookie}"}
    if origin is not None:
        headers["Origin"] = origin or world.settings.origin
    client = socketio.AsyncClient(reconnection=False)
    try:
        await client.connect(server, headers=headers, transports=["websocket"])
        yield client
    finally:
        await client.disconnect()
        if client.eio.http is not None:
            await client.eio.http.close()
