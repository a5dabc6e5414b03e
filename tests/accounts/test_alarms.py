"""What happens when somebody has been at the database, or the portal is not a demo."""

from dataclasses import replace

import pytest

from portal.app import create_app
from portal.core.settings import Settings
from portal.keys.models import PrincipalKey
from tests.accounts.stories import sign_in
from tests.people import PASSWORD, World


@pytest.mark.tampers
async def test_an_exchanged_public_key_is_noticed_when_its_owner_signs_in(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await world.physician("Ada Lindqvist")
    mallory = await world.physician("Mallory")
    theirs = await PrincipalKey.get(principal=mallory.actor.id)
    hers = PrincipalKey.filter(principal=ada.actor.id)
    await hers.update(public=theirs.public, dir_sig=theirs.dir_sig)

    answer = await sign_in(world, ada.mail, PASSWORD)

    assert answer.status_code == 410
    assert "hds=" not in str(answer.headers)
    assert f"public key not vouched for: user {ada.actor.id}" in caplog.text
    assert (await sign_in(world, mallory.mail, PASSWORD)).status_code == 303


@pytest.mark.one_engine
def test_the_mailbox_exists_in_demos_only(settings: Settings) -> None:
    real = create_app(replace(settings, mail="smtp"))
    demo = create_app(settings)

    paths = [{rule.rule for rule in app.url_map.iter_rules()} for app in (real, demo)]

    assert ["/demo/mailbox" in found for found in paths] == [False, True]
