"""Nobody who is signed in takes the memory, or the tables, that everybody needs."""

import asyncio
from uuid import UUID, uuid4

import pytest
from quart import Response

from portal import edge, studies
from portal.core.actor import AccountId, Actor
from portal.core.errors import Busy
from portal.edge import paces
from portal.studies import parts, receipts, uploads
from portal.studies.errors import TooManyParts, TooManyUploads, UploadLong
from portal.studies.models import Upload, UploadPart
from portal.studies.requests import PartTurnstile
from tests.people import Person, World


def accounts(number: int) -> list[AccountId]:
    return [AccountId(uuid4()) for _ in range(number)]


async def test_one_account_has_few_parts_at_once_and_others_still_get_in() -> None:
    door, (erika, ben) = PartTurnstile(each=2, all_=3), accounts(2)

    with await door.through(erika), await door.through(erika):
        with pytest.raises(TooManyParts) as refused:
            await door.through(erika)
        assert refused.value.details["retry_after"] == 1
        with await door.through(ben):
            pass
    assert not door._inside, "nobody is remembered who is gone"
    assert not door._waiting


async def test_two_accounts_with_slow_lines_keep_nobody_out() -> None:
    door, (slow, slower, erika, ben) = PartTurnstile(patience=5), accounts(4)
    held = [asyncio.create_task(door.through(who)) for who in [slow] * 6 + [slower] * 6]
    await asyncio.sleep(0)

    assert door._inside == {slow: 4, slower: 2}, "the others of theirs wait"
    async with asyncio.timeout(1):
        with await door.through(erika), await door.through(ben):
            assert door._inside.total() == 8
    for each in held:
        each.cancel()
    await asyncio.gather(*held, return_exceptions=True)


async def test_the_three_parts_of_a_browser_are_read_together_also_beside_another() -> None:
    door, (erika, ben) = PartTurnstile(), accounts(2)
    for who in [erika, ben] * 3:
        await door.through(who)

    assert door._inside == {erika: 3, ben: 3}


async def test_a_free_place_goes_to_whoever_has_fewest() -> None:
    door, (erika, ben), got = PartTurnstile(each=6, all_=3), accounts(2), list[str]()

    async def sends(name: str, account: AccountId, done: asyncio.Event) -> None:
        with await door.through(account):
            got.append(name)
            await done.wait()

    ends = [asyncio.Event() for _ in range(6)]
    stories = [("e1", erika), ("e2", erika), ("e3", erika), ("e4", erika), ("b1", ben), ("b2", ben)]
    work = []
    for (name, who), end in zip(stories, ends, strict=True):
        work.append(asyncio.create_task(sends(name, who, end)))
        await asyncio.sleep(0)
    assert got == ["e1", "e2", "b1"], "Ben has none, and came later than two of Erika's"
    for end in ends:
        end.set()
        await asyncio.sleep(0.01)
    await asyncio.gather(*work)

    assert sorted(got) == ["b1", "b2", "e1", "e2", "e3", "e4"]


async def test_whoever_waits_too_long_is_told_to_come_again() -> None:
    door, (erika, ben, cem) = PartTurnstile(all_=1, waiting=1, patience=0.02), accounts(3)

    with await door.through(erika):
        waits = asyncio.create_task(door.through(ben))
        await asyncio.sleep(0)
        with pytest.raises(TooManyParts):
            await door.through(cem)
        with pytest.raises(TooManyParts) as late:
            await waits
        assert late.value.details["retry_after"] == 2
        gone = asyncio.create_task(door.through(cem))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    with await door.through(ben):
        assert door._inside.total() == 1
    assert not door._inside
    assert not door._waiting


async def test_open_uploads_are_counted_and_one_that_goes_on_is_let_in(
    shelf: studies.Shelf, erika: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    first = uuid4()
    begun = await studies.begin_upload(shelf, erika, first)
    await studies.begin_upload(shelf, erika, uuid4())

    with pytest.raises(TooManyUploads):
        await studies.begin_upload(shelf, erika, uuid4())

    assert (await studies.begin_upload(shelf, erika, first)).id == begun.id
    await uploads.finish(shelf, erika, begun.id)
    await studies.begin_upload(shelf, erika, uuid4())


async def test_uploads_begun_all_at_once_are_counted_one_by_one(
    shelf: studies.Shelf, erika: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 5)

    begun = await asyncio.gather(
        *(studies.begin_upload(shelf, erika, uuid4()) for _ in range(20)), return_exceptions=True
    )

    assert sum(isinstance(each, TooManyUploads) for each in begun) == 15
    assert await Upload.filter(owner=erika.id).count() == 5


async def test_answers_kept_for_parts_are_counted_for_all_uploads(
    shelf: studies.Shelf, erika: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that are refused cost no space, but their answers are kept: so these are counted."""
    monkeypatch.setattr(receipts, "MOST_ANSWERS", 3)
    first, second = [(await studies.begin_upload(shelf, erika, uuid4())).id for _ in range(2)]

    async def send(upload: UUID, number: int) -> studies.PartReceipt:
        body = parts.build([(number, b"no image, number %d" % number)])
        return await studies.receive_part(shelf, erika, upload, number, body)

    await send(first, 1)
    told = await send(first, 2)
    await send(second, 1)
    for upload in (first, second):
        with pytest.raises(UploadLong):
            await send(upload, 3)
    assert await send(first, 2) == told, "what was answered is answered again"
    assert await UploadPart.all().count() == 3

    await uploads.finish(shelf, erika, first)
    await send(second, 3)


async def test_answers_are_counted_when_parts_come_at_once(
    shelf: studies.Shelf, erika: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MOST_ANSWERS", 3)
    upload = (await studies.begin_upload(shelf, erika, uuid4())).id
    bodies = [parts.build([(number, b"no image %d" % number)]) for number in range(8)]

    sent = await asyncio.gather(
        *(
            studies.receive_part(shelf, erika, upload, number, body)
            for number, body in enumerate(bodies)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(each, UploadLong) for each in sent) == 5
    assert await UploadPart.filter(upload=upload).count() == 3


async def test_questions_of_one_account_have_a_pace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks too fast is told when to come again, and others do not notice."""
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Beispiel")
    accepts = {"Accept": "application/json"}
    monkeypatch.setattr(paces, "monotonic", lambda: 100.0)

    async def asks(person: Person, number: int) -> Response:
        body = {"fingerprints": ["00" * 32] * number}
        return await person.browser.post("/uploads/known", json=body, headers=accepts)

    answers = [await asks(erika, 5000) for _ in range(12)]

    refused = next(each for each in answers if each.status_code == 429)
    assert answers[0].status_code == 200
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await refused.get_json())["retry_after"] == int(refused.headers["Retry-After"])
    assert (await asks(ben, 5000)).status_code == 200
    named = {"instances": [["1.2", "1.3"]] * 5000}
    answer = await erika.browser.post("/uploads/named", json=named, headers=accepts)
    assert answer.status_code == 429


def test_a_pace_lets_through_what_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    pace, moment = edge.Pace(a_second=2, at_once=4), 100.0
    monkeypatch.setattr(paces, "monotonic", lambda: moment)
    for _ in range(4):
        pace.take("erika")
    with pytest.raises(Busy) as refused:
        pace.take("erika", 3)
    assert refused.value.details["retry_after"] == 2
    pace.take("ben")
    moment += 1.5
    pace.take("erika", 3)
    with pytest.raises(Busy):
        pace.take("erika")
