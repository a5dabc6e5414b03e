"""Whatever changes about the safety of an account is told: by mail, behind the bell, in words."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import pytest

from portal.accounts.factors import entering
from portal.core.settings import Settings
from portal.keys.models import Session
from portal.notices.kinds import KINDS
from portal.notices.models import Notice
from tests.accounts.factors.soft_key import SoftKey, adds_passkey, passkey_second
from tests.accounts.factors.stories import gives_password, proves, sets_up_an_app, shows, text_of
from tests.accounts.losing import NEW, forgets, link_in_mail
from tests.accounts.programs import TOKEN, wanted
from tests.accounts.stories import CODE
from tests.people import PASSWORD, Person, World

MOVED: Final = "erika.moved@example.test"


@dataclass
class Story:
    """Somebody, and every secret and every word about them that no mail may hold."""

    world: World
    person: Person
    secrets: list[str]

    async def posts(self, path: str, status: int = 303, **form: str) -> str:
        answer = await self.person.browser.post(path, form=form)
        assert answer.status_code == status, await text_of(answer)
        page = await text_of(answer)
        self.secrets += CODE.findall(page)
        return page


async def strange_device(story: Story) -> None:
    await gives_password(story.world, story.person)


async def factor_added(story: Story) -> list[str]:
    _, codes = await sets_up_an_app(story.person.browser)
    story.secrets += codes
    return codes


async def factor_removed(story: Story) -> None:
    await factor_added(story)
    await story.posts("/profile/security/app/remove")


async def codes_renewed(story: Story) -> None:
    codes = await factor_added(story)
    await proves(story.person.browser, code=codes[0])
    await story.posts("/profile/security/recovery", 200)


async def recovery_code_used(story: Story) -> None:
    codes = await factor_added(story)
    browser, _ = await gives_password(story.world, story.person)
    assert await shows(browser, codes[3]) == 303


async def pass_used(story: Story) -> None:
    await factor_added(story)
    browser, _ = await gives_password(story.world, story.person)
    assert await shows(browser, story.person.code) == 303


async def passkey_copied(story: Story) -> None:
    key = SoftKey(story.world.settings.origin, count=5)
    assert await adds_passkey(story.person.browser, key) == 200
    browser, _ = await gives_password(story.world, story.person)
    assert await passkey_second(browser, key) == 403


async def password_changed(story: Story) -> None:
    await story.posts("/profile/password", present=PASSWORD, password=NEW)


async def password_forgotten(story: Story) -> None:
    person = story.person
    assert (await forgets(story.world, person.mail, person.code)).status_code == 303


async def sheet_made(story: Story) -> str:
    await story.posts("/profile/papers/recovery", 200, present=PASSWORD)
    return story.secrets[-1]


async def token_made(story: Story) -> None:
    page = await story.posts("/profile/programs", 200, **wanted("Box office"))
    story.secrets += [*TOKEN.findall(page), "Box office"]


async def sheet_used(story: Story) -> None:
    sheet = await sheet_made(story)
    assert (await forgets(story.world, story.person.mail, sheet)).status_code == 303


async def sheet_revoked(story: Story) -> None:
    await sheet_made(story)
    await story.posts("/profile/papers/recovery/revoke", present=PASSWORD)


async def pass_renewed(story: Story) -> None:
    await story.posts("/profile/papers/pass", 200, present=PASSWORD)


async def account_secured(story: Story) -> None:
    await story.posts("/profile/secure", 200, present=PASSWORD, password=NEW)


async def address_changed(story: Story) -> None:
    await story.posts("/profile/address", 200, present=PASSWORD, mail=MOVED)
    for mail in (story.person.mail, MOVED):
        link = await link_in_mail(story.world, mail, "/address/")
        answer = await story.world.browser().post(link, form={"answer": "yes"})
        assert answer.status_code == 200


async def deletion_set(story: Story) -> None:
    await story.posts("/profile/delete", present=PASSWORD, when="later", word="DELETE")


CHANGES: Final[dict[str, Callable[[Story], Awaitable[object]]]] = {
    "new_device": strange_device,
    "factor_added": factor_added,
    "factor_removed": factor_removed,
    "codes_renewed": codes_renewed,
    "code_used": recovery_code_used,
    "pass_used": pass_used,
    "passkey_copied": passkey_copied,
    "password_changed": password_changed,
    "token_made": token_made,
    "recovery_made": sheet_made,
    "recovery_revoked": sheet_revoked,
    "sheet_used": sheet_used,
    "pass_renewed": pass_renewed,
    "account_secured": account_secured,
    "address_changed": address_changed,
    "delete_set": deletion_set,
}
SUBJECTS: Final = {
    "new_device": ("New sign-in to your account", "Neue Anmeldung bei Ihrem Konto"),
    "factor_added": ("A second step was added", "Ein zweiter Schritt wurde hinzugefügt"),
    "factor_removed": ("A second step was removed", "Ein zweiter Schritt wurde entfernt"),
    "codes_renewed": ("You have new recovery codes", "Sie haben neue Ersatzcodes"),
    "code_used": ("A recovery code was used", "Ein Ersatzcode wurde benutzt"),
    "pass_used": ("Your Pass was used", "Ihr Pass wurde benutzt"),
    "passkey_copied": (
        "A passkey of yours may have been copied", "Einer Ihrer Passkeys wurde vielleicht kopiert"
    ),
    "password_changed": ("Your password was changed", "Ihr Passwort wurde geändert"),
    "token_made": (
        "A program has access to your account", "Ein Programm hat Zugang zu Ihrem Konto"
    ),
    "recovery_made": ("You have a recovery sheet", "Sie haben ein Notfallblatt"),
    "recovery_revoked": (
        "Your recovery sheet is no longer valid", "Ihr Notfallblatt gilt nicht mehr"
    ),
    "sheet_used": ("Your recovery sheet was used", "Ihr Notfallblatt wurde benutzt"),
    "pass_renewed": ("You have a new Pass", "Sie haben einen neuen Pass"),
    "account_secured": ("Your account has new keys", "Ihr Konto hat neue Schlüssel"),
    "address_changed": ("The address of your account was changed", "Die Adresse Ihres Kontos"),
    "delete_set": ("Your account will be deleted", "Ihr Konto wird gelöscht"),
}  # fmt: skip
WHAT_TO_DO: Final = {
    "en": re.compile(
        r"\b(If (this|it) was not you|If not|Was it not you|sign in)\b", re.IGNORECASE
    ),
    "de": re.compile(
        r"\b(Waren Sie das nicht|Wenn nicht|Wenn Sie das nicht|melden Sie sich)\b", re.IGNORECASE
    ),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    return replace(settings, public_url=settings.public_url.replace("127.0.0.1", "localhost"))


def test_the_table_has_every_kind_that_is_about_safety() -> None:
    """`reset_set` is told to somebody who cannot sign in; its mail is in test_resetting."""
    fixed = {name for name, kind in KINDS.items() if kind.fixed}

    assert fixed == {*CHANGES, "reset_set"} == {*SUBJECTS, "reset_set"}


@pytest.mark.parametrize("speaks", ["en", "de"])
@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_is_told_without_a_secret_and_with_what_to_do(
    world: World, kind: str, speaks: str
) -> None:
    erika = await world.patient("Erika Beispiel", language=speaks)
    story = Story(world, erika, [erika.code, PASSWORD, NEW])

    await CHANGES[kind](story)

    mails = [*await world.mails_to(erika.mail), *await world.mails_to(MOVED)]
    [*_, mail] = [each for each in mails if each.subject.startswith(_subject(kind, speaks))]
    said = mail.text.replace(world.settings.origin, "")
    for secret in (*story.secrets, "Erika", "Beispiel", "1970", "127.0.0", MOVED, erika.mail):
        assert secret.casefold() not in f"{mail.subject} {said}".casefold(), secret
    assert WHAT_TO_DO[speaks].search(said), said
    assert f"{world.settings.origin}/" in mail.text
    assert (" Sie " in said) == (speaks == "de")
    assert await Notice.filter(account=erika.actor.id, kind=kind, shown=True).count() == 1


def _subject(kind: str, speaks: str) -> str:
    return SUBJECTS[kind][0 if speaks == "en" else 1]


async def test_the_mail_about_a_strange_device_is_written_with_its_session_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the process in between ends both: no sign-in that nobody is told of."""
    erika = await world.patient("Erika Beispiel")
    sessions = await Session.filter(principal=erika.actor.id).count()
    mails = len(await world.mails_to(erika.mail))

    async def power_cut(_event: object) -> None:
        raise RuntimeError("the power is cut")

    with monkeypatch.context() as cut:
        cut.setattr(entering, "owe", power_cut)
        await gives_password(world, erika)

    assert await Session.filter(principal=erika.actor.id).count() == sessions
    assert len(await world.mails_to(erika.mail)) == mails
    await gives_password(world, erika)
    assert len(await world.mails_to(erika.mail)) == mails + 1
