"""Nobody who is signed in takes the memory, or the tables, that everybody needs."""

import asyncio
from uuid import uuid4

import pytest

from portal import studies
from portal.core.actor import AccountId, Actor
from portal.studies import uploads
from portal.studies.errors import TooManyParts, TooManyUploads
from portal.studies.models import Upload
from portal.studies.requests import Turnstile


def test_one_account_has_few_parts_read_at_once_and_others_still_get_in() -> None:
    door, erika, ben = Turnstile(each=2, all_=3), AccountId(uuid4()), AccountId(uuid4())

    with door.through(erika), door.through(erika):
        with pytest.raises(TooManyParts) as refused, door.through(erika):
            pass
        assert refused.value.details["retry_after"] == 1
        with door.through(ben), pytest.raises(TooManyParts), door.through(ben):
            pass
    with door.through(erika):
        assert door._inside.total() == 1
    assert not door._inside, "nobody is remembered who is gone"


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
