"""What a browser gets that is let in, and how short a password may be for whom."""

from urllib.parse import quote

from quart import Response

from portal.accounts.answers import (
    YEAR_SECONDS,
    device_cookie,
    drop_cookie,
    give_cookie,
    half_cookie,
    redirect_to,
    remember,
)
from portal.accounts.factors import document
from portal.accounts.factors.entering import SignedIn
from portal.accounts.forms import Preferences
from portal.accounts.passwords import SHORTEST, WITH_FACTOR
from portal.core.actor import Actor
from portal.core.settings import Settings
from portal.core.web import cookie_name


def let_in(session: SignedIn, settings: Settings, path: str) -> Response:
    """
    On to *path* with the cookie of a new session, or to the step that is lacking.

    By way of a page that sees whether the cookie comes back (S-052).
    """
    steps = {None: "/signed-in", "second": "/sign-in/second", "setup": "/sign-in/set-up"}
    if session.review:
        path = f"/profile/security/review?next={quote(path, safe='')}"
    answer = redirect_to(f"{steps[session.stage]}?next={quote(path, safe='/')}")
    give_cookies(answer, session, settings)
    return answer


def give_cookies(answer: Response, session: SignedIn, settings: Settings) -> None:
    """The cookies of a session or of the half-way state, and of a device known from now on."""
    half = half_cookie(settings)
    if session.stage is not None:
        give_cookie(answer, settings, half, session.cookie)
        return
    give_cookie(answer, settings, cookie_name(settings), session.cookie)
    drop_cookie(answer, settings, half)
    if session.device:
        give_cookie(answer, settings, device_cookie(settings), session.device, YEAR_SECONDS)
    remember(answer, settings, Preferences(session.language, session.theme))


async def shortest_for(actor: Actor) -> int:
    """Characters that a new password of theirs needs; fewer with a second factor."""
    present = (await document.read(actor)).present
    return WITH_FACTOR if present else SHORTEST[actor.kind]
