"""
The door of the room, and the pages of signing in and of one's own password and preferences.

Each parses the form, calls the verb and shows its errors beside their fields.
"""

from typing import Final

from quart import Blueprint, g, redirect, request
from quart.typing import ResponseReturnValue

from portal.accounts import keeping_routes
from portal.accounts.administration import routes as administration_routes
from portal.accounts.answers import form_page as _form
from portal.accounts.answers import redirect_to, remember, safe_next
from portal.accounts.entrance import routes as entrance_routes
from portal.accounts.entrance import signing
from portal.accounts.errors import Stopped, TooManyTries, WrongPassword, WrongSignIn
from portal.accounts.factors import browsers
from portal.accounts.factors import routes as factors_routes
from portal.accounts.factors.letting_in import let_in, shortest_for
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.stepping_up import step_up_by_factor
from portal.accounts.forms import PasswordChange, Preferences, SigningIn
from portal.accounts.profile import profiles
from portal.accounts.profile import routes as profile_routes
from portal.accounts.programs import routes as programs_routes
from portal.accounts.recovery import routes as recovery_routes
from portal.core import language
from portal.core.errors import Conflict, Invalid
from portal.core.settings import Settings
from portal.core.web import signed_in

PUBLIC: Final = frozenset(
    {
        "accounts.ask_registration",  # whoever registers or activates has no session yet
        "accounts.register",
        "accounts.write_again",  # to whoever has the ticket of the page after registering
        "accounts.ask_short",
        "accounts.enter",
        "accounts.mail_status",  # says what became of a mail, by a random name
        "accounts.signed_in_now",  # tells browsers that keep no cookie
        "accounts.print_pass",  # prints only what a ticket of ours says
        "accounts.ask_activation",
        "accounts.activate",
        "accounts.ask_sign_in",
        "accounts.sign_in",
        "accounts.prefer",  # strangers choose a language, too
        *recovery_routes.PUBLIC,
        *factors_routes.PUBLIC,
    }
)
"""What strangers reach in this room, each with its reason."""

DERIVING: Final = frozenset(
    {
        *("/sign-in", "/register", "/register/short", "/activate/", "/forgotten", "/unlock"),
        "/api/token",
    }
)
"""Where strangers have a key derived from what they typed, which is slow; a path that ends in a
slash stands for all below it."""


def create_blueprints(settings: Settings) -> tuple[Blueprint, ...]:
    """All pages of the room."""
    return (
        _entrance(settings),
        recovery_routes.create_blueprint(),
        keeping_routes.create_blueprint(settings),
        factors_routes.create_blueprint(settings),
        programs_routes.create_blueprint(),
        administration_routes.create_blueprint(),
    )


def _entrance(settings: Settings) -> Blueprint:
    """Pages under /register, /activate, /sign-in, /sign-out, /pass, /profile and /preferences."""
    blueprint = Blueprint("accounts", __name__)
    entrance_routes.add_registering(blueprint, settings)
    entrance_routes.add_activating(blueprint)
    entrance_routes.add_waiting(blueprint)
    _signing(blueprint, settings)
    profile_routes.add_profile(blueprint)
    _own_pages(blueprint, settings)
    return blueprint


def _signing(blueprint: Blueprint, settings: Settings) -> None:
    site = Site.of(settings)

    @blueprint.get("/sign-in")
    async def ask_sign_in() -> ResponseReturnValue:
        after = safe_next(request.args.get("next"))
        if g.actor is not None:
            return redirect(after, 303)
        return await _form(
            "accounts/sign_in.html",
            {"next": after},
            activated="activated" in request.args,
            passkeys=site.takes_passkeys,
        )

    @blueprint.post("/sign-in")
    async def sign_in() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        data["next"] = safe_next(data.get("next"))
        try:
            typed = SigningIn.parse(data)
            visit = browsers.visit(settings)
            session = await signing.sign_in(typed, visit, settings.second_factor)
        except (Invalid, WrongSignIn, TooManyTries, Stopped) as error:
            return await _form("accounts/sign_in.html", data, error, passkeys=site.takes_passkeys)
        if g.actor is not None:
            await signing.sign_out(g.actor)
        return let_in(session, settings, data["next"])

    @blueprint.get("/signed-in")
    async def signed_in_now() -> ResponseReturnValue:
        """Where signing in leads first: a browser without its new cookie keeps no cookies."""
        if g.actor is None:
            return redirect("/help/signing-in?cookies=1", 303)
        return redirect(safe_next(request.args.get("next")), 303)

    @blueprint.post("/sign-out")
    async def sign_out() -> ResponseReturnValue:
        await signing.sign_out(signed_in(), browsers.here(settings))
        answer = redirect_to("/sign-in")
        browsers.forget_sign_in(answer, settings)
        return answer


def _own_pages(blueprint: Blueprint, settings: Settings) -> None:
    @blueprint.get("/profile/password")
    async def ask_password() -> ResponseReturnValue:
        await step_up_by_factor(signed_in())
        return await _form("accounts/password.html", {}, shortest=await shortest_for(signed_in()))

    @blueprint.post("/profile/password")
    async def change_password() -> ResponseReturnValue:
        actor = signed_in()
        data = (await request.form).to_dict()
        try:
            typed = PasswordChange.parse(data)
            await signing.change_password(actor, typed, browsers.here(settings))
        except (Invalid, WrongPassword, TooManyTries, Stopped, Conflict) as error:
            least = await shortest_for(actor)
            return await _form("accounts/password.html", data, error, shortest=least)
        answer = redirect_to("/profile?saved=1")
        await browsers.stay_known(answer, settings, actor.id)
        return answer

    @blueprint.post("/preferences")
    async def prefer() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        preferences = Preferences.parse(
            {"language": language.language(), "theme": request.cookies.get("theme")} | data
        )
        if g.actor is not None:
            await profiles.prefer(g.actor, preferences)
        answer = redirect_to(safe_next(data.get("next")))
        remember(answer, settings, preferences)
        return answer
