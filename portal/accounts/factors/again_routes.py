"""Proving again who one is: before what matters, and to lift the lock of a page."""

from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response, g, jsonify, make_response, redirect, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts.answers import (
    form_page,
    give_cookie,
    half_cookie,
    redirect_to,
    safe_next,
)
from portal.accounts.factors import browsers, document, locking, passkeys, proofs
from portal.accounts.factors.acts import act_behind
from portal.accounts.factors.entering_routes import REFUSALS
from portal.accounts.factors.errors import HalfOver
from portal.accounts.factors.letting_in import give_cookies
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.proofs import Proof
from portal.accounts.factors.stepping_up import StepUpNeeded, note_proof
from portal.core.actor import AccountId
from portal.core.db import now
from portal.core.errors import PortalError, SignInNeeded, reading
from portal.core.settings import Settings
from portal.core.web import explain, signed_in, status_of, wants_html

UNSEEN: Final = frozenset({"csrf", "password", "present", "to", "credential", "secret"})
"""Fields of the act that do not travel through the page that asks."""
PROOF: Final = "proof_"


def add_again(blueprint: Blueprint, settings: Settings) -> None:
    """The page that asks before what matters, and goes on with the act by itself."""
    site = Site.of(settings)

    async def page(
        to: str, kept: dict[str, str], error: PortalError | None = None, *, method: str
    ) -> ResponseReturnValue:
        found = await document.read(signed_in())
        return await form_page(
            "accounts/again.html",
            {},
            error,
            to=to,
            method=method,
            kept=kept,
            act=act_behind(to, method),
            factor=found.present,
            passkeys=site.takes_passkeys and bool(found.passkeys),
            app=found.authenticator is not None,
        )

    @blueprint.app_errorhandler(StepUpNeeded)
    async def ask_again(error: StepUpNeeded) -> ResponseReturnValue:
        if not wants_html():
            said = {"error": error.code, "message": explain(error), "asks": await _asks(site)}
            return said, status_of(error)
        kept = _kept((await request.form).to_dict())
        shown = await page(request.full_path.rstrip("?"), kept, method=request.method)
        return await make_response(shown, status_of(error))

    @blueprint.post("/confirm")
    async def confirm() -> ResponseReturnValue:
        actor, data = signed_in(), (await request.form).to_dict()
        method = "GET" if data.get("method") == "GET" else "POST"
        to = safe_next(data.get("to"))
        try:
            await proofs.again(actor, Proof.parse(data), site)
        except REFUSALS as error:
            if not wants_html():
                raise
            return await page(to, _kept(data), error, method=method)
        await note_proof(actor, browsers.visit(settings))
        if not wants_html():
            return {"confirmed": True}
        # 307: the browser repeats the act with everything that its form said.
        return redirect(to, 307 if method == "POST" else 303)

    @blueprint.post("/confirm/options")
    async def confirm_options() -> ResponseReturnValue:
        actor = signed_in()
        found = await document.read(actor)
        return await passkeys.ask_to_use(site, "again", actor.session, found)


def add_lock(blueprint: Blueprint, settings: Settings) -> None:
    """The lock of a page, and whether its session is still there."""
    site = Site.of(settings)

    @blueprint.get("/session")
    async def session() -> ResponseReturnValue:
        """Asked while somebody is at work on a page, so that it does not end under their hands."""
        return await _present()

    @blueprint.post("/lock")
    async def lock() -> ResponseReturnValue:
        cookie = await locking.lock(signed_in())
        answer = Response(status=204) if not wants_html() else redirect_to("/sign-in")
        browsers.drop_session(answer, settings)
        give_cookie(answer, settings, half_cookie(settings), cookie)
        return answer

    @blueprint.post("/unlock")
    async def unlock() -> ResponseReturnValue:
        """For the scripts of a page that is locked: it keeps what was typed."""
        data = await request.get_json(silent=True) or {}
        with reading():
            account = AccountId(UUID(str(data["account"])))
            proof = Proof.parse(data)
        half = await browsers.half(settings, "locked", "second")
        locked = locking.Locked(account, half)
        visit = browsers.visit(settings)
        opened = await locking.unlock(locked, proof, visit, site, settings.second_factor)
        if opened.stage is None:
            actor = await keys.actor_by_cookie(opened.cookie)
            if actor is None:
                raise HalfOver
            g.actor, g.csrf = actor, keys.csrf_token(opened.cookie)
            answer = jsonify(await _present())
        else:
            answer = jsonify({"lacking": opened.stage})
        give_cookies(answer, opened, settings)
        return answer


async def _asks(site: Site) -> list[str]:
    """What a script is to ask for, best first."""
    found = await document.read(signed_in())
    if not found.present:
        return ["password"]
    return ["passkey", "code"] if site.takes_passkeys and found.passkeys else ["code"]


async def _present() -> dict[str, Any]:
    actor = signed_in()
    found = await keys.sessions_of(actor)
    own = next((each for each in found if each.id == actor.session), None)
    if own is None:  # ended while it was asked about
        raise SignInNeeded
    left = (own.until - now()).total_seconds()
    return {"account": str(actor.id), "csrf": g.csrf, "ends_in": max(0, int(left))}


def _kept(data: dict[str, str]) -> dict[str, str]:
    """What an act's form said, but for secrets: those are typed again."""
    return {
        name: value
        for name, value in data.items()
        if name not in UNSEEN and not name.startswith(PROOF) and name != "method"
    }
