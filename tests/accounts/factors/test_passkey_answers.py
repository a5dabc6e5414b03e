"""What authenticators say, honest ones and others: WebAuthn level 3, sections 7.1 and 7.2."""

from dataclasses import replace

import pytest

from portal.accounts.factors import document
from portal.core.settings import Settings
from portal.keys.models import PasskeyWrap
from portal.notices.models import Notice
from tests.accounts.factors.soft_key import SoftKey, adds_passkey, passkey_alone, passkey_second
from tests.accounts.factors.stories import gives_password, sets_up_an_app, shows, text_of
from tests.people import PASSWORD, Person, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    return replace(settings, public_url=settings.public_url.replace("127.0.0.1", "localhost"))


def key_of(world: World, **more: object) -> SoftKey:
    return SoftKey(world.settings.origin, **more)  # type: ignore[arg-type]


async def second_step(world: World, person: Person, key: SoftKey) -> int:
    browser, _ = await gives_password(world, person)
    return await passkey_second(browser, key)


async def test_a_passkey_opens_its_owners_account_and_no_other(world: World) -> None:
    """Mallory claims Erika's credential, first and last, with a secret of her own."""
    erika, mallory = await world.patient("Erika Beispiel"), await world.patient("Mallory Mann")
    hers = key_of(world)
    stolen = key_of(world, id=hers.id)

    assert await adds_passkey(mallory.browser, stolen) == 200
    assert await adds_passkey(erika.browser, hers) == 200, "somebody else's claim is in the way"

    browser = world.browser()
    assert await passkey_alone(browser, hers) == 303
    assert "Erika Beispiel" in await text_of(await browser.get("/profile"))
    stolen.owner = hers.owner
    assert await passkey_alone(world.browser(), stolen) == 403
    assert await PasskeyWrap.filter(principal=erika.actor.id).count() == 1


async def test_nobody_learns_whose_passkey_it_is(world: World) -> None:
    """No such account, no such passkey, another secret, no handle: one answer."""
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    hers = key_of(world)
    await adds_passkey(erika.browser, hers)
    guesses = [
        key_of(world, id=hers.id, owner=hers.owner),
        key_of(world, owner=hers.owner),
        key_of(world, id=hers.id, owner=ben.actor.id.bytes),
        key_of(world, id=hers.id, owner=bytes(16)),
        key_of(world, id=hers.id, owner=b"short"),
        key_of(world, id=hers.id, owner=hers.owner, secret=b""),
    ]
    pages = []
    for each in guesses:
        browser = world.browser()
        question = await browser.post("/sign-in/passkey/options")
        form = each.used(await question.get_json())
        answer = await browser.post("/sign-in/passkey", form=form)
        assert answer.status_code == 403
        pages.append((await text_of(answer)).partition("<main")[2])

    assert all("cannot sign you in by itself" in page for page in pages)
    assert len(set(pages)) == 1


@pytest.mark.parametrize("secret", [b"", None])
async def test_a_count_that_does_not_rise_is_a_copy_and_its_owner_hears_of_it(
    world: World, secret: bytes | None
) -> None:
    erika = await world.patient("Erika Beispiel")
    key = key_of(world, count=3, **({} if secret is None else {"secret": secret}))
    await adds_passkey(erika.browser, key)
    key.count = 9
    assert await second_step(world, erika, key) == 303

    for count in (9, 4, 0):
        key.count = count
        assert await second_step(world, erika, key) == 403

    subjects = [each.subject for each in await world.mails_to(erika.mail)]
    assert subjects.count("A passkey of yours may have been copied") == 1
    assert await Notice.filter(account=erika.actor.id, kind="passkey_copied").count() == 1
    page = await text_of(await erika.browser.get("/profile/security"))
    assert "There is a copy of this passkey" in page
    key.count = 10
    assert await second_step(world, erika, key) == 303, "the owner's own still works"


async def test_a_key_that_never_counts_is_no_copy(world: World) -> None:
    """Keys that are synchronised between devices count nothing."""
    erika = await world.patient("Erika Beispiel")
    key = key_of(world, travels=True)
    await adds_passkey(erika.browser, key)

    assert [await second_step(world, erika, key) for _ in range(2)] == [303, 303]


async def test_a_forged_count_accuses_nobody(world: World) -> None:
    """Without the key's signature a low count says nothing."""
    erika = await world.patient("Erika Beispiel")
    key = key_of(world, count=5)
    await adds_passkey(erika.browser, key)
    forged = key_of(world, id=key.id, owner=key.owner, count=1)

    assert await second_step(world, erika, forged) == 403

    [passkey] = (await document.read(erika.actor)).passkeys
    assert passkey.copied is None


@pytest.mark.parametrize(
    "lie",
    [
        {"travels": True},
        {"client": {"crossOrigin": True}},
        {"client": {"topOrigin": "https://evil.example"}},
        {"client": {"type": "webauthn.create"}},
        {"origin": "http://localhost:1"},
        {"owner": bytes(16)},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_an_answer_that_does_not_fit_is_refused(world: World, lie: dict[str, object]) -> None:
    erika = await world.patient("Erika Beispiel")
    key = key_of(world)
    await adds_passkey(erika.browser, key)
    for name, value in lie.items():
        setattr(key, name, value)

    assert await second_step(world, erika, key) == 403
    assert await passkey_alone(world.browser(), key) == 403


async def test_a_new_passkey_must_be_what_it_says(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    lies: tuple[dict[str, object], ...] = (
        {"client": {"crossOrigin": True}},
        {"client": {"origin": "https://evil.example"}},
        {"id": bytes(1024)},
    )
    for lie in lies:
        assert await adds_passkey(erika.browser, key_of(world, **lie)) in {403, 422}, lie

    assert not (await document.read(erika.actor)).present
    assert await PasskeyWrap.all().count() == 0


async def test_a_passkey_of_before_learns_what_kind_it_is(world: World) -> None:
    """Documents of an earlier release do not say whether a key travels."""
    erika = await world.patient("Erika Beispiel")
    key = key_of(world, travels=True)
    await adds_passkey(erika.browser, key)
    found = await document.read(erika.actor)
    [passkey] = found.passkeys
    await document.change(erika.actor, found.with_passkey(replace(passkey, travels=None)))

    assert await second_step(world, erika, key) == 303
    key.travels = False

    assert await second_step(world, erika, key) == 403


async def test_a_known_device_is_asked_for_the_second_step_as_well(world: World) -> None:
    """There is no trusted device: being known spares the wait, never the factor."""
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    browser = world.browser()
    browser.client.set_cookie("localhost", "hds-device", world.devices[erika.mail])

    form = {"mail": erika.mail, "password": PASSWORD}
    answer = await browser.post("/sign-in", form=form)

    assert answer.headers["Location"].startswith("/sign-in/second")
    assert (await browser.get("/profile")).status_code == 303
    assert await shows(browser, phone.shows()) == 303
