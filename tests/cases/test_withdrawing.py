"""An owner deletes images that colleagues discuss: the discussion stays, the images are gone."""

import asyncio
import signal
import sys

import pytest

from cases.events import Changed, MemberLeft, Shredded
from cases.models import CaseStudy
from cases.search.archive import Archive
from cases.search.reading import read
from portal import owing, storing
from portal.accounts.ending import leaving
from portal.indexing import Name, NotOpen
from portal.keys.models import Seal
from portal.owing.models import Owed
from portal.studies.models import Study
from tests.people import Person, World, hearing

SAID = "Kanarienschädel"
"""What the images say of themselves, and nobody typed."""


async def _found(person: Person) -> bool:
    answer = await person.browser.post("/search", form={"q": SAID})
    assert answer.status_code == 200
    html = await answer.get_data(as_text=True)
    return "Which tumour?" in html


async def test_deleted_images_are_withdrawn_and_no_longer_found_by_what_they_said(
    world: World,
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    study = await ada.keeps_a_study(SAID)
    case = await ada.opens("Which tumour?", in_=board, about=[study])
    await ben.posts("Glioma, I think", on=case)
    assert await _found(ben)

    with hearing(Changed) as heard:
        deleted = await ada.browser.post(f"/documents/{study}/delete")

    assert deleted.status_code == 303
    assert [(each.case, ben.actor.id in each.readers) for each in heard] == [(case, True)]
    assert not await _found(ben)
    page = await (await ben.browser.get(f"/cases/{case}")).get_data(as_text=True)
    assert "have been withdrawn" in page
    assert "Glioma, I think" in page
    assert await Seal.filter(target=study).count() == 0
    assert await CaseStudy.filter(study=study).count() == 1, "the case still says that it had one"
    assert (await ben.browser.get(f"/v/{study}")).status_code == 404


async def test_images_in_the_bin_are_withdrawn_until_they_come_out(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    study = await ada.keeps_a_study(SAID)
    case = await ada.opens("Which tumour?", in_=board, about=[study])
    assert await _found(ben)

    with hearing(Changed) as heard:
        await ada.browser.post(f"/documents/{study}/bin")

    assert [(each.case, ben.actor.id in each.readers) for each in heard] == [(case, True)]
    assert not await _found(ben)
    page = await (await ben.browser.get(f"/cases/{case}")).get_data(as_text=True)
    assert "have been withdrawn" in page
    new = await (await ada.browser.get(f"/communities/{board}/cases/new")).get_data(as_text=True)
    assert str(study) not in new, "nor can another case be about them"

    with hearing(Changed) as heard:
        await ada.browser.post(f"/documents/{study}/restore")

    assert [(each.case, ben.actor.id in each.readers) for each in heard] == [(case, True)]
    assert await _found(ben)
    page = await (await ben.browser.get(f"/cases/{case}")).get_data(as_text=True)
    assert "have been withdrawn" not in page


KILLED_AFTER_THE_COMMIT = """
import asyncio, os, signal, sys
from uuid import UUID
from portal.app import MODELS
from portal.core import events
from portal.core.actor import AccountId
from portal.core.db import Database
from portal.studies.expiring import forget_study

async def die(_event):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(url, study, owner):
    events.deliver = die
    database = Database(url, MODELS)
    await database.open()
    with database.current():
        await forget_study(UUID(study), AccountId(UUID(owner)))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_killed_right_after_the_deletion_leaves_nothing_to_be_found(
    world: World,
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    study = await ada.keeps_a_study(SAID)
    await ada.opens("Which tumour?", in_=board, about=[study])
    assert await _found(ben)

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_AFTER_THE_COMMIT,
        world.settings.database_url, str(study), str(ada.actor.id),
    )  # fmt: skip
    assert await process.wait() == -signal.SIGKILL
    assert not await Study.exists()
    await owing.pay_what_is_due()  # as every process does when it starts, and every 20 seconds

    assert not await _found(ben)
    assert await Owed.all() == []


async def test_images_of_an_account_that_is_gone_are_not_found_either(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await ada.opens("Which tumour?", in_=board, about=[await ada.keeps_a_study(SAID)])
    assert await _found(ben)

    await leaving.end(ada.actor.id, "delete")

    assert not await _found(ben)


async def test_the_last_member_takes_what_the_search_has_in_memory_along(world: World) -> None:
    ada = await world.physician("Ada Ahrens")
    board = await ada.founds("Board")
    await ada.opens("Which tumour?", in_=board, about=[await ada.keeps_a_study(SAID)])
    assert await _found(ada)
    archive: Archive = world.app.extensions["hds"]["archive"]
    name: Name = archive._newest[board]

    with hearing(MemberLeft) as left, hearing(Shredded) as ended:
        assert (await ada.browser.post(f"/communities/{board}/leave")).status_code == 303

    assert left == [MemberLeft(board, ada.actor.id)], "other windows of hers end, too"
    assert ended == [Shredded(board)]
    assert board not in archive._newest
    with pytest.raises(NotOpen):
        await archive._worker.find(name, read("tumour"), authors=None, cases=None)
    assert await storing.objects_of(board) == frozenset()
