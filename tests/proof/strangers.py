"""What a stranger types who does not know whether somebody has an account."""

from typing import Final

from quart import Response

from tests.accounts.stories import ERIKA
from tests.people import Browser

KNOWN: Final = ERIKA["mail"]
UNKNOWN: Final = "erikb@example.test"
WRONG: Final = "not this one, surely"


async def signs_in(browser: Browser, mail: str) -> Response:
    return await browser.post("/sign-in", form={"mail": mail, "password": WRONG})
