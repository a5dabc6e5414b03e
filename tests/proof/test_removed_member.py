"""T15: a removed member with his password and a fork of everything, served with the key files."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from typing import Final
from uuid import uuid4

import pytest

from cases import access, communities
from portal import keys, vault
from portal.app import create_app
from portal.core.actor import Secret
from portal.core.settings import Settings
from tests.people import Browser, Person, World
from tests.proof.recording import Boxed, Boxes, recording
from tests.proof.stage import Stage, Words, case_form, discuss, pinned, upload_study, written_post
from tests.serving import started

pytestmark = pytest.mark.one_engine

PAGES: Final = 13
OWN: Final = 4
"""Of these: his documents, notices and profile, and the list of his communities, which is empty."""


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> Boxes:
    """Everything the vault makes from now on."""
    return recording(monkeypatch)


@pytest.fixture
async def stage(boxes: Boxes, world: World) -> Stage:
    """Ada's case in her community; Ben is a member."""
    ada, ben = await world.physician("Dr. Ada Lindqvist"), await world.physician("Dr. Ben Okafor")
    stage = Stage(world, Words(), people={"author": ada, "ben": ben})
    stage.browsers |= {"author": ada.browser, "ben": ben.browser}
    stage.ids["community"] = str(board := await ada.founds("Chest board"))
    await ada.invites(ben, board)
    await upload_study(stage, "author")
    await discuss(stage)
    return stage


@contextmanager
def overheard() -> Iterator[set[Secret]]:
    """Every secret that is made in this process meanwhile: roots, keys, what is derived of them."""
    found, make = set[Secret](), Secret.__init__

    def noted(self: Secret, raw: bytes) -> None:
        make(self, raw)
        found.add(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Secret, "__init__", noted)
        yield found


def fork_of(settings: Settings) -> Settings:
    """A copy of the database and all objects, as they are at this moment."""
    fork = settings.data.with_name(f"{settings.data.name}-fork")
    shutil.copytree(settings.object_folder, fork / settings.object_folder.name)
    with (
        closing(sqlite3.connect(settings.data / "portal.db")) as here,
        closing(sqlite3.connect(fork / "portal.db")) as there,
    ):
        here.backup(there)
    return replace(settings, data=fork, database_url=f"sqlite://{fork / 'portal.db'}")


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[World]:
    """The whole portal over a fork."""
    app = create_app(settings)
    async with started(app):
        with app.extensions["hds"]["database"].current():
            yield World(app, settings)


async def looks_at_everything(browser: Browser, ids: dict[str, str]) -> int:
    """Every page that leads to something of the community; how many opened."""
    case, study, image = ids["case"], ids["study_id"], ids["instance"]
    paths = (
        "/communities", f"/communities/{ids['community']}", f"/cases/{case}", f"/v/{study}",
        f"/communities/{ids['community']}/members", f"/cases/{case}/changes", f"/v/{study}/open",
        f"/v/{study}/i/{image}/original", f"/posts/{ids['post_id']}/picture", "/documents",
        f"/posts/{ids['post_id']}/history", "/notices", "/profile",
    )  # fmt: skip
    found = [(await browser.get(path)).status_code for path in paths]
    await browser.post("/search", form={"q": "months"})
    return found.count(200)


async def life_goes_on(stage: Stage) -> None:
    """Everything that can be written in a community, written after he went."""
    ada, board = stage.people["author"], stage.community
    browser, ids = ada.browser, dict(stage.ids)
    await written_post(stage, "author", pinned(stage))
    await browser.post(f"/posts/{ids['post_id']}", form={"text": "Wait six months", "rev": "1"})
    await browser.post(f"/posts/{ids['post_id']}/reactions", form={"kind": "agree"})
    await browser.post(f"/cases/{ids['case']}/threads", form={"title": "x", "client_id": uuid4()})
    changed = case_form(stage) | {"rev": "1", "question": "Has it grown?"}
    await browser.post(f"/cases/{ids['case']}/edit", form=changed)
    await browser.post(f"/cases/{ids['case']}/outcome", form={"outcome": "Benign", "rev": "0"})
    about = {"name": "Other board", "department": "Radiology", "location": "Kiel"}
    await browser.post(f"/communities/{board}/about", form=about)
    stage.words = Words(title="Another nodule", finding="It has grown", post="Operate")
    await upload_study(stage, "author")
    await discuss(stage)
    await ada.invites(await stage.world.physician("Dr. Chiara Rossi"), board)
    stage.ids |= {"community": str(board)}


async def signs_in_and_looks(world: World, person: Person, *ids: dict[str, str]) -> list[int]:
    """With the password alone, in a browser of his own: how many pages of each set opened."""
    _, browser = await world.signs_in(person.mail)
    return [await looks_at_everything(browser, each) for each in ids]


async def test_what_was_written_after_the_removal_opens_with_nothing_he_can_reach(
    stage: Stage, boxes: Boxes, settings: Settings
) -> None:
    ada, ben, world = stage.people["author"], stage.people["ben"], stage.world
    fork, before, old = fork_of(settings), boxes.copy(), dict(stage.ids)
    await communities.remove(ada.actor, stage.community, ben.actor.id)
    gone = boxes.copy()
    await life_goes_on(stage)
    after = boxes.since(gone)

    with overheard() as his:
        his.add(ben.actor.root)
        now = await signs_in_and_looks(world, ben, old, stage.ids)
        async with served(fork) as then:
            seen = await signs_in_and_looks(then, ben, old)
    loot = his - portals_own(boxes)

    assert seen == [PAGES], "he sees all of it in the fork"
    assert now == [OWN, OWN], "and today his own pages alone"
    assert len(before.opened_by(loot)) > 20, "what he reaches opens what he could read"
    assert len(after.boxed) > 20
    assert len(after.sealed) >= 3
    assert [each for each in after.opened_by(loot) if not _is_his_own(each, ben)] == []
    roots = (await access.community_for(ada.actor, stage.community)).roots.values()
    assert len(after.opened_by(roots)) > 10, "whoever belongs to it opens it"


def portals_own(boxes: Boxes) -> set[Secret]:
    """The peppers and what is derived of them; with these he would be the portal, not a member."""
    labels = {each.label for each in boxes.boxed if each.label}
    peppers = keys.custody.custody().files.peppers.values()
    return {*peppers, *(vault.sub_key(each, *label) for each in peppers for label in labels)}


def _is_his_own(each: Boxed | tuple[bytes, bytes], ben: Person) -> bool:
    """Bound to his own account: a session of his, what he is told of himself."""
    return ben.actor.id.bytes in each[1]
