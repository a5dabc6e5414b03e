"""Boxes that somebody exchanged between rows: each is one damaged entry, and every list stays."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from quart import Quart, Response
from tortoise.models import Model

from cases.models import Case, CaseStudy, Community, Post, PostRevision, Thread
from portal import documents, studies
from portal.documents.models import Document
from portal.keys.models import LocalKey, Seal
from portal.studies.intake import keep_files
from portal.studies.models import Study
from tests.people import Person, World
from tests.viewer.pdf.making import pdf

Log = pytest.LogCaptureFixture


async def _exchange(table: type[Model], column: str, ids: Sequence[UUID]) -> None:
    """What a thief can do who writes the database and opens nothing."""
    one, other = [await table.get(id=each) for each in ids]
    for row, box in ((one, getattr(other, column)), (other, getattr(one, column))):
        await table.filter(id=row.pk).update(**{column: box})


async def _shown(answer: Response) -> str:
    assert answer.status_code == 200
    return str(await answer.get_data(as_text=True))


async def _page(person: Person, path: str, **form: Any) -> str:
    browser = person.browser
    return await _shown(await (browser.post(path, form=form) if form else browser.get(path)))


def _reports(log: Log) -> list[str]:
    return [each.getMessage() for each in log.records if each.levelno == logging.CRITICAL]


@pytest.mark.parametrize("what", ["keys", "summaries"])
async def test_exchanged_examinations_are_two_damaged_entries_that_can_be_deleted(
    world: World, caplog: Log, what: str
) -> None:
    ada = await world.physician("Ada Ahrens")
    one, other, whole = [await ada.keeps_a_study(each) for each in ("Skull", "Thorax", "Pelvis")]
    if what == "keys":
        rows = [(await LocalKey.get(study=each)).id for each in (one, other)]
        await _exchange(LocalKey, "box", rows)
    else:
        await _exchange(Study, "summary", (one, other))

    for _ in range(2):
        page = await _page(ada, "/documents")
    choice = await _page(ada, f"/communities/{await ada.founds('Board')}/cases/new")

    assert page.count("Damaged examination</strong>") == 2
    assert "Pelvis" in page
    assert f"/v/{one}" not in page
    assert str(whole) in choice
    assert str(one) not in choice
    assert len(_reports(caplog)) == 2, "once each, not at every look"
    assert "Thorax" not in caplog.text
    if what == "keys":
        assert (await ada.browser.get(f"/v/{one}")).status_code == 410
    assert "removed for good" in await _page(ada, f"/documents/{one}/delete")
    assert (await ada.browser.post(f"/documents/{one}/delete")).status_code == 303
    assert (await _page(ada, "/documents")).count("Damaged examination</strong>") == 1


async def test_an_exchanged_summary_is_read_from_the_manifest(world: World, app: Quart) -> None:
    from tests.studies.conftest import _slices

    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    ada = await world.physician("Ada Ahrens")
    for name in ("Skull", "Thorax"):
        await keep_files(shelf, ada.actor, _slices(1, StudyDescription=name))
    await studies.merge_all(shelf, ada.actor)
    await _exchange(Study, "summary", [row.id for row in await Study.all()])

    page = await _page(ada, "/documents")

    assert "Skull" in page
    assert "Thorax" in page
    assert "Damaged" not in page
    for row in await Study.all():
        assert (await ada.browser.get(f"/v/{row.id}")).status_code == 200


async def test_an_exchanged_summary_is_reported_by_whoever_opens_the_examination(
    world: World, app: Quart, caplog: Log
) -> None:
    """Also when nobody looks at the list, which says so too: once on the whole."""
    from tests.studies.conftest import _slices

    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    ada = await world.physician("Ada Ahrens")
    (study,) = (await keep_files(shelf, ada.actor, _slices(1))).studies
    opened = await studies.open_own(shelf, ada.actor, study)
    assert await studies.prepared(shelf, opened, 60.0), "nobody writes a summary any more"
    await Study.filter(id=study).update(summary=b"exchanged")

    for _ in range(2):
        assert (await ada.browser.get(f"/v/{study}")).status_code == 200

    assert _reports(caplog) == [f"study does not open: row {study}"]


async def test_an_examination_whose_objects_are_missing_closes_no_list(
    world: World, app: Quart, caplog: Log
) -> None:
    """A row without its object: the summary still says what it was, and opening says it calmly."""
    from tests.studies.conftest import _slices

    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    ada = await world.physician("Ada Ahrens")
    kept = await keep_files(shelf, ada.actor, _slices(1, StudyDescription="Skull"))
    await ada.keeps_a_study("Pelvis")
    await studies.merge_all(shelf, ada.actor)
    (study,) = kept.studies
    row = await Study.get(id=study)
    for each in filter(None, (row.manifest, row.view)):
        await shelf.store.delete(each)
    await Study.filter(id=study).update(summary=b"no box")

    page = await _page(ada, "/documents")
    opened = await ada.browser.get(f"/v/{study}")

    assert "Pelvis" in page
    assert "Damaged examination" in page
    assert opened.status_code == 410
    assert "damaged" in await opened.get_data(as_text=True)
    assert f"stored object missing: {row.manifest}" in _reports(caplog)


@pytest.mark.parametrize("what", ["keys", "facts"])
async def test_exchanged_documents_are_damaged_entries_too(
    world: World, app: Quart, what: str
) -> None:
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    ada = await world.physician("Ada Ahrens")
    for number, name in enumerate(("Letter", "Report", "Note")):
        arrived = documents.Arrived(0, pdf([name]), bytes([number]) * 32, name)
        async with documents.taking(shelf.desk, ada.actor, [arrived]) as taking:
            await taking.keep()
    ids = [row.id for row in await Document.all().order_by("created_at")][:2]
    if what == "keys":
        await _exchange(LocalKey, "box", [(await LocalKey.get(study=each)).id for each in ids])
    else:
        await _exchange(Document, "facts", ids)

    page = await _page(ada, "/documents")

    assert page.count("Damaged document</strong>") == 2
    assert "Note" in page
    assert (await ada.browser.get(f"/d/{ids[0]}")).status_code == 410
    assert "Damaged document" in await _page(ada, f"/d/{ids[0]}/delete")
    assert (await ada.browser.post(f"/d/{ids[0]}/delete")).status_code == 303


async def test_exchanged_cases_threads_and_posts_stand_beside_the_others(
    world: World, caplog: Log
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    one, other, whole = [
        await ada.opens(each, in_=board) for each in ("Skull?", "Thorax?", "Pelvis?")
    ]
    threads = [await ada.starts(each, in_=whole) for each in ("First", "Second", "Third")]
    posts = [await ada.posts(each, on=whole) for each in ("Fine", "Broken", "Healed")]
    await _exchange(Case, "document", (one, other))
    await _exchange(Thread, "title", threads[:2])
    await _exchange(Post, "body", [each.id for each in posts[:2]])

    listed = await _page(ben, f"/communities/{board}")
    page = await _page(ben, f"/cases/{whole}")
    damaged = await _page(ben, f"/cases/{one}")
    found = await _page(ben, "/search", q="Healed")
    news = await _page(ben, "/notices")

    assert listed.count("Damaged case") == 2
    assert "Pelvis?" in listed
    assert page.count("Damaged title") >= 2
    assert "Third" in page
    assert "Healed" in page
    assert "Broken" not in page
    assert page.count("This entry is damaged") == 2
    assert "This entry is damaged" in damaged
    assert "Pelvis?" in found
    assert "Damaged case" in news
    assert len(_reports(caplog)) == len(set(_reports(caplog))) == 6
    assert "Broken" not in caplog.text
    edited = {"text": "Fine, I said", "rev": str((await Post.get(id=posts[0].id)).rev)}
    assert (await ada.browser.post(f"/posts/{posts[0].id}", form=edited)).status_code == 303
    assert "Fine, I said" in await _page(ben, f"/cases/{whole}")
    assert await PostRevision.filter(post_id=posts[0].id).exists()


async def test_a_community_whose_name_was_exchanged_is_still_there(world: World) -> None:
    ada = await world.physician("Ada Ahrens")
    one, other, _ = [await ada.founds(each) for each in ("Board", "Circle", "Third")]
    await _exchange(Community, "about", (one, other))

    page = await _page(ada, "/communities")

    assert page.count("Damaged name") >= 2
    assert "Third" in page
    assert "Damaged name" in await _page(ada, f"/communities/{one}")


async def test_an_epoch_that_never_was_damages_one_entry(world: World) -> None:
    ada = await world.physician("Ada Ahrens")
    board = await ada.founds("Board")
    await ada.opens("Skull?", in_=board)
    edited = await ada.opens("Thorax?", in_=board)
    await Case.filter(id=edited).update(epoch=-1)

    page = await _page(ada, f"/communities/{board}")

    assert "Skull?" in page
    assert "Damaged case" in page


async def test_exchanged_seals_leave_a_case_without_pictures_and_say_why(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    first, second = [await ada.opens(each, in_=board) for each in ("Skull?", "Thorax?")]
    rows = [await CaseStudy.get(case_id=each) for each in (first, second)]
    seals = [(await Seal.get(target=row.study, holder_kind="community")).id for row in rows]
    await _exchange(Seal, "box", seals)

    page = await _page(ben, f"/cases/{first}")

    assert "The images of this case are damaged" in page
    assert "withdrawn" not in page
    assert "Skull?" in await _page(ben, "/search", q="Skull?")
