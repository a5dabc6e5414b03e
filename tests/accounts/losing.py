"""What people do who have lost a secret, and how time goes by for them."""

import re
from datetime import timedelta

from quart import Response

from portal.accounts.ending import leaving
from portal.accounts.models import Activation, Leaving, Papers, Readdressing, ResetLink, Throttle
from tests.accounts.stories import text_of
from tests.people import Browser, Person, World

NEW = "seven herons read old newspapers"


async def forgets(
    world: World, mail: str, code: str, password: str = NEW, browser: Browser | None = None
) -> Response:
    """Sets a new password with a code from paper."""
    form = {"mail": mail, "code": code, "password": password}
    return await (browser or world.browser()).post("/forgotten", form=form)


async def asks_for_reset(world: World, mail: str) -> str:
    """What the page says to somebody who has lost both."""
    answer = await world.browser().post("/forgotten/everything", form={"mail": mail})
    assert answer.status_code == 200, await text_of(answer)
    return await text_of(answer)


async def link_in_mail(world: World, mail: str, path: str = "/forgotten/link/") -> str:
    """The newest link of this kind that was mailed to an address."""
    for each in await world.mails_to(mail):
        if found := re.search(rf"{re.escape(world.settings.origin)}({path}\S+)", each.text):
            return found.group(1)
    raise AssertionError("no such link was mailed")


async def confirms(world: World, link: str, word: str = "DELETE") -> Response:
    return await world.browser().post(link, form={"word": word})


async def subjects(world: World, mail: str) -> list[str]:
    """Of all mails to an address, newest first."""
    return [each.subject for each in await world.mails_to(mail)]


async def resets(world: World, person: Person) -> None:
    """The whole way to an emptied account."""
    await asks_for_reset(world, person.mail)
    assert (await confirms(world, await link_in_mail(world, person.mail))).status_code == 200
    await time_passes(timedelta(hours=72))
    assert await leaving.end_what_is_due() == 1


async def time_passes(by: timedelta) -> None:
    """Everything that waits in this room is older by so much."""
    for table, column in (
        (Leaving, "due_at"),
        (ResetLink, "expires_at"),
        (Readdressing, "due_at"),
        (Activation, "expires_at"),
        (Papers, "asked_at"),
        (Throttle, "free_at"),
    ):
        for row in await table.all():
            where = {table._meta.pk_attr: row.pk}
            earlier = getattr(row, column) - by
            await table.filter(**where).update(**{column: earlier})
