"""A confirmation holds for the words that were looked at, and for no others."""

import re

import pytest

from portal import accounts
from portal.accounts.errors import CardChanged
from portal.accounts.profile.directory import card_versions
from portal.commands import _change_standing
from portal.core.actor import AccountId
from tests.accounts.stories import text_of
from tests.accounts.test_administrators import PAGE, administrator
from tests.accounts.test_work import LICENCE, changes
from tests.people import World

CHANGED = "has changed the entry since you looked"
SENT = re.compile(r'name="seen" value="(\d+)"')


def seen_in(page: str) -> dict[str, str]:
    """What the one button for confirming on a page sends."""
    (version,) = SENT.findall(page)
    return {"seen": version}


async def test_an_administrator_confirms_no_words_but_those_on_the_page(world: World) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg", confirmed=False)
    looked_at = seen_in(await text_of(await dana.browser.get(PAGE)))
    await changes(bo, name="Prof. Bo Berg", licence=LICENCE)

    answer = await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=looked_at)

    anew = await text_of(answer)
    assert answer.status_code == 409
    assert CHANGED in anew
    assert LICENCE in anew
    assert not await accounts.confirmed_among([bo.actor.id])
    assert "confirmed" not in " ".join(each.subject for each in await world.mails_to(bo.mail))

    again = await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=seen_in(anew))
    assert again.status_code == 303
    assert await accounts.confirmed_among([bo.actor.id])


@pytest.mark.parametrize("said", [{}, {"seen": "all"}])
async def test_who_does_not_say_what_was_seen_confirms_nobody(
    world: World, said: dict[str, str]
) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg", confirmed=False)

    answer = await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=said)

    assert answer.status_code == 422
    assert not await accounts.confirmed_among([bo.actor.id])


async def test_a_version_beyond_every_column_is_another_one(world: World) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg", confirmed=False)

    form = {"seen": "9" * 40}
    answer = await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=form)

    assert answer.status_code == 409
    assert not await accounts.confirmed_among([bo.actor.id])


async def test_an_owner_confirms_no_words_but_those_on_the_page(world: World) -> None:
    ada = await world.physician("Ada")
    bo = await world.physician("Bo Berg", confirmed=False)
    board = await ada.founds("Neuro board")
    base = f"/communities/{board}"
    await ada.browser.post(f"{base}/invitations", form={"account": str(bo.actor.id)})
    looked_at = seen_in(await text_of(await ada.browser.get(f"{base}/members")))
    await changes(bo, licence=LICENCE)

    answer = await ada.browser.post(f"{base}/members/{bo.actor.id}/confirm", form=looked_at)

    anew = await text_of(answer)
    assert answer.status_code == 409
    assert CHANGED in anew
    assert f"Licence number: {LICENCE}" in anew
    assert not await accounts.confirmed_among([bo.actor.id])

    again = await ada.browser.post(f"{base}/members/{bo.actor.id}/confirm", form=seen_in(anew))
    assert again.status_code == 303
    assert await accounts.confirmed_among([bo.actor.id])


async def test_the_operator_confirms_what_was_printed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = await world.physician("Bo Berg", confirmed=False)

    async def slow_reader(account: AccountId) -> None:
        await changes(bo, licence=LICENCE)

    monkeypatch.setattr("portal.commands._say_who", slow_reader)
    with pytest.raises(CardChanged):
        await _change_standing("confirm", bo.mail)

    assert not await accounts.confirmed_among([bo.actor.id])


async def test_saving_the_profile_gives_the_card_another_version(world: World) -> None:
    bo = await world.physician("Bo Berg", confirmed=False)
    erika = await world.patient("Erika Beispiel")
    before = await card_versions([bo.actor.id, erika.actor.id])

    await changes(bo, licence=LICENCE)

    assert set(before) == {bo.actor.id}
    assert (await card_versions([bo.actor.id]))[bo.actor.id] > before[bo.actor.id]
