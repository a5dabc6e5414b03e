"""What people do for their programs, and what programs do."""

import re
from datetime import timedelta
from typing import Any, Final

from quart import Response

from portal.accounts.dates import today
from tests.people import Person, World

TOKEN: Final = re.compile(r"hds_[\w-]{64}")


def wanted(label: str, *scopes: str, days: int = 30) -> dict[str, str]:
    """The form that asks for a token."""
    until = (today() + timedelta(days=days)).isoformat()
    ticked = {f"scope_{each}": "yes" for each in scopes or ("read",)}
    return {"label": label, "until": until} | ticked


async def trusts(person: Person, *scopes: str, label: str = "Box office") -> str:
    """The token on the page that shows it."""
    answer = await person.browser.post("/profile/programs", form=wanted(label, *scopes))
    page = str(await answer.get_data(as_text=True))
    assert answer.status_code == 200, page
    [token] = TOKEN.findall(page)
    return str(token)


async def asks(
    world: World, token: str, path: str = "/api/space", method: str = "GET", **more: Any
) -> Response:
    """What a program with *token* is answered: no cookie, no origin, no form token."""
    headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
    answer = await world.app.test_client().open(path, method=method, headers=headers, **more)
    assert isinstance(answer, Response)
    return answer
