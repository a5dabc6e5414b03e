"""After a reset with a code from paper: its owner says which second factors are theirs."""

from typing import Final

from quart import Blueprint, redirect, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts.answers import form_page, redirect_to, safe_next
from portal.accounts.factors import browsers, document, entering, telling
from portal.accounts.factors.contents import Factors
from portal.accounts.factors.errors import ShortPassword
from portal.accounts.factors.letting_in import give_cookies
from portal.accounts.factors.stepping_up import step_up
from portal.accounts.forms import read_kept
from portal.core.actor import Actor
from portal.core.db import transaction
from portal.core.errors import Conflict, PortalError
from portal.core.settings import Settings
from portal.core.web import signed_in

REVIEW: Final = "/profile/security/review"


def add_review(blueprint: Blueprint, settings: Settings) -> None:
    """The page that comes after signing in until it was answered."""

    async def page(error: PortalError | None = None) -> ResponseReturnValue:
        after = safe_next((await request.form).get("next") or request.args.get("next"))
        found = await document.read(signed_in())
        if not (found.present and found.review):  # nothing to ask, or answered already
            return redirect(after, 303)
        typed = read_kept((await request.form).to_dict())
        return await form_page(
            "accounts/review.html", {"next": after}, error, found=found, kept=typed
        )

    @blueprint.get(REVIEW)
    async def ask_review() -> ResponseReturnValue:
        return await page()

    @blueprint.post(REVIEW)
    async def review() -> ResponseReturnValue:
        actor, data = signed_in(), (await request.form).to_dict()
        await step_up(actor)
        found = await document.read(actor)
        left = found.only(read_kept(data))
        needs = await entering.must_have(actor, settings.second_factor)
        try:
            session = await _keep(actor, found, left, needed=needs)
        except (ShortPassword, Conflict) as error:
            return await page(error)
        after = safe_next(data.get("next"))
        if session is None:
            return redirect(after, 303)
        answer = redirect_to("/sign-in/set-up")
        browsers.drop_session(answer, settings)
        give_cookies(answer, session, settings)
        return answer


async def _keep(
    actor: Actor, found: Factors, left: Factors, *, needed: bool
) -> entering.SignedIn | None:
    """End what was not chosen; the half-way state for who needs a factor and has none left."""
    if left.short and not left.present:
        raise ShortPassword
    gone = [each.id for each in found.passkeys if left.passkey(each.id) is None]
    async with transaction():
        await document.change(actor, left)
        for each in gone:
            await keys.drop_passkey(actor.id, each)
        if gone or left.authenticator != found.authenticator:
            await telling.tell(actor.id, "factor_removed")
        if left.present or not needed:
            return None
        await keys.end_sessions(actor.id)
        return await entering.without_a_factor(actor, actor.root)
