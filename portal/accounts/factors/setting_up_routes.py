"""
Setting up a second factor: from the profile, or right after the password for who needs one.

The same pages under two addresses.  Under /sign-in/set-up there is a half session only, which ends
in a session with the first factor; under /profile/security somebody is signed in, and proves for
every factor anew who they are.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts.answers import answer_with, form_page, safe_next
from portal.accounts.factors import (
    authenticator,
    browsers,
    document,
    entering,
    passkeys,
    recovery_codes,
    telling,
)
from portal.accounts.factors.contents import Factors
from portal.accounts.factors.errors import (
    ChallengeOver,
    PasskeyRefused,
    SetUpOver,
    TooMany,
    WrongProof,
)
from portal.accounts.factors.letting_in import give_cookies
from portal.accounts.factors.passkeys import Answer, Site
from portal.accounts.factors.stepping_up import step_up_anew, use_up
from portal.accounts.forms import Problems, read_name
from portal.accounts.profile.profiles import profile_of
from portal.core.actor import Actor
from portal.core.db import transaction
from portal.core.errors import Conflict, Invalid, PortalError, SignInNeeded
from portal.core.settings import Settings
from portal.core.web import signed_in

REFUSALS: Final = (
    Invalid, WrongProof, SetUpOver, PasskeyRefused, ChallengeOver, TooMany, Conflict,
)  # fmt: skip
HALF_WAY: Final = "/sign-in/set-up"
FROM_PROFILE: Final = "/profile/security"


@dataclass(frozen=True, slots=True)
class SettingUp:
    """Who sets up a factor, and how they came here."""

    owner: Actor
    half: keys.Half | None
    """None for somebody who is signed in."""


Whose = Callable[[], Awaitable[SettingUp]]


def add_set_up(blueprint: Blueprint, settings: Settings) -> None:
    """The pages under both addresses."""

    async def half_way() -> SettingUp:
        half = await browsers.half(settings, "setup")
        # With a factor there is a second step: then the password alone sets up no other one.
        if half is None or (await document.read(half.actor)).present:
            raise SignInNeeded
        return SettingUp(half.actor, half)

    async def from_profile() -> SettingUp:
        actor = signed_in()
        await step_up_anew(actor)
        return SettingUp(actor, None)

    _add(blueprint, settings, HALF_WAY, "first", half_way)
    _add(blueprint, settings, FROM_PROFILE, "more", from_profile)

    @blueprint.get(HALF_WAY)
    async def ask_set_up() -> ResponseReturnValue:
        await half_way()
        return await render_template(
            "accounts/set_up.html",
            next=safe_next(request.args.get("next")),
            passkeys=Site.of(settings).takes_passkeys,
        )


def _add(blueprint: Blueprint, settings: Settings, base: str, name: str, whose: Whose) -> None:
    site = Site.of(settings)

    async def app_page(
        setting_up: SettingUp, pending: authenticator.SettingUp, error: PortalError | None = None
    ) -> ResponseReturnValue:
        mail = (await profile_of(setting_up.owner)).mail
        return await form_page(
            "accounts/set_up_app.html",
            {"next": await _next()},
            error,
            pending=pending,
            picture=pending.picture(mail),
            base=base,
            half=setting_up.half is not None,
        )

    async def ask_app() -> ResponseReturnValue:
        setting_up = await whose()
        return await app_page(setting_up, authenticator.set_up(setting_up.owner))

    async def set_up_app() -> ResponseReturnValue:
        setting_up = await whose()
        owner, data = setting_up.owner, (await request.form).to_dict()
        try:
            pending = authenticator.again(owner, data.get("ticket", ""))
        except SetUpOver as error:
            return await app_page(setting_up, authenticator.set_up(owner), error)
        try:
            found = await document.read(owner)
            changed = authenticator.confirm(found, pending, data.get("proof_code", ""))
            return await _done(settings, setting_up, found, changed)
        except REFUSALS as error:
            return await app_page(setting_up, pending, error)

    async def create_options() -> ResponseReturnValue:
        owner = (await whose()).owner
        found, mail = await document.read(owner), (await profile_of(owner)).mail
        return await passkeys.ask_to_create(site, owner, found, mail)

    async def add_passkey() -> ResponseReturnValue:
        setting_up = await whose()
        owner, data = setting_up.owner, (await request.form).to_dict()
        problems = Problems()
        named = problems.read("name", read_name, data)
        problems.check()
        answer = Answer.parse(data.get("credential", ""), data.get("secret", ""))
        found = await document.read(owner)
        changed = await passkeys.create(site, owner, found, answer, named or "")
        done = await _done(settings, setting_up, found, changed)
        await passkeys.keep_secret(owner, answer)
        return done

    for path, method, view in (
        ("/app", "GET", ask_app),
        ("/app", "POST", set_up_app),
        ("/passkey/options", "POST", create_options),
        ("/passkey", "POST", add_passkey),
    ):
        endpoint = f"{name}_{view.__name__}"
        blueprint.add_url_rule(f"{base}{path}", endpoint, view, methods=[method])


async def _done(
    settings: Settings, setting_up: SettingUp, before: Factors, changed: Factors
) -> ResponseReturnValue:
    """Keep the factors; with the first one come recovery codes, and who is half-way gets in."""
    owner, codes = setting_up.owner, list[str]()
    if not before.present:
        changed, codes = recovery_codes.issue(owner, changed)
    async with transaction():
        if setting_up.half is None:
            await use_up(owner)
        await document.change(owner, changed)
        await telling.tell(owner.id, "factor_added")
        if not before.present:
            # Whoever else is in, or half-way in, showed a password and nothing besides.
            await keys.end_sessions(owner.id, but=owner.session)
            await keys.end_tokens(owner.id)
    onward = FROM_PROFILE if setting_up.half is None else await _next()
    if not codes and setting_up.half is None:
        return redirect(f"{FROM_PROFILE}?saved=1", 303)
    answer = await answer_with(
        await render_template("accounts/recovery_codes.html", codes=codes, next=onward)
    )
    if setting_up.half is not None:
        session = await entering.finish(setting_up.half, browsers.visit(settings))
        give_cookies(answer, session, settings)
    return answer


async def _next() -> str:
    return safe_next((await request.form).get("next") or request.args.get("next"))
