"""A body is read when somebody asks for it, in bounds of size, number and time."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from quart import Quart

from portal import edge
from portal.core.errors import Busy
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.edge import bodies
from portal.studies.requests import PARTS_ALL
from tests.edge.asking import CHUNK, Asked
from tests.people import PASSWORD, Person, World

pytestmark = pytest.mark.one_engine

LARGE = [CHUNK] * 120
MIB = 1024 * 1024


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


def headers_of(person: Person, settings: Settings, **more: str) -> dict[str, str]:
    cookie = person.browser.cookie(cookie_name(settings))
    mine = {
        "Cookie": f"{cookie_name(settings)}={cookie}",
        "Origin": settings.origin,
        "X-HDS-CSRF": person.browser.csrf,
        "Accept": "application/json",
        "Transfer-Encoding": "chunked",
    }
    return mine | more


def form(settings: Settings, **more: str) -> dict[str, str]:
    return {
        "Origin": settings.origin,
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Transfer-Encoding": "chunked",
    } | more


async def test_nothing_of_a_body_is_read_for_whoever_may_not_send_it(
    app: Quart, settings: Settings, erika: Person
) -> None:
    part = f"/uploads/{uuid4()}/parts/1"
    mine = headers_of(erika, settings)
    stories = {
        "no session": (401, "PUT", part, mine | {"Cookie": "", "X-HDS-CSRF": ""}),
        "another site": (403, "PUT", part, mine | {"Origin": "https://elsewhere.example"}),
        "no token": (403, "PUT", part, mine | {"X-HDS-CSRF": ""}),
        "no such address": (404, "POST", "/nowhere", mine),
        "no such verb": (422, "PUT", "/uploads", mine),
        "a stranger's part": (401, "PUT", part, form(settings)),
        "a page": (200, "GET", "/profile", mine),
        "no web socket": (404, "POST", "/socket.io/", mine),
    }
    for name, (status, method, path, headers) in stories.items():
        asked = await Asked(method, path, headers, list(LARGE), ends=False)(app)
        assert (asked.status, asked.taken) == (status, 0), name


async def test_parts_that_find_no_place_are_not_read(
    app: Quart, settings: Settings, world: World
) -> None:
    """However many come at once, no more than the places are taken out of their connections."""
    people = [await world.patient(f"Erika {letter}") for letter in "ABCDEFGHIJKLMNO"]
    parts_ = [
        Asked("PUT", f"/uploads/{uuid4()}/parts/1", headers_of(each, settings), [CHUNK], ends=False)
        for each in people
        for _ in range(10)
    ]
    work = [asyncio.create_task(each(app)) for each in parts_]
    refused = len(people) * (10 - 6)
    async with asyncio.timeout(30):
        while sum(each.status == 429 for each in parts_) < refused:
            await asyncio.sleep(0.02)

    being_read = [each for each in parts_ if each.taken]
    assert len(being_read) == PARTS_ALL
    assert not any(each.status for each in being_read)
    told = next(each for each in parts_ if each.status == 429)
    assert told.told["retry-after"] == "1"
    assert json.loads(told.said)["error"] == "too_many_parts"
    for each in work:
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)


async def test_what_strangers_send_is_short(app: Quart, settings: Settings) -> None:
    announced = form(settings) | {"Content-Length": "65537"}
    del announced["Transfer-Encoding"]
    asked = await Asked("POST", "/sign-in", announced, list(LARGE), ends=False)(app)
    assert (asked.status, asked.taken) == (413, 0)

    endless = await Asked("POST", "/sign-in", form(settings), list(LARGE), ends=False)(app)
    assert endless.status == 413
    assert endless.taken <= 4 * len(CHUNK)


async def test_what_somebody_signed_in_sends_is_bounded_too(
    app: Quart, settings: Settings, erika: Person
) -> None:
    mine = headers_of(erika, settings, **{"Content-Type": "application/json"})

    asked = await Asked("POST", "/uploads/known", mine, list(LARGE), ends=False)(app)

    assert asked.status == 413
    assert asked.taken <= 1024 * 1024 + 2 * len(CHUNK)


async def test_a_form_has_few_fields_and_no_file(app: Quart, settings: Settings) -> None:
    many = b"&".join(b"a=1" for _ in range(1001))
    assert (await Asked("POST", "/sign-in", form(settings), [many])(app)).status == 422

    multipart = form(settings, **{"Content-Type": "multipart/form-data; boundary=x"})
    file = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n'
    assert (await Asked("POST", "/sign-in", multipart, [file])(app)).status == 413
    parts_of_it = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nc\r\n' for _ in range(1001)
    )
    asked = await Asked("POST", "/sign-in", multipart, [parts_of_it + b"--x--\r\n"])(app)
    assert asked.status in {413, 422}


async def test_a_body_that_drips_is_given_up(
    app: Quart, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies.Body, "patience", edge.Patience(start=0.05))

    asked = await Asked("POST", "/sign-in", form(settings), [b"mail="], ends=False)(app)

    assert asked.status == 429
    assert json.loads(asked.said)["error"] == "too_slow"
    assert app.config["BODY_TIMEOUT"] is None, "a second clock ends what is slow and honest"


def test_what_came_fast_gains_time_and_what_stands_still_does_not() -> None:
    patience = edge.Patience(start=10, slowest=8192, idle=30, total=120)

    assert patience.until(begun=100, came=0, moment=100) == 110
    assert patience.until(begun=100, came=81_920, moment=105) == 120, "ten seconds more for them"
    assert patience.until(begun=100, came=1 << 20, moment=101) == 131, "nobody stands still long"
    assert patience.until(begun=100, came=1 << 20, moment=215) == 220
    assert edge.Patience().until(begun=100, came=1 << 20, moment=215) == 238


def test_bytes_held_at_once_are_counted_by_sender_and_given_back() -> None:
    stock = bodies.Stock(most=10, each=6, small=6, reserved=0)
    stock.take("erika", 6)
    with pytest.raises(Busy):
        stock.take("erika", 1)
    with pytest.raises(Busy):
        stock.take("ben", 5)
    stock.give("erika", 6)
    stock.take("ben", 5)
    stock.give("ben", 5)
    assert not stock._held


def greedy(stock: bodies.Stock, sender: str) -> int:
    """Takes all that *sender* gets; how much that is."""
    taken = 0
    with suppress(Busy):
        while True:
            stock.take(sender, MIB // 16)
            taken += MIB // 16
    return taken


def test_one_person_alone_gets_four_mebibytes() -> None:
    assert greedy(bodies.Stock(), "erika") == 4 * MIB


def test_the_fuller_the_less_for_each_and_sixteen_leave_room_for_others() -> None:
    stock = bodies.Stock()

    taken = [greedy(stock, f"thief {number}") for number in range(16)]

    assert taken == sorted(taken, reverse=True)
    assert greedy(stock, "erika") >= MIB * 7 // 8


def test_a_short_form_finds_room_where_two_hundred_have_taken_all_they_can() -> None:
    stock = bodies.Stock()
    for number in range(200):
        greedy(stock, f"thief {number}")

    stock.take("erika", bodies.SMALL)
    with pytest.raises(Busy):
        stock.take("erika", 1)


async def test_people_who_stand_still_keep_nobody_from_writing(
    app: Quart, settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    thieves = [await world.patient(f"Person {letter}") for letter in "ABCDEFGHIJKLMNOP"]
    erika = await world.patient("Erika Beispiel")
    portal: edge.Edge = app.asgi_app  # type: ignore[assignment]
    kind, long = {"Content-Type": "application/json"}, bytes(MIB - 16)
    stuck = [
        asyncio.create_task(
            Asked("POST", "/uploads", headers_of(each, settings, **kind), [long], ends=False)(app)
        )
        for each in thieves
        for _ in range(4)
    ]

    def come() -> int:
        return sum(each.done() for each in stuck) + portal._stock._held.total() // len(long)

    async with asyncio.timeout(30):
        while come() < len(stuck):
            await asyncio.sleep(0.02)

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    wish = b"language=de&theme=dark&next=/" + b"a" * 60_000
    wishes = await Asked("POST", "/preferences", headers_of(erika, settings, **kind), [wish])(app)
    assert wishes.status == 303
    who = urlencode({"mail": erika.mail, "password": PASSWORD}).encode()
    signs_in = await Asked("POST", "/sign-in", form(settings), [who])(app)
    assert signs_in.status == 303
    for each in stuck:
        each.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)


async def test_a_request_gives_back_what_it_held(app: Quart, settings: Settings) -> None:
    edge_: edge.Edge = app.asgi_app  # type: ignore[assignment]
    edge_._stock = bodies.Stock(most=100, each=40, reserved=0)
    long = b"mail=" + b"a" * 50

    assert (await Asked("POST", "/sign-in", form(settings), [long])(app)).status == 429
    for _ in range(5):
        asked = await Asked("POST", "/sign-in", form(settings), [b"mail=a&password=b"])(app)
        assert asked.status == 422
    assert not edge_._stock._held


async def test_no_body_but_a_part_may_be_long(app: Quart, settings: Settings, world: World) -> None:
    erika = await world.physician("Erika Beispiel")
    board = await erika.founds("Board")
    case = await erika.opens("Nodule", in_=board)
    forms = (
        "/sign-in", "/register", "/forgotten", "/preferences", "/profile", "/profile/password",
        f"/communities/{board}/cases", f"/cases/{case}/edit",
    )  # fmt: skip
    kinds = dict.fromkeys(forms, "application/x-www-form-urlencoded")
    kinds |= dict.fromkeys(("/uploads", "/uploads/identity"), "application/json")
    for address, kind in kinds.items():
        mine = headers_of(erika, settings, **{"Content-Type": kind})
        long = await Asked("POST", address, mine, [CHUNK] * 32)(app)
        assert long.status == 413, address
        assert long.taken <= 1024 * 1024 + 2 * len(CHUNK), address
