"""What people do with their second factor, as their browsers do it."""

import re
from dataclasses import dataclass, field

import pyotp
from quart import Response

from portal.accounts.factors import authenticator
from portal.core.db import now
from tests.accounts.factors.soft_key import SoftKey, asked
from tests.people import PASSWORD, Browser, Person, World

CODE = re.compile(r"<li><code>([0-9A-Z-]{11})</code>")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SECRET = re.compile(r'class="pass-code" translate="no">([A-Z2-7 ]+)<')


async def text_of(answer: Response) -> str:
    return str(await answer.get_data(as_text=True))


@dataclass
class Phone:
    """An authenticator app; its clock goes 30 seconds further with every code."""

    secret: str
    steps: int = field(default=0)

    def shows(self) -> str:
        """The code of now; the next one at the next look."""
        moment = int(now().timestamp()) // authenticator.STEP_SECONDS
        code = pyotp.HOTP(self.secret).at(moment + self.steps)
        self.steps = min(self.steps + 1, 1)
        return code


async def sets_up_an_app(
    browser: Browser, base: str = "/profile/security"
) -> tuple[Phone, list[str]]:
    """The app and the recovery codes; the first code was last step's, so that more can follow."""
    page = await text_of(await browser.get(f"{base}/app"))
    found = SECRET.search(page)
    assert found, page
    phone = Phone(found.group(1).replace(" ", ""), steps=-1)
    hidden = dict(HIDDEN.findall(page))
    form = {"ticket": hidden["ticket"], "proof_code": phone.shows(), "next": hidden["next"]}
    answer = await browser.post(f"{base}/app", form=form)
    assert answer.status_code in {200, 303}, await text_of(answer)
    return phone, CODE.findall(await text_of(answer))


async def gives_password(world: World, person: Person) -> tuple[Browser, Response]:
    """A browser that was never here, and where the password leads."""
    browser = world.browser()
    return browser, await browser.post("/sign-in", form={"mail": person.mail, "password": PASSWORD})


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
