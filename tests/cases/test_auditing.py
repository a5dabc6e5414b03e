"""The hourly audit finds what somebody with the database at hand has changed (T14)."""

from uuid import uuid4

import pytest

from cases import auditing
from cases.models import Case, Community, Member
from portal import studies
from portal.keys.models import PrincipalKey, Seal
from portal.studies.models import Study
from tests.people import World


@pytest.mark.tampers
async def test_what_can_be_opened_and_who_belongs_are_compared(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada, ben = await world.physician("Ada Lindqvist"), await world.physician("Ben Okafor")
    eve = await world.physician("Eve Evans")
    sound, board = await ada.founds("Sound Board"), await ada.founds("Chest Board")
    await ada.invites(ben, board)
    assert await auditing.audit() == []

    seal = await Seal.get(target=board, target_kind="community", holder=ben.actor.id)
    row = await Member.get(community_id=board, account=ben.actor.id)

    # One more reader than members.
    seal.id, seal.holder, seal._saved_in_db = uuid4(), eve.actor.id, False
    await seal.save()
    assert await auditing.audit() == [board]
    await Seal.filter(id=seal.id).delete()
    assert await auditing.audit() == []

    # A seal of a root that is over.
    await Community.filter(id=board).update(epoch=2)
    assert await auditing.audit() == [board]
    await Community.filter(id=board).update(epoch=1)

    # A member whom nobody handed anything.
    row.id, row.account, row._saved_in_db = uuid4(), eve.actor.id, False
    await row.save()
    assert await auditing.audit() == [board]
    await Member.filter(id=row.id).delete()

    # A public key that nobody signed.
    await PrincipalKey.filter(principal=ben.actor.id).update(dir_sig=bytes(32))
    assert await auditing.audit() == [board]

    assert str(board) in caplog.text
    assert str(sound) not in caplog.text
    assert "Chest" not in caplog.text
    assert "Okafor" not in caplog.text


@pytest.mark.tampers
async def test_a_key_that_outlives_what_it_opens_is_found(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada, ben = await world.physician("Ada Lindqvist"), await world.physician("Ben Okafor")
    board = await ada.founds("Chest Board")
    await ada.invites(ben, board)
    kept, shown, lost = [await ada.keeps_a_study() for _ in range(3)]
    case = await ada.opens("Nodule", in_=board, about=[shown])
    assert await studies.stray_keys() == []

    # The rows go, and nobody thinks of the keys: one in her own keeping, one handed over, too.
    await Study.filter(id__in=[lost, shown]).delete()
    assert await studies.stray_keys() == sorted([lost, shown])

    await Case.filter(id=case).delete()
    await Member.filter(community_id=board).delete()
    await Community.filter(id=board).delete()
    assert await auditing.audit() == [board]

    assert all(str(each) in caplog.text for each in (lost, shown, board))
    assert str(kept) not in caplog.text
