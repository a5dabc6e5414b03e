"""What people type into the account pages, and what those pages show them."""

import re
from typing import Any

from quart import Response

from tests.people import Browser, World

ERIKA = {
    "mail": "erika@example.test",
    "name": "Erika Beispiel",
    "birth_date": "01.04.1956",
    "sex": "F",
    "kind": "patient",
    "language": "en",
    "confirmed": "1",
}
ADA = ERIKA | {
    "mail": "ada@example.test",
    "name": "Ada Lindqvist",
    "birth_date": "2.3.1971",
    "kind": "professional",
    "specialty": "Neuroradiology",
    "place": "Kiel",
    "findable": "on",
}
CODE = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z*~$=U]{5}-){4}[0-9A-HJKMNP-TV-Z*~$=U]{5}")
"""Five by five Crockford characters, the last one a check."""
PASSWORD = "a walrus paints quiet bridges"


async def text_of(answer: Response) -> str:
    return await answer.get_data(as_text=True)


async def registers(browser: Browser, who: dict[str, Any] = ERIKA, **changes: Any) -> str:
    """The code on the Pass that the page shows."""
    answer = await browser.post("/register", form=who | changes)
    assert answer.status_code == 200, await text_of(answer)
    found = CODE.search(await text_of(answer))
    assert found, "the page shows no activation code"
    return found.group()


async def activates(browser: Browser, link: str, code: str, password: str = PASSWORD) -> Response:
    return await browser.post(link, form={"code": code, "password": password})


async def erika_is_active(world: World) -> None:
    """Erika went the whole way."""
    browser = world.browser()
    code = await registers(browser)
    answer = await activates(browser, await world.link_for(ERIKA["mail"]), code)
    assert answer.status_code == 303, await text_of(answer)


async def sign_in(world: World, mail: str = ERIKA["mail"], password: str = PASSWORD) -> Response:
    return await world.browser().post("/sign-in", form={"mail": mail, "password": password})
