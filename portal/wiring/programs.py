"""
Programs: whom they stand for by the token they show, and where that counts.

A room says which of its addresses programs may use, each with what a token must be allowed
(`FOR_PROGRAMS` in its routes).  Everywhere else a token is nothing, and where one is shown no
cookie is looked at.
"""

from collections.abc import Mapping
from typing import Final

from quart import Quart, Response, g, request

from portal import edge, keys
from portal.core import web
from portal.core.errors import Denied, SignInNeeded
from portal.core.language import N_
from portal.keys import Allowed

BEARER: Final = "bearer"
REALM: Final = 'Bearer realm="HealthDataSpace"'
WRONG_A_SECOND: Final = 2
WRONG_AT_ONCE: Final = 120
"""
Wrong tokens of one network.  No guess can hit 256 bits: this keeps the database from being asked.
Right ones are not counted.
"""


class TokenRefused(SignInNeeded):
    """Unknown, revoked, expired or misspelt: one answer for all of them."""

    code = "token_refused"
    message = N_("This token opens nothing. It may have ended or been revoked.")


class TokenTooNarrow(Denied):
    """The token is good, and not for this."""

    code = "token_scope"
    message = N_("This token may not do that. Please make another one for it.")


def recognising(app: Quart, open_to: Mapping[str, Allowed]) -> web.Recognise:
    """Who asks *app*; *open_to*: where programs may, by endpoint, and what a token needs there."""
    wrong = edge.Pace(WRONG_A_SECOND, WRONG_AT_ONCE)

    async def recognise(cookie: str | None) -> web.Recognised | None:
        token = _shown()
        if token is not None:
            needed = open_to.get(request.endpoint or "")
            return None if needed is None else await _by_token(token, needed, wrong)
        actor = None if cookie is None else await keys.actor_by_cookie(cookie)
        return (
            None
            if cookie is None or actor is None
            else web.Recognised(actor, keys.csrf_token(cookie))
        )

    @app.after_request
    async def challenge(answer: Response) -> Response:
        """What RFC 6750 (section 3) has a program told."""
        asked = answer.status_code == web.STATUS[SignInNeeded] and request.endpoint in open_to
        if asked or "challenge" in g:
            answer.headers["WWW-Authenticate"] = g.get("challenge", REALM)
        return answer

    return recognise


def _shown() -> str | None:
    """The token that the request shows (RFC 6750, section 2.1); None where it shows none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == BEARER else None


async def _by_token(token: str, needed: Allowed, wrong: edge.Pace) -> web.Recognised:
    found = await keys.by_token(token)
    if found is None:
        wrong.take(edge.network_of(request.remote_addr))
        g.challenge = f'{REALM}, error="invalid_token"'
        raise TokenRefused
    if needed != "any" and needed not in found.scopes:
        g.challenge = f'{REALM}, error="insufficient_scope", scope="{needed}"'
        raise TokenTooNarrow
    return web.Recognised(found.actor, csrf=None)
