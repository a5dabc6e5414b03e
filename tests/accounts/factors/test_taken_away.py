"""Who holds the Pass and writes the database still lacks the second step."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from portal import keys, vault
from portal.accounts.factors.models import Factors as FactorsRow
from portal.keys.models import HumanWrap, PasskeyWrap, Principal
from tests.accounts.factors.stories import sets_up_an_app, text_of
from tests.accounts.losing import NEW, forgets, subjects
from tests.accounts.stories import sign_in
from tests.people import PASSWORD, Person, World

Deed = Callable[[Person, Person], Awaitable[object]]


async def _nothing_more(_erika: Person, _mallory: Person) -> None:
    """The rows are gone, and that is all."""


async def _no_mark(erika: Person, _mallory: Person) -> None:
    await Principal.filter(id=erika.actor.id).update(guard=0, mark=None)


async def _number_of_a_new_account(erika: Person, _mallory: Person) -> None:
    await Principal.filter(id=erika.actor.id).update(guard=0)


async def _marks_of_their_own(erika: Person, mallory: Person) -> None:
    """Mallory has an account without a second factor; what vouches for it is put in the place."""
    theirs = await Principal.get(id=mallory.actor.id)
    await Principal.filter(id=erika.actor.id).update(guard=theirs.guard, mark=theirs.mark)
    await HumanWrap.filter(principal=mallory.actor.id, how="password").update(
        principal=erika.actor.id
    )


@pytest.mark.parametrize(
    "besides", [_nothing_more, _no_mark, _number_of_a_new_account, _marks_of_their_own]
)
async def test_the_pass_resets_nothing_once_the_factors_were_taken_away(
    world: World, caplog: pytest.LogCaptureFixture, besides: Deed
) -> None:
    erika, mallory = await world.patient("Erika Beispiel"), await world.patient("Mallory")
    await sets_up_an_app(erika.browser)
    told = await subjects(world, erika.mail)
    await FactorsRow.all().delete()
    await HumanWrap.filter(principal=erika.actor.id, how="password").delete()
    await PasskeyWrap.all().delete()
    await besides(erika, mallory)

    answer = await forgets(world, erika.mail, erika.code)

    assert answer.status_code == 410
    page = await text_of(answer)
    assert "does not open" in page
    assert "second" not in page.partition("<main")[2].lower(), "says what somebody is to mend"
    assert f"account {erika.actor.id}" in caplog.text or f"user {erika.actor.id}" in caplog.text
    assert any(each.levelname == "CRITICAL" for each in caplog.records)
    assert await subjects(world, erika.mail) == told
    assert "hds=" not in str((await sign_in(world, erika.mail, NEW)).headers)


async def test_rows_that_are_put_back_let_their_owner_in_again(world: World) -> None:
    """What was taken away opens nothing for anybody, and is not spoiled by the tries."""
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    taken, wrap = await FactorsRow.get(), await HumanWrap.get(how="password")
    await FactorsRow.all().delete()
    await HumanWrap.filter(how="password").delete()
    assert (await forgets(world, erika.mail, erika.code)).status_code == 410

    await taken.save(force_create=True)
    await wrap.save(force_create=True)

    assert (await forgets(world, erika.mail, erika.code)).status_code == 303
    answer = await sign_in(world, erika.mail, NEW)
    assert answer.headers["Location"].startswith("/sign-in/second")


async def test_the_pass_and_a_copy_of_the_database_do_not_show_the_apps_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The Pass opens the root; what the second step is made of needs the key files, too."""
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    found = await keys.unwrap_root("code", "user", erika.actor.id, erika.code, asker=None)
    assert found is not None
    row, text = await FactorsRow.get(), keys.Text("user", erika.actor.id, 1, found.root)
    place = ("factors", "document", erika.actor.id, row.rev)

    with pytest.raises(vault.Tampered):
        text.open(*place, row.box)
    none: dict[str, Any] = {"passkeys": [], "authenticator": None, "recovery": []}
    await FactorsRow.all().update(box=text.box(*place, json.dumps(none)))

    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 410
    assert "second factors do not open" in caplog.text
