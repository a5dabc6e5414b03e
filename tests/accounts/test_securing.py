""" "Secure my account": everything stays for its owner, and an old password with an old copy of the
database opens nothing that is newer (T15 for one's own account)."""

import asyncio
import tracemalloc
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from quart import Quart, Response

from cases import access, communities, reading
from cases.ids import CommunityId
from cases.models import Community, Invitation, Post
from portal import keys, studies, vault
from portal.accounts import factors
from portal.accounts.models import Account
from portal.accounts.papers import issuing
from portal.accounts.recovery import securing
from portal.accounts.recovery.forms import Securing
from portal.core.actor import Actor, Secret
from portal.core.db import now
from portal.core.errors import Conflict, SignInNeeded
from portal.core.web import cookie_name
from portal.keys import Holder, Target
from portal.keys.models import HumanWrap, LocalKey, PrincipalKey, Seal, Session
from portal.studies.models import Study
from tests.accounts.losing import NEW, forgets, subjects
from tests.accounts.stories import CODE, sign_in, text_of
from tests.boxes import audit
from tests.people import PASSWORD, Person, World
from tests.viewer.dicom.making import dataset, written


async def secures(person: Person, password: str = NEW, present: str = PASSWORD) -> Response:
    form = {"present": present, "password": password}
    return await person.browser.post("/profile/secure", form=form)


async def secured(world: World, person: Person, password: str = NEW) -> str:
    """The person goes on under the new root; the code on the new Pass."""
    answer = await secures(person, password)
    assert answer.status_code == 200, await text_of(answer)
    found = CODE.search(await text_of(answer))
    assert found
    cookie = person.browser.cookie(cookie_name(world.settings))
    assert cookie is not None
    actor = await keys.actor_by_cookie(cookie)
    assert actor is not None
    person.actor, person.browser.csrf = actor, keys.csrf_token(cookie)
    return found.group()


async def test_everything_is_readable_with_the_new_password_and_nothing_with_the_old(
    world: World,
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Chest board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await ada.posts("Before", on=case)
    _, phone = await world.signs_in(ada.mail)
    sheet = (await issuing.issue(ada.actor, "recovery", PASSWORD)).code

    code = await secured(world, ada)

    assert ada.actor.epoch == 2
    assert "Ada Ahrens" in await text_of(await ada.browser.get("/profile"))
    assert "CT head" in await text_of(await ada.browser.get("/documents"))
    assert "Before" in await ada.reads(case)
    await ada.posts("After", on=case)
    await ben.posts("Me too", on=case)
    assert "After" in await ben.reads(case)
    assert (await phone.get("/profile")).status_code == 303, "another device lives on"
    assert (await sign_in(world, ada.mail, PASSWORD)).status_code == 403
    assert (await sign_in(world, ada.mail, NEW)).status_code == 303
    for dead in (ada.code, sheet):
        assert (await forgets(world, ada.mail, dead)).status_code == 403
    assert (await forgets(world, ada.mail, code, f"{NEW} again")).status_code == 303
    assert "Your account has new keys" in await subjects(world, ada.mail)
    await audit()


async def test_the_password_may_stay_as_it_is(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    await secured(world, erika, password="")

    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303
    assert (await forgets(world, erika.mail, erika.code)).status_code == 403


async def test_a_wrong_or_weak_password_changes_nothing(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    assert (await secures(erika, present="not this one, surely")).status_code == 403
    assert (await secures(erika, password="short")).status_code == 422

    assert (await Account.get()).profile_rev == 1
    assert (await erika.browser.get("/profile")).status_code == 200


async def test_the_pass_on_the_page_can_be_printed_by_the_new_session(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    answer = await secures(erika)
    page = await text_of(answer)
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    ticket = page.split('name="ticket" value="')[1].split('"')[0]

    printed = await erika.browser.client.post(
        "/pass",
        form={"csrf": csrf, "ticket": ticket},
        headers={"Origin": world.settings.origin, "Sec-Fetch-Site": "same-origin"},
    )

    assert printed.mimetype == "application/pdf"


async def test_an_old_password_and_an_old_copy_open_nothing_newer(world: World) -> None:
    """The thief has every row of before, the password and the Pass; later also every row of now."""
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Chest board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    old_root = ada.actor.root
    held = dict((await access.community_for(ada.actor, board)).roots)

    await secured(world, ada)
    late = await ben.posts("Written afterwards", on=case)
    study = await ada.keeps_a_study("Newer")

    for row in await HumanWrap.filter(principal=ada.actor.id):
        assert row.epoch == 2
    for root in [old_root, *held.values(), *await _carried(ada.actor, old_root)]:
        await _opens_nothing_new(root, board, late.id, ada.actor, study)


async def _carried(actor: Actor, root: Secret) -> list[Secret]:
    """What the old root opens of today's seals, as any generation."""
    found = []
    for row in await Seal.filter(holder=actor.id):
        for epoch in (1, 2):
            target = Target("community", row.target, row.target_epoch)
            with suppress(vault.Tampered):
                found.append(keys.opened(target, row.box, Holder("user", actor.id, epoch, root)))
    return found


async def _opens_nothing_new(
    root: Secret, board: CommunityId, post: UUID, actor: Actor, study: UUID
) -> None:
    row, kept = await Post.get(id=post), await LocalKey.get(study=study)
    assert row.epoch == 2, "written under the root that the thief may have"
    for epoch in (1, 2, 3):
        text = keys.Text("community", board, epoch, root)
        with pytest.raises(vault.Tampered):
            text.open("post", "body", row.id, row.rev, row.body or b"")
        with pytest.raises(vault.Tampered):
            context = vault.contexts.dek(study, "user", actor.id, epoch)
            vault.unbox_secret(vault.sub_key(root, "deks"), kept.box, context)
    for link in await PrincipalKey.filter(principal=board, epoch=2):
        with pytest.raises(vault.Tampered):
            context = vault.contexts.chain(board, 2)
            vault.unbox_secret(vault.sub_key(root, "chain"), link.chain_box or b"", context)


async def test_a_waiting_invitation_can_be_accepted_afterwards(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Chest board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    await secured(world, ben)
    await communities.accept(ben.actor, asked)

    case = await ben.opens("Nodule", in_=board)
    assert (await reading.case_page(ada.actor, case)).threads
    assert not await Invitation.filter(state="pending").exists()
    await audit()


async def test_it_happens_as_a_whole_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.physician("Ada Ahrens")
    board = await ada.founds("Chest board")
    case = await ada.opens("Nodule", in_=board)

    async def fails(*_: object, **_more: object) -> None:
        raise Conflict

    with monkeypatch.context() as patch:
        patch.setattr(factors, "reseal", fails)
        assert (await secures(ada)).status_code == 409

    assert (await ada.browser.get("/profile")).status_code == 200
    await ada.posts("All as before", on=case)
    assert (await Community.get()).epoch == 1
    assert (await sign_in(world, ada.mail, PASSWORD)).status_code == 303
    await secured(world, ada)


async def test_of_two_at_once_one_is_refused_and_nothing_breaks(world: World) -> None:
    ada = await world.physician("Ada Ahrens")
    await ada.founds("Chest board")
    await ada.keeps_a_study()

    wanted = Securing(PASSWORD, NEW)
    done = await asyncio.gather(
        *(securing.secure(ada.actor, wanted, "offered") for _ in range(2)), return_exceptions=True
    )

    assert sum(isinstance(each, securing.Secured) for each in done) == 1
    actor, browser = await world.signs_in(ada.mail, NEW)
    assert "CT head" in await text_of(await browser.get("/documents"))
    assert len(await communities.mine(actor)) == 1
    await audit()


async def test_what_an_old_session_still_writes_is_refused_and_not_lost(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    before = erika.actor
    await secured(world, erika)

    with pytest.raises(SignInNeeded):
        await keys.keep_study_key(before, uuid4(), vault.new_secret())

    assert {row.owner_epoch for row in await LocalKey.all()} <= {2}
    assert {row.epoch for row in await Session.all()} == {2}


async def test_images_are_still_recognised_as_duplicates(world: World, app: Quart) -> None:
    shelf = app.extensions["hds"]["shelf"]
    erika = await world.patient("Erika Beispiel")
    image: Any = written(dataset(StudyInstanceUID="2.25.4711", SOPInstanceUID="2.25.4712"))
    first = await studies.keep_files(shelf, erika.actor, [image])
    for password in (NEW, PASSWORD):  # twice: the key of the marks moves along
        erika_present = PASSWORD if password == NEW else NEW
        answer = await secures(erika, password, erika_present)
        assert answer.status_code == 200
        erika.actor, erika.browser = await world.signs_in(erika.mail, password)

    again = await studies.keep_files(shelf, erika.actor, [image])

    assert (len(first.kept), len(again.duplicates), again.kept) == (1, 1, [])


@pytest.mark.one_engine
async def test_a_thousand_studies_and_twenty_communities_take_little_room(world: World) -> None:
    """One transaction re-seals all of it, and holds little of it at once."""
    ada = await world.physician("Ada Ahrens")
    context = vault.sub_key(ada.actor.root, "deks")
    studies = [uuid4() for _ in range(1000)]
    await Study.bulk_create(
        [
            Study(id=each, owner=ada.actor.id, uid_mark=each.hex, created_at=now())
            for each in studies
        ]
    )
    rows = [
        LocalKey(
            id=uuid4(), study=study, owner=ada.actor.id, owner_epoch=1,
            box=vault.box_secret(
                context, vault.new_secret(), vault.contexts.dek(study, "user", ada.actor.id, 1)
            ),
        )
        for study in studies
    ]  # fmt: skip
    await LocalKey.bulk_create(rows)
    for number in range(20):
        await ada.founds(f"Board {number}")

    tracemalloc.start()
    await securing.secure(ada.actor, Securing(PASSWORD, NEW), "offered")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert await LocalKey.filter(owner_epoch=2).count() == 1001
    assert peak < 64 * 1024**2, f"{peak / 1024**2:.0f} MiB"
