"""Pages under /profile/programs: which programs have a token, making one, revoking it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts.answers import form_page
from portal.accounts.dates import today
from portal.accounts.programs.forms import LONGEST, PROPOSED, NewToken
from portal.accounts.programs.making import make
from portal.core.errors import Conflict, Invalid, PortalError, Unknown
from portal.core.web import signed_in

PROGRAMS = "/profile/programs"


def create_blueprint() -> Blueprint:
    """The list with its form, the page that shows a new token once, and revoking."""
    blueprint = Blueprint("programs", __name__, url_prefix=PROGRAMS)

    @blueprint.get("")
    async def programs() -> ResponseReturnValue:
        return await _page({})

    @blueprint.post("")
    async def make_token() -> ResponseReturnValue:
        actor, data = signed_in(), (await request.form).to_dict()
        try:
            wanted = NewToken.parse(data)
            token = await make(actor, wanted)
        except (Invalid, Conflict) as error:
            return await _page(data, error)
        return await render_template("accounts/program_made.html", token=token, wanted=wanted)

    @blueprint.post("/<program>/revoke")
    async def revoke(program: str) -> ResponseReturnValue:
        try:
            named = bytes.fromhex(program)
        except ValueError:
            raise Unknown from None
        if not await keys.end_own_token(signed_in(), named):
            raise Unknown
        return redirect(f"{PROGRAMS}?revoked=1", 303)

    return blueprint


async def _page(data: Mapping[str, Any], error: PortalError | None = None) -> ResponseReturnValue:
    first = today()
    return await form_page(
        "accounts/programs.html",
        data,
        error,
        tokens=await keys.tokens_of(signed_in()),
        revoked="revoked" in request.args,
        first=first,
        proposed=first + PROPOSED,
        last=first + LONGEST,
        day_before=timedelta(seconds=-1),
    )
