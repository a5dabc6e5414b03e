"""What somebody signed in sees and changes of their factors and sessions."""

from typing import Final

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts import departures
from portal.accounts.answers import redirect_to
from portal.accounts.factors import (
    browsers,
    document,
    entering,
    recovery_codes,
    session_list,
    telling,
)
from portal.accounts.factors.contents import Factors
from portal.accounts.factors.errors import LastFactor, ShortPassword
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.stepping_up import step_up, use_up
from portal.accounts.forms import Problems, read_name
from portal.core.actor import Actor
from portal.core.db import transaction
from portal.core.errors import Unknown
from portal.core.settings import Settings
from portal.core.web import signed_in

SECURITY: Final = "/profile/security"
SESSIONS: Final = "/profile/sessions"


def add_security(blueprint: Blueprint, settings: Settings) -> None:
    """Pages under /profile/security: what there is, names, removing, new recovery codes."""
    site = Site.of(settings)

    async def keep(actor: Actor, changed: Factors, *, removed: bool = True) -> ResponseReturnValue:
        await _keep(settings, actor, changed, removed=removed)
        return redirect(f"{SECURITY}?saved=1", 303)

    @blueprint.get(SECURITY)
    async def security() -> ResponseReturnValue:
        actor = signed_in()
        return await render_template(
            "accounts/security.html",
            found=await document.read(actor),
            required=await entering.must_have(actor, settings.second_factor),
            passkeys=site.takes_passkeys,
            saved="saved" in request.args,
        )

    @blueprint.post(f"{SECURITY}/passkeys/<credential>/name")
    async def name_passkey(credential: str) -> ResponseReturnValue:
        actor, problems = signed_in(), Problems()
        name = problems.read("name", read_name, (await request.form).to_dict())
        problems.check()
        found = await document.read(actor)
        named = found.with_name(_id(found, credential), name or "")
        return await keep(actor, named, removed=False)

    @blueprint.post(f"{SECURITY}/passkeys/<credential>/remove")
    async def remove_passkey(credential: str) -> ResponseReturnValue:
        actor = signed_in()
        await step_up(actor)
        found = await document.read(actor)
        passkey = _id(found, credential)
        answer = await keep(actor, found.without_passkey(passkey))
        await keys.drop_passkey(actor.id, passkey)
        return answer

    @blueprint.post(f"{SECURITY}/app/remove")
    async def remove_app() -> ResponseReturnValue:
        actor = signed_in()
        await step_up(actor)
        return await keep(actor, (await document.read(actor)).without_app())

    @blueprint.post(f"{SECURITY}/recovery")
    async def new_recovery_codes() -> ResponseReturnValue:
        actor = signed_in()
        found = await document.read(actor)
        if not found.present:
            raise Unknown
        changed, codes = recovery_codes.issue(actor, found)
        async with transaction():
            await use_up(actor)
            await document.change(actor, changed)
            await telling.tell(actor.id, "codes_renewed")
        return await render_template("accounts/recovery_codes.html", codes=codes, next=SECURITY)


def add_sessions(blueprint: Blueprint, settings: Settings) -> None:
    """Pages under /profile/sessions: where one is signed in, and ending that."""

    @blueprint.get(SESSIONS)
    async def sessions() -> ResponseReturnValue:
        listed = await session_list.listed(signed_in(), browsers.visit(settings))
        return await render_template(
            "accounts/sessions.html", sessions=listed, ended="ended" in request.args
        )

    @blueprint.post(f"{SESSIONS}/<session>/end")
    async def end_one(session: str) -> ResponseReturnValue:
        await session_list.end(signed_in(), session)
        return redirect(f"{SESSIONS}?ended=1", 303)

    @blueprint.post(f"{SESSIONS}/end-others")
    async def end_others() -> ResponseReturnValue:
        actor = signed_in()
        async with transaction():
            await keys.end_sessions(actor.id, but=actor.session)
            await departures.forget_devices(actor.id, browsers.here(settings))
        answer = redirect_to(f"{SESSIONS}?ended=1")
        await browsers.stay_known(answer, settings, actor.id)
        return answer


async def _keep(settings: Settings, actor: Actor, changed: Factors, *, removed: bool) -> None:
    needs = await entering.must_have(actor, settings.second_factor)
    if needs and not changed.present:
        raise LastFactor
    if changed.short and not changed.present:
        raise ShortPassword
    async with transaction():
        await document.change(actor, changed)
        if removed:
            await telling.tell(actor.id, "factor_removed")


def _id(found: Factors, credential: str) -> bytes:
    """The id of one of the passkeys.  Raises `Unknown`."""
    known = next((each.id for each in found.passkeys if each.id.hex() == credential), None)
    if known is None:
        raise Unknown
    return known
