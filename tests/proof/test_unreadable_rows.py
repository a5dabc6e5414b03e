"""Rows that somebody edited to a state nobody ever wrote: each closes itself and nothing else."""

import base64
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tortoise.models import Model

from cases import access, casework, communities, outcomes, reading, threads
from cases.errors import RootMoved
from cases.forms import OutcomeWords, PostEdit
from cases.ids import CaseId, CommunityId
from cases.models import Case, Outcome, PinImage, Post, PostRevision, Reaction, Thread
from cases.pins import Pin
from cases.search import archive as archive_module
from cases.search.archive import Archive
from cases.search.models import SearchIndex
from cases.threads import Posted
from portal.notices.models import Notice
from tests.cases.views import view_of
from tests.people import Person, World

Log = pytest.LogCaptureFixture

JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(20) + b"\xff\xd9").decode()
NEVER = [{"epoch": 99}, {"epoch": 2**31 - 1}, {"epoch": -1}, {"rev": 77}, {"rev": -1}]
REPORTED = {Post, Thread, Case, Outcome, Reaction}
"""By their own ids: an older wording is reported as its post's, an index as its community's."""
LAST_HOUR = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
"""The last that a column holds is no hour of Berlin any more; so is the first."""
MOMENTS: list[tuple[type[Model], str]] = [
    (Post, "posted_at"), (Post, "edited_at"), (Thread, "started_at"), (Case, "opened_at"),
    (Case, "changed_at"), (Notice, "at"),
]  # fmt: skip


@dataclass
class Board:
    """A community with one case that holds one of everything."""

    ada: Person
    ben: Person
    community: CommunityId
    case: CaseId
    other: CaseId
    post: Posted
    thread: UUID
    archive: Archive


@pytest.fixture
async def board(world: World, monkeypatch: pytest.MonkeyPatch) -> Board:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    community = await ada.founds("Board")
    await ada.invites(ben, community)
    study = await ada.keeps_a_study()
    other = await ada.opens("Thorax?", in_=community)
    case = await ada.opens("Skull?", in_=community, about=[study])
    thread = await ada.starts("Vessels", in_=case)
    pin = Pin.parse({"view": view_of(study), "image": JPEG})
    post = await ada.posts("Broken", on=case, pin=pin)
    await ada.posts("Healed", on=case)
    await threads.edit(ada.actor, PostEdit(post.id, "Broken again", 1))
    await threads.react(ada.actor, post.id, "agree", on=True)
    await casework.close(ada.actor, case)
    await outcomes.write_outcome(ada.actor, case, OutcomeWords("An embolus.", 0))
    archive: Archive = world.app.extensions["hds"]["archive"]
    return Board(ada, ben, community, case, other, post, thread, archive)


async def _everything(board: Board) -> dict[str, str]:
    """Every page on which the row's neighbours stand, whole."""
    browser, shown = board.ben.browser, {}
    for path in (
        "/communities", f"/communities/{board.community}",
        f"/communities/{board.community}/members",
        f"/cases/{board.case}", f"/cases/{board.case}/changes?since=0", "/notices",
        f"/posts/{board.post.id}/history", f"/posts/{board.post.id}/around",
        f"/threads/{board.post.thread}/posts?after=0",
    ):  # fmt: skip
        answer = await browser.get(path)
        shown[path] = await answer.get_data(as_text=True)
        assert answer.status_code == 200, (path, shown[path])
    for words in ("Healed", "Thorax", "modality:CT"):
        answer = await browser.post("/search", form={"q": words})
        shown[words] = await answer.get_data(as_text=True)
        assert answer.status_code == 200, (words, shown[words])
    await board.archive.sealed()
    return shown


def _reports(log: Log, of: UUID) -> list[str]:
    return [
        each.getMessage()
        for each in log.records
        if each.levelno == logging.CRITICAL and str(of) in each.getMessage()
    ]


async def _rows(board: Board) -> list[tuple[type[Model], UUID]]:
    post = board.post.id
    return [
        (Post, post), (Thread, board.thread), (Case, board.case),
        (Outcome, (await Outcome.get(case_id=board.case)).id),
        (PostRevision, (await PostRevision.get(post_id=post)).id),
        (Reaction, (await Reaction.get(post_id=post)).id),
        (PinImage, (await PinImage.get(post_id=post)).id),
        (SearchIndex, (await SearchIndex.get(community=board.community)).pk),
    ]  # fmt: skip


async def test_a_row_of_a_generation_that_never_was_closes_only_itself(
    board: Board, caplog: Log
) -> None:
    await _everything(board)
    for table, row in await _rows(board):
        for change in NEVER:
            (column,) = change
            if column not in table._meta.fields_map:
                continue
            before = await table.get(pk=row).values(column)
            await table.filter(pk=row).update(**change)

            shown = await _everything(board)

            assert "Healed" in shown[f"/cases/{board.case}"], table
            assert "Thorax?" in shown[f"/communities/{board.community}"], table
            assert "Healed" in shown["Healed"], table
            await table.filter(pk=row).update(**before)
        if table in REPORTED:
            assert len(_reports(caplog, row)) == 1, (table, "reported once")
    assert "Broken" not in caplog.text


async def test_what_is_ahead_of_the_chain_is_a_damaged_entry_that_its_author_writes_anew(
    board: Board,
) -> None:
    await casework.reopen(board.ada.actor, board.case)
    await Post.filter(id=board.post.id).update(epoch=99)
    await Case.filter(id=board.case).update(epoch=99)
    page = (await _everything(board))[f"/cases/{board.case}"]
    assert page.count("This entry is damaged") >= 2
    assert "Damaged case" in page

    rev = str((await Post.get(id=board.post.id)).rev)
    said = await board.ada.browser.post(
        f"/posts/{board.post.id}", form={"text": "Whole again", "rev": rev}
    )
    asked: dict[str, Any] = {
        "title": "Skull, again?", "question": "Which vessel?", "modality": "CT", "region": "head",
        "age_band": "65–69", "urgency": "routine", "answer_by": "",
        "rev": str((await Case.get(id=board.case)).rev),
    }  # fmt: skip
    written = await board.ada.browser.post(f"/cases/{board.case}/edit", form=asked)

    assert (said.status_code, written.status_code) == (303, 303)
    page = (await _everything(board))[f"/cases/{board.case}"]
    assert "This entry is damaged" not in page
    assert "Whole again" in page
    assert "Skull, again?" in page


async def test_a_damaged_picture_of_a_pin_says_so_and_nothing_else(
    board: Board, caplog: Log
) -> None:
    await PinImage.filter(post_id=board.post.id).update(epoch=99)

    answer = await board.ben.browser.get(f"/posts/{board.post.id}/picture")

    row = await PinImage.get(post_id=board.post.id)
    assert len(_reports(caplog, row.id)) == 1
    assert answer.status_code == 410
    assert "damaged" in await answer.get_data(as_text=True)


async def test_a_moment_beyond_the_calendar_closes_no_page(board: Board) -> None:
    for table, column in MOMENTS:
        for moment in (LAST_HOUR, datetime(1, 1, 1, tzinfo=UTC)):
            before = await table.all().values("id", column)
            await table.all().update(**{column: moment})

            await _everything(board)

            for row in before:
                await table.filter(id=row["id"]).update(**{column: row[column]})


async def test_a_root_that_changed_between_two_looks_is_no_damage(
    board: Board, caplog: Log
) -> None:
    seen = await access.community_for(board.ada.actor, board.community)
    await casework.reopen(board.ada.actor, board.case)
    await communities.remove(board.ada.actor, board.community, board.ben.actor.id)
    fresh = await board.ada.posts("Later", on=board.case)
    await threads.edit(board.ada.actor, PostEdit(board.post.id, "Broken once more", 2))

    with pytest.raises(RootMoved):
        await reading.page_of(await access.case_in(seen, board.case))

    assert _reports(caplog, fresh.id) == _reports(caplog, board.post.id) == []
