"""The space of an account is exact, also when many parts come at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from portal import documents, storing, studies
from portal.core.actor import Actor
from portal.storing import QuotaFull
from portal.studies import parts

Person = Callable[..., Awaitable[Actor]]
AT_ONCE = 5


def _paper(number: int) -> bytes:
    """As large as every other, and nothing that a child could draw."""
    return b"%PDF-1.4\n" + f"{number:04}".encode() * 500


async def _sends(shelf: studies.Shelf, actor: Actor, number: int) -> studies.PartReceipt:
    upload = (await studies.begin_upload(shelf, actor, uuid4())).id
    return await studies.receive_part(shelf, actor, upload, 1, parts.build([(0, _paper(number))]))


async def _used(shelf: studies.Shelf, actor: Actor) -> int:
    return (await storing.space(actor.id, shelf.free_quota)).used


@pytest.mark.parametrize(("short_by", "fit"), [(0, 3), (1, 2)])
async def test_parts_that_race_for_the_last_byte_fill_the_space_exactly(
    shelf: studies.Shelf, person: Person, short_by: int, fit: int
) -> None:
    """Room for three to the byte, or for one byte less: five come at once, each in an upload."""
    other, erika = await person(), await person()
    await _sends(shelf, other, 0)
    each = await _used(shelf, other)
    room = 3 * each - short_by
    small = replace(shelf, free_quota=room, desk=replace(shelf.desk, free_quota=room))

    answers = await asyncio.gather(
        *(_sends(small, erika, number) for number in range(AT_ONCE)), return_exceptions=True
    )

    kept = [answer for answer in answers if isinstance(answer, studies.PartReceipt)]
    refused = [answer for answer in answers if isinstance(answer, QuotaFull)]
    assert (len(kept), len(refused)) == (fit, AT_ONCE - fit), answers
    assert await _used(small, erika) == fit * each <= room
    assert len(await documents.mine(erika)) == fit
