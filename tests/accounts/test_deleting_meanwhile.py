"""An account that ends in the middle of its own uploads: nothing is left that nobody can open."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from quart import Quart

from cases import communities
from portal import keys, storing, studies
from portal.accounts import unverified
from portal.accounts.ending import leaving
from portal.accounts.entrance import registering
from portal.accounts.models import Account
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Conflict, Gone, SignInNeeded
from portal.core.web import cookie_name
from portal.keys import actor_by_cookie
from portal.keys.models import LocalKey
from portal.notices import sweeping
from portal.storing import Boxes
from portal.storing.models import StoredObject, Usage
from portal.studies import parts
from portal.studies.models import (
    Instance,
    Segment,
    Study,
    Upload,
    UploadFate,
    UploadPart,
    UploadPiece,
)
from tests.accounts.test_entering import enters
from tests.people import World
from tests.scanning import scan_for_ids
from tests.viewer.dicom.making import dataset, written

REFUSED = (SignInNeeded, Conflict, Gone)


def images(studies_: int) -> list[tuple[int, bytes]]:
    """One image each of so many examinations."""
    made = (
        dataset(StudyInstanceUID=f"2.25.{number}", SOPInstanceUID=f"2.25.9{number}")
        for number in range(1, studies_ + 1)
    )
    return [(number, written(each)) for number, each in enumerate(made)]


def at_write(number: int, monkeypatch: pytest.MonkeyPatch, happens: Any) -> list[Any]:
    """Begins what *happens* while the given object is written; the tasks that were begun."""
    real, begun, writes = Boxes.write, list[Any](), list[int]()

    async def write(self: Boxes, *given: Any, **more: Any) -> Any:
        writes.append(1)
        if len(writes) == number:
            begun.append(asyncio.create_task(happens()))
        return await real(self, *given, **more)

    monkeypatch.setattr(Boxes, "write", write)
    return begun


async def nothing_is_left(world: World, shelf: studies.Shelf, actor: Actor) -> None:
    tables = (Study, Instance, Segment, Upload, UploadPart, UploadFate, UploadPiece, LocalKey)
    for table in tables:
        assert not await table.all().exists(), table.__name__
    assert not await StoredObject.filter(gone_at=None).exists()
    await storing.sweep(shelf.store, at=now() + timedelta(minutes=11))
    # An object that was about to be written when the account ended counts until it is swept.
    assert not await StoredObject.all().exists()
    assert not await Usage.all().exists()
    await sweeping.sweep(now())  # news that was on its way when the account ended
    assert await scan_for_ids(world, [actor.id]) == []


@pytest.mark.parametrize("write", [1, 2, 3])
async def test_a_deletion_in_the_middle_of_a_part_leaves_no_row_without_a_key(
    world: World, app: Quart, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    erika = await world.patient("Erika Beispiel")
    upload = (await studies.begin_upload(shelf, erika.actor, uuid4())).id
    begun = at_write(write, monkeypatch, lambda: leaving.end(erika.actor.id, "delete"))

    body = parts.build(images(3))
    part = studies.receive_part(shelf, erika.actor, upload, 1, body)
    (answer,) = await asyncio.gather(part, return_exceptions=True)
    await asyncio.gather(*begun)

    assert begun, "the account did not end in the middle"
    assert not isinstance(answer, BaseException) or isinstance(answer, REFUSED), repr(answer)
    await nothing_is_left(world, shelf, erika.actor)


async def test_four_weeks_are_over_in_the_middle_of_a_part(
    world: World, app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    cookie = (await enters(world)).cookie(cookie_name(world.settings))
    actor = await actor_by_cookie(cookie or "")
    assert actor is not None
    upload = (await studies.begin_upload(shelf, actor, uuid4())).id
    await Account.all().update(created_at=now() - unverified.LIFE)
    begun = at_write(2, monkeypatch, registering.forget_unactivated)

    part = studies.receive_part(shelf, actor, upload, 1, parts.build(images(2)))
    (answer,) = await asyncio.gather(part, return_exceptions=True)

    assert await asyncio.gather(*begun) == [1]
    assert not isinstance(answer, BaseException) or isinstance(answer, REFUSED), repr(answer)
    await nothing_is_left(world, shelf, actor)


async def test_who_is_gone_begins_no_upload(world: World, app: Quart) -> None:
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    erika = await world.patient("Erika Beispiel")
    with_session = erika.actor
    await leaving.end(with_session.id, "delete")

    with pytest.raises(SignInNeeded):
        await studies.begin_upload(shelf, with_session, uuid4())

    assert not await Upload.exists()


async def test_a_study_is_never_committed_after_its_account_is_gone(
    world: World, app: Quart
) -> None:
    """Three parts at once against one deletion."""
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    erika = await world.patient("Erika Beispiel")
    upload = (await studies.begin_upload(shelf, erika.actor, uuid4())).id
    sent = images(6)

    answers = await asyncio.gather(
        *(
            studies.receive_part(
                shelf, erika.actor, upload, number, parts.build(sent[number * 2 : number * 2 + 2])
            )
            for number in range(3)
        ),
        _soon(erika.actor),
        return_exceptions=True,
    )

    refused = [each for each in answers if isinstance(each, BaseException)]
    assert all(isinstance(each, REFUSED) for each in refused), refused
    await nothing_is_left(world, shelf, erika.actor)


async def _soon(actor: Actor) -> None:
    await asyncio.sleep(0.05)
    await leaving.end(actor.id, "delete")


async def test_joining_a_community_and_ending_at_once_do_not_wait_for_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joining has the community and asks for the account, ending the other way round."""
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)
    hold = keys.hold

    async def slowly(actor: Actor) -> None:
        await asyncio.sleep(0.3)
        await hold(actor)

    monkeypatch.setattr(keys, "hold", slowly)

    async def ends() -> None:
        await asyncio.sleep(0.15)
        await leaving.end(ben.actor.id, "delete")

    joined, ended = await asyncio.gather(
        communities.accept(ben.actor, asked), ends(), return_exceptions=True
    )

    assert joined == board or isinstance(joined, REFUSED), repr(joined)
    assert ended is None, repr(ended)
    await sweeping.sweep(now())
    assert await scan_for_ids(world, [ben.actor.id]) == []
    assert [each.who.name for each in await communities.members(ada.actor, board)] == [ada.name]
