"""The pages between a password and a session: the second step, and signing in with a passkey."""

import base64
import hashlib
import secrets
from typing import Final

from quart import Blueprint, g, jsonify, redirect, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts import throttles
from portal.accounts.answers import form_page, give_cookie, half_cookie, safe_next
from portal.accounts.errors import Stopped, TooManyTries
from portal.accounts.factors import browsers, document, entering, passkeys
from portal.accounts.factors.errors import (
    ChallengeOver,
    FactorWanted,
    HalfOver,
    PasskeyRefused,
    PasskeyUnknown,
    WrongProof,
)
from portal.accounts.factors.letting_in import let_in
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.proofs import Proof
from portal.core.errors import Conflict, Invalid, PortalError
from portal.core.settings import Settings

ASKER_BYTES: Final = 32
ASKER_SECONDS: Final = 300
REFUSALS: Final = (
    Invalid, WrongProof, FactorWanted, PasskeyRefused, PasskeyUnknown, ChallengeOver, TooManyTries,
    Stopped, Conflict,
)  # fmt: skip


def add_second_step(blueprint: Blueprint, settings: Settings) -> None:
    """Pages under /sign-in/second, for who has given the password."""
    site = Site.of(settings)

    @blueprint.get("/sign-in/second")
    async def ask_second() -> ResponseReturnValue:
        return await _second_page(settings)

    @blueprint.post("/sign-in/second")
    async def second() -> ResponseReturnValue:
        half = await browsers.half(settings, "second")
        data = (await request.form).to_dict()
        if half is None:
            return redirect("/sign-in", 303)
        visit = browsers.visit(settings)
        try:
            session = await entering.second_step(half, Proof.parse(data), visit, site)
        except HalfOver:
            return redirect("/sign-in", 303)
        except REFUSALS as error:
            return await _second_page(settings, error)
        if g.actor is not None:
            await keys.end_session(g.actor)
        return let_in(session, settings, safe_next(data.get("next")))

    @blueprint.post("/sign-in/second/options")
    async def second_options() -> ResponseReturnValue:
        half = await browsers.half(settings, "second", "locked")
        if half is None:
            raise HalfOver
        found = await document.read(half.actor)
        return await passkeys.ask_to_use(site, "second", half.actor.session, found)


def add_passkey_sign_in(blueprint: Blueprint, settings: Settings) -> None:
    """The button "Sign in with a passkey"."""
    site, cookie = Site.of(settings), half_cookie(settings)

    @blueprint.post("/sign-in/passkey/options")
    async def passkey_options() -> ResponseReturnValue:
        await throttles.count(entering.ASKED_FROM, browsers.visit(settings).network)
        asker = secrets.token_bytes(ASKER_BYTES)
        question = await passkeys.ask_to_use(site, "sign-in", _digest(asker))
        answer = jsonify(question)
        token = base64.urlsafe_b64encode(asker).decode().rstrip("=")
        give_cookie(answer, settings, cookie, token, ASKER_SECONDS)
        return answer

    @blueprint.post("/sign-in/passkey")
    async def passkey_sign_in() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        data["next"] = safe_next(data.get("next"))
        try:
            proof = Proof.parse(data)
            if proof.answer is None:
                raise PasskeyRefused
            asker = _digest(_read(request.cookies.get(cookie, "")))
            visit = browsers.visit(settings)
            session = await entering.by_passkey(proof.answer, visit, site, asker)
        except REFUSALS as error:
            shown = {"next": data["next"]}
            return await form_page(
                "accounts/sign_in.html", shown, error, passkeys=site.takes_passkeys
            )
        if g.actor is not None:
            await keys.end_session(g.actor)
        return let_in(session, settings, data["next"])


async def _second_page(settings: Settings, error: PortalError | None = None) -> ResponseReturnValue:
    half = await browsers.half(settings, "second")
    if half is None:
        return redirect("/sign-in", 303)
    found = await document.read(half.actor)
    after = safe_next((await request.form).get("next") or request.args.get("next"))
    return await form_page(
        "accounts/second_step.html",
        {"next": after},
        error,
        passkeys=Site.of(settings).takes_passkeys and bool(found.passkeys),
        app=found.authenticator is not None,
    )


def _digest(asker: bytes) -> bytes:
    return hashlib.sha256(asker).digest()


def _read(cookie: str) -> bytes:
    """The visitor's number; something nobody was given for what is none."""
    try:
        return base64.b64decode(cookie + "=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return secrets.token_bytes(ASKER_BYTES)
