"""Nobody is a physician because they say so (Q-24), nor because the database says so."""

from datetime import timedelta
from uuid import uuid4

import pytest

import cases
from cases import access, communities, readers_of
from cases.events import Changed
from cases.models import Invitation
from portal import accounts, mailing, notices
from portal.accounts.ending import leaving
from portal.accounts.errors import NotConfirmed, NotYourself
from portal.accounts.models import Standing
from portal.core.actor import AccountId
from portal.core.errors import Unknown
from tests.accounts.stories import text_of
from tests.accounts.test_securing import secured
from tests.people import World, hearing


async def test_the_unconfirmed_see_no_community_and_are_told_what_to_do(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    board = await ada.founds("Neuro board")
    case = await ada.opens("A hidden question", in_=board)
    bo = await world.physician("Bo Nobody", confirmed=False)

    for path in ("/communities", "/communities/manage", f"/communities/{board}", f"/cases/{case}"):
        answer = await bo.browser.get(path)
        assert answer.status_code == 403, path
        assert "Ask a colleague who owns a community" in await text_of(answer)
        assert "Neuro board" not in await text_of(answer)
    found = await bo.browser.post("/search", form={"q": "hidden"})
    assert found.status_code == 403
    with pytest.raises(NotConfirmed):
        await bo.founds("A board of his own")


async def test_the_unconfirmed_see_that_somebody_invites_them_and_can_say_no(world: World) -> None:
    """Who asks, so that they can be asked to confirm; nothing of the community."""
    ada = await world.physician("Dr. Ada Lindqvist")
    bo = await world.physician("Bo Berg", confirmed=False)
    board = await ada.founds("Neuro board")
    asked = await communities.invite(ada.actor, board, bo.actor.id)

    answer = await bo.browser.get("/communities")
    page = await text_of(answer)
    declined = await bo.browser.post(f"/communities/invitations/{asked}/decline")

    assert answer.status_code == 403
    assert "An invitation by Dr. Ada Lindqvist" in page
    assert "Neuro board" not in page
    assert "Neuroradiology" not in page
    assert f"/communities/invitations/{asked}/accept" not in page
    assert declined.status_code == 303
    assert "An invitation by" not in await text_of(await bo.browser.get("/communities"))
    assert (await Invitation.get(id=asked)).state == "declined"


async def test_an_owner_confirms_somebody_invited_who_comes_in_without_signing_in_again(
    world: World,
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    bo = await world.physician("Bo Berg", confirmed=False)
    board = await ada.founds("Neuro board")
    asked = await communities.invite(ada.actor, board, bo.actor.id)
    with pytest.raises(NotConfirmed):
        await communities.accept(bo.actor, asked)

    answer = await ada.browser.post(
        f"/communities/{board}/members/{bo.actor.id}/confirm", form={"seen": "1"}
    )

    assert answer.status_code == 303
    await communities.accept(bo.actor, asked)
    assert (await bo.browser.get(f"/communities/{board}")).status_code == 200
    assert "Your account was confirmed" in [each.subject for each in await world.mails_to(bo.mail)]
    assert "Professional confirmed" in await text_of(
        await ada.browser.get(f"/communities/{board}/members")
    )


async def test_an_owner_vouches_in_the_invitation_for_somebody_without_an_account(
    world: World,
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    board = await ada.founds("Neuro board")
    for mail, vouched in (
        ("bo.berg@example.test", {"vouched": "yes"}),
        ("cy.dahl@example.test", {}),
    ):
        form = {"mail": mail} | vouched
        await ada.browser.post(f"/communities/{board}/invitations", form=form)
    bo = await world.physician("Bo Berg", confirmed=False)
    cy = await world.physician("Cy Dahl", confirmed=False)

    assert (await ada.browser.get(f"/communities/{board}")).status_code == 200

    assert await accounts.confirmed_among([bo.actor.id, cy.actor.id]) == {bo.actor.id}


async def test_an_owner_vouches_later_for_somebody_invited_by_address(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    board = await ada.founds("Neuro board")
    known = await world.physician("Bo Berg", confirmed=False)
    for mail in (known.mail, "cy.dahl@example.test"):
        await ada.browser.post(f"/communities/{board}/invitations", form={"mail": mail})
    open_ = await communities.asked(await access.community_for(ada.actor, board))
    assert [each.vouched for each in open_] == [False, False]

    for each in open_:
        said = await ada.browser.post(f"/communities/{board}/invitations/{each.id}/vouching")
        assert said.status_code == 303
    newcomer = await world.physician("Cy Dahl", confirmed=False)
    page = await text_of(await ada.browser.get(f"/communities/{board}/members"))

    both = {known.actor.id, newcomer.actor.id}
    assert await accounts.confirmed_among(both) == both
    assert "Confirm profession" not in page


async def test_the_unconfirmed_begin_at_their_own_documents(world: World) -> None:
    bo = await world.physician("Bo Berg", confirmed=False)
    ada = await world.physician("Dr. Ada Lindqvist")

    assert (await bo.browser.get("/")).headers["Location"].endswith("/documents")
    assert (await ada.browser.get("/")).headers["Location"].endswith("/communities")


async def test_nobody_confirms_themselves_strangers_or_patients(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    bo = await world.physician("Bo Berg", confirmed=False)
    erika = await world.patient("Erika Beispiel")
    board = await ada.founds("Neuro board")

    with pytest.raises(NotYourself):
        await accounts.confirm(ada.actor.id, ada.actor.id)
    with pytest.raises(NotConfirmed):
        await accounts.confirm(AccountId(uuid4()), bo.actor.id)
    with pytest.raises(Unknown):
        await accounts.confirm(erika.actor.id, ada.actor.id)
    with pytest.raises(Unknown, match="not_found"):
        await communities.confirm(ada.actor, board, bo.actor.id, 1)
    assert not await accounts.confirmed_among([bo.actor.id, erika.actor.id])


async def test_a_confirmation_taken_back_closes_the_doors_at_once(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    board = await ada.founds("Neuro board")
    case = await ada.opens("Whose is it?", in_=board)

    assert await accounts.withdraw_confirmation(ada.actor.id)

    assert (await ada.browser.get(f"/cases/{case}")).status_code == 403
    with pytest.raises(NotConfirmed):
        await cases.readers_of(ada.actor.id, case)


@pytest.mark.parametrize("how", ["copied", "another confirmer", "another time", "made up"])
async def test_whoever_writes_the_database_confirms_nobody(
    world: World, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    bo = await world.physician("Bo Berg", confirmed=how.startswith("another"))
    good = await Standing.get(account_id=ada.actor.id)
    if how == "another confirmer":
        await Standing.filter(account_id=bo.actor.id).update(confirmed_by=ada.actor.id)
    elif how == "another time":
        moment = good.confirmed_at - timedelta(days=1)
        await Standing.filter(account_id=bo.actor.id).update(confirmed_at=moment)
    else:
        await Standing.create(
            account_id=bo.actor.id,
            confirmed_by=good.confirmed_by,
            confirmed_at=good.confirmed_at,
            mark=good.mark if how == "copied" else b"0" * 32,
        )

    assert (await bo.browser.get("/communities")).status_code == 403
    assert f"confirmation not vouched for: account {bo.actor.id}" in caplog.text

    await accounts.confirm(bo.actor.id, ada.actor.id)
    assert (await bo.browser.get("/communities")).status_code == 200


async def test_a_shredded_account_takes_its_confirmation_along(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    assert await accounts.by_mail(mailing.read_address(ada.mail)) == ada.actor.id

    await leaving.end(ada.actor.id, "delete")

    assert not await Standing.exists(account_id=ada.actor.id)


async def test_whoever_is_no_longer_confirmed_secures_the_account_and_leaves(world: World) -> None:
    ada, bo = await world.physician("Ada Lindqvist"), await world.physician("Bo Berg")
    board, other = await ada.founds("Neuro board"), await ada.founds("Spine board")
    await ada.invites(bo, board)
    asked = await communities.invite(ada.actor, other, bo.actor.id)
    await accounts.withdraw_confirmation(bo.actor.id)

    await secured(world, bo)
    declined = await bo.browser.post(f"/communities/invitations/{asked}/decline")
    left = await bo.browser.post(f"/communities/{board}/leave")

    assert (declined.status_code, left.status_code) == (303, 303)
    assert [each.who.id for each in await communities.members(ada.actor, board)] == [ada.actor.id]
    assert (await Invitation.get(id=asked)).state == "declined"


async def test_a_membership_secured_without_a_confirmation_opens_again_with_it(
    world: World,
) -> None:
    ada, bo = await world.physician("Ada Lindqvist"), await world.physician("Bo Berg")
    board = await ada.founds("Neuro board")
    await ada.invites(bo, board)
    await accounts.withdraw_confirmation(bo.actor.id)
    await secured(world, bo)
    assert (await bo.browser.get(f"/communities/{board}")).status_code == 403

    await accounts.confirm(bo.actor.id, ada.actor.id)

    assert (await bo.browser.get(f"/communities/{board}")).status_code == 200
    assert all(each.verified for each in await communities.members(ada.actor, board))


async def test_who_is_confirmed_no_longer_hears_no_more_and_keeps_the_other_notices(
    world: World,
) -> None:
    ada, bo = await world.physician("Ada Ahrens"), await world.physician("Bo Berg")
    board = await ada.founds("Board")
    await ada.invites(bo, board)
    case = await ada.opens("A hidden question", in_=board)
    await notices.tell(notices.News([bo.actor.id], "new_device", bo.actor.id))
    assert "A hidden question" in await text_of(await bo.browser.get("/notices"))
    before = await notices.unread(bo.actor.id)

    await accounts.withdraw_confirmation(bo.actor.id)
    with hearing(Changed) as changes, hearing(notices.Noticed) as noticed:
        await ada.posts("Agreed, @Bo Berg", on=case)
        await ada.opens("Another hidden question", in_=board)

    assert changes
    assert all(each.readers == {ada.actor.id} for each in changes)
    assert not [each for each in noticed if bo.actor.id in each.accounts]
    assert await notices.unread(bo.actor.id) == before
    page = await bo.browser.get("/notices")
    assert page.status_code == 200
    assert "new to it" in await text_of(page)
    assert "hidden question" not in await text_of(page)
    assert await readers_of(ada.actor.id, case) == {ada.actor.id}
    with pytest.raises(NotConfirmed):
        await readers_of(bo.actor.id, case)
