"""An owner deletes images that colleagues discuss: the discussion stays, the images are gone."""

import pytest

from cases.events import Changed, MemberLeft, Shredded
from cases.models import CaseStudy
from cases.search.archive import Archive
from cases.search.reading import read
from cases.search.worker import Name, NotOpen
from portal import storing
from portal.keys.models import Seal
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
