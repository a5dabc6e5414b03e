"""
An upload that was cut off goes on: after a reload, a new sign-in, or on another computer.

Whole files are known by their content; what was half sent of a large one moves to the next upload.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal import storing, studies
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Invalid
from portal.studies import parts, resuming
from portal.studies.access import LIFETIME
from portal.studies.errors import UploadOver
from portal.studies.expiring import forget_expired
from portal.studies.models import Upload, UploadPiece
from portal.studies.notes import read_plan
from portal.studies.resuming import Stretch
from tests.people import World
from tests.studies.reading import originals_in

Slices = Callable[..., list[bytes]]

ABOUT = "ab" * 32


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than this is a large file."""
    monkeypatch.setattr(parts, "PIECE", 3200)


@pytest.fixture
def image(slices: Slices) -> bytes:
    """An image of three pieces."""
    (made,) = slices(1, size=64)
    assert parts.pieces(len(made)) == 3
    return made


async def begins(shelf: studies.Shelf, actor: Actor, about: str = ABOUT) -> UUID:
    plan = read_plan({"files": 3, "bytes": 4711, "about": about})
    return (await studies.begin_upload(shelf, actor, uuid4(), plan=plan)).id


async def sends(
    shelf: studies.Shelf, actor: Actor, upload: UUID, data: bytes, *places: int, file: int = 0
) -> studies.PartReceipt:
    """Sends these pieces and tells what the last one was told."""
    bodies = parts.build_pieces(file, data)
    told = studies.PartReceipt()
    for place in places:
        told = await studies.receive_part(shelf, actor, upload, 100 * file + place, bodies[place])
    return told


def stretch(data: bytes, file: int = 0) -> Stretch:
    return Stretch(file, len(data), 0, tuple(parts.digests(data)))


async def test_what_was_half_sent_is_not_sent_again(
    shelf: studies.Shelf, erika: Actor, image: bytes
) -> None:
    first = await begins(shelf, erika)
    await sends(shelf, erika, first, image, 0, 1)
    before = await storing.space(erika.id, shelf.free_quota)

    second = await begins(shelf, erika)
    there = await resuming.pieces_there(shelf, erika, second, stretch(image, file=5))

    assert there == (0, 1)
    assert await storing.space(erika.id, shelf.free_quota) == before, "counted once"
    assert await UploadPiece.filter(upload=first).count() == 0
    told = await sends(shelf, erika, second, image, 2, file=5)
    assert told.kept == (5,)
    assert await UploadPiece.all().count() == 0
    (study,) = told.studies
    assert await originals_in(await studies.open_own(shelf, erika, study)) == {image}


async def test_whoever_has_no_room_left_goes_on_all_the_same(
    shelf: studies.Shelf, erika: Actor, image: bytes
) -> None:
    """A piece that moves needs no room twice."""
    first = await begins(shelf, erika)
    await sends(shelf, erika, first, image, 0, 1)
    used = (await storing.space(erika.id, shelf.free_quota)).used
    tight = replace(shelf, free_quota=used, assembler=type(shelf.assembler)(shelf.boxes, used))
    second = await begins(tight, erika)

    there = await resuming.pieces_there(tight, erika, second, stretch(image))

    assert there == (0, 1)
    assert (await storing.space(erika.id, used)).free == 0


async def test_other_content_other_people_and_twins_keep_their_pieces(
    shelf: studies.Shelf, erika: Actor, person: Callable[..., Awaitable[Actor]], image: bytes
) -> None:
    first = await begins(shelf, erika)
    await sends(shelf, erika, first, image, 0)
    changed = image[:-1] + bytes([image[-1] ^ 1])
    max_ = await person()
    foreign = await begins(shelf, max_)

    assert await resuming.pieces_there(shelf, erika, first, stretch(image, file=1)) == ()
    assert await resuming.pieces_there(shelf, max_, foreign, stretch(image)) == ()
    with pytest.raises(UploadOver):
        await resuming.pieces_there(shelf, max_, first, stretch(image))
    assert await UploadPiece.filter(upload=first).count() == 1
    second = await begins(shelf, erika)
    await sends(shelf, erika, first, image, 1, 2)
    assert await resuming.pieces_there(shelf, erika, second, stretch(changed)) == ()


async def test_nonsense_about_pieces_is_the_senders_fault(
    shelf: studies.Shelf, erika: Actor, image: bytes
) -> None:
    upload, good = await begins(shelf, erika), stretch(image)
    for wrong in (
        replace(good, total=100),
        replace(good, total=parts.FILE + 1),
        replace(good, first=-1),
        replace(good, first=1),
        replace(good, file=parts.FILES),
        replace(good, total=3200 * 100, digests=good.digests * 6),
    ):
        with pytest.raises(Invalid):
            await resuming.pieces_there(shelf, erika, upload, wrong)


async def test_an_upload_lives_as_long_as_somebody_goes_on_with_it(
    shelf: studies.Shelf, erika: Actor, image: bytes
) -> None:
    """A slow line takes longer than the two days after which nobody is waited for."""
    upload = await begins(shelf, erika)
    soon = now() + timedelta(minutes=1)
    await Upload.filter(id=upload).update(expires_at=soon)

    await sends(shelf, erika, upload, image, 0)

    assert await forget_expired(soon + timedelta(hours=47)) == 0
    assert (await Upload.get(id=upload)).expires_at > soon + LIFETIME - timedelta(hours=1)
    assert (await sends(shelf, erika, upload, image, 1, 2)).kept == (0,)


async def test_what_was_begun_is_offered_until_the_very_same_was_finished(
    shelf: studies.Shelf, erika: Actor, image: bytes
) -> None:
    first, other = await begins(shelf, erika), await begins(shelf, erika, "cd" * 32)
    assert await resuming.begun_uploads(erika) == [], "nothing arrived of them"
    await sends(shelf, erika, first, image, 0)
    await sends(shelf, erika, other, image, 0, file=1)
    offered = await resuming.begun_uploads(erika)
    assert [each.id for each in offered] == [other, first]
    assert {(each.files, each.size) for each in offered} == {(3, 4711)}

    again = await begins(shelf, erika)
    await studies.finish(shelf, erika, again)
    assert [each.id for each in await resuming.begun_uploads(erika)] == [other]

    await resuming.give_up(erika, other)
    assert await resuming.begun_uploads(erika) == []
    assert await UploadPiece.all().count() == 0
    assert (await storing.space(erika.id, shelf.free_quota)).used == 0


async def test_the_page_offers_it_and_takes_no_for_an_answer(world: World, image: bytes) -> None:
    """Also without scripts: it is a page with a form."""
    person = await world.patient("Erika Beispiel")
    plan: dict[str, Any] = {"files": 3, "bytes": 5 * 2**20, "about": ABOUT}
    begin = {"client": str(uuid4()), "plan": plan}
    asks = {"Accept": "application/json"}
    begun = await (await person.browser.post("/uploads", json=begin, headers=asks)).get_json()
    path = f"/uploads/{begun['id']}"
    body = parts.build_pieces(0, image)[0]
    answer = await person.browser.put(f"{path}/parts/1", data=body, headers=asks)
    assert answer.status_code == 200
    page = await (await person.browser.get("/upload")).get_data(as_text=True)
    assert "An upload of 3 files (5.0\u00a0MB)" in page

    answer = await person.browser.post(f"{path}/give-up", form={})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/upload")
    page = await (await person.browser.get("/upload")).get_data(as_text=True)
    assert "data-begun" not in page
    lies: list[Any] = [
        [1],
        *(plan | lie for lie in ({"files": 0}, {"about": "ab"}, {"bytes": -1}, {"about": 7})),
    ]
    for wrong in lies:
        sent = {"client": str(uuid4()), "plan": wrong}
        answer = await person.browser.post("/uploads", json=sent, headers=asks)
        assert answer.status_code == 422
