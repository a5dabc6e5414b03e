"""What people do with their second factor, as their browsers do it."""

import re
import time
from dataclasses import dataclass

import pyotp
from quart import Response

from portal.accounts.factors import authenticator
from portal.core.db import now
from tests.accounts.factors.soft_key import SoftKey, asked
from tests.people import PASSWORD, Browser, Person, World

CODE = re.compile(r"<li><code>([0-9A-Z-]{11})</code>")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
ON_THE_WAY_SECONDS = 6
SECRET = re.compile(r'class="pass-code" translate="no">([A-Z2-7 ]+)<')


async def text_of(answer: Response) -> str:
    return str(await answer.get_data(as_text=True))


@dataclass
class Phone:
    """An authenticator app whose clock stands as far behind, then ahead, as the portal allows."""

    secret: str
    last: int = 0
    """The step of the code it showed last; of 30 seconds, as in RFC 6238."""

    def shows(self) -> str:
        """A code it has not shown yet that is still good when it arrives; three of them at once."""
        moment = now().timestamp()
        left = authenticator.STEP_SECONDS - moment % authenticator.STEP_SECONDS
        newest = int(moment) // authenticator.STEP_SECONDS + 1
        oldest = newest - (1 if left < ON_THE_WAY_SECONDS else 2)
        step = max(self.last + 1, oldest)
        if step > newest and left < ON_THE_WAY_SECONDS:
            time.sleep(left)
            newest += 1
        self.last = min(step, newest)
        return pyotp.HOTP(self.secret).at(self.last)


async def sets_up_an_app(
    browser: Browser, base: str = "/profile/security"
) -> tuple[Phone, list[str]]:
    """The app, and the recovery codes that the page showed."""
    page = await text_of(await browser.get(f"{base}/app"))
    found = SECRET.search(page)
    assert found, page
    phone = Phone(found.group(1).replace(" ", ""))
    hidden = dict(HIDDEN.findall(page))
    form = {"ticket": hidden["ticket"], "proof_code": phone.shows(), "next": hidden["next"]}
    answer = await browser.post(f"{base}/app", form=form)
    assert answer.status_code in {200, 303}, await text_of(answer)
    return phone, CODE.findall(await text_of(answer))


async def gives_password(
    world: World, person: Person, password: str = PASSWORD
) -> tuple[Browser, Response]:
    """A browser that was never here, and where the password leads."""
    browser = world.browser()
    return browser, await browser.post("/sign-in", form={"mail": person.mail, "password": password})


async def shows(browser: Browser, code: str) -> int:
    """What a code at the second step is answered."""
    return (await browser.post("/sign-in/second", form={"proof_code": code})).status_code


async def proves(
    browser: Browser, password: str = PASSWORD, *, code: str = "", key: SoftKey | None = None
) -> None:
    """Shows once more who they are, as the page that asks does: with the factor if there is one."""
    form = {"proof_code": code} if code else {"proof_password": password}
    if key is not None:
        form = key.used(await asked(browser, "/confirm/options"))
    answer = await browser.post("/confirm", form=form)
    assert answer.status_code in {303, 307}, await text_of(answer)
