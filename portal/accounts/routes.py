"""The pages of an account: parse the form, call the verb, show its errors beside their fields."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final

from quart import Blueprint, Response, g, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal.accounts import passes, profiles, registering, signing
from portal.accounts.answers import dead_link as _dead_link
from portal.accounts.answers import form_page as _form
from portal.accounts.errors import (
    AddressTaken,
    LinkDead,
    TooManyTries,
    WrongCode,
    WrongPassword,
    WrongSignIn,
)
from portal.accounts.forms import (
    Activating,
    PasswordChange,
    Preferences,
    ProfileEdit,
    Registration,
    SigningIn,
)
from portal.accounts.passwords import SHORTEST
from portal.core import language
from portal.core.errors import Conflict, Invalid, PortalError
from portal.core.settings import Settings
from portal.core.web import cookie_name, signed_in

YEAR_SECONDS: Final = 365 * 24 * 3600
LONGEST_NEXT: Final = 2000


def create_blueprint(settings: Settings) -> Blueprint:
    """Pages under /register, /activate, /sign-in, /sign-out, /pass, /profile and /preferences."""
    blueprint = Blueprint("accounts", __name__)
    _registering(blueprint, settings)
    _activating(blueprint)
    _signing(blueprint, settings)
    _own_pages(blueprint, settings)
    return blueprint


def _registering(blueprint: Blueprint, settings: Settings) -> None:
    @blueprint.get("/register")
    async def ask_registration() -> ResponseReturnValue:
        kind = "professional" if request.args.get("kind") == "professional" else "patient"
        return await _form(
            "accounts/register.html", {"kind": kind, "language": language.language()}
        )

    @blueprint.post("/register")
    async def register() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        if "change" in data:
            return await _form("accounts/register.html", data)
        try:
            new = Registration.parse(data)
            if "confirmed" not in data:
                spelled = language.show_date(new.birth_date)
                return await render_template(
                    "accounts/confirm.html", new=new, data=data, birth_date=spelled
                )
            issued = await registering.register(new, network_of(request.remote_addr))
        except (Invalid, TooManyTries) as error:
            return await _form("accounts/register.html", data, error)
        ticket = passes.ticket(issued)
        return await render_template(
            "accounts/registered.html", mail=new.mail.text, issued=issued, ticket=ticket
        )

    @blueprint.post("/pass")
    async def print_pass() -> ResponseReturnValue:
        issued = passes.read_ticket(str((await request.form).get("ticket", "")))
        pdf = await passes.as_pdf(issued, language.language(), settings.origin)
        name = "HealthDataSpace-Pass.pdf"
        return Response(
            pdf,
            mimetype="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _activating(blueprint: Blueprint) -> None:
    @blueprint.get("/activate/<token>")
    async def ask_activation(token: str) -> ResponseReturnValue:
        if not await registering.link_is_alive(token):
            return await _dead_link(LinkDead())
        return await _form("accounts/activate.html", {})

    @blueprint.post("/activate/<token>")
    async def activate(token: str) -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            typed = Activating.parse(data)
            await registering.activate(token, typed, network_of(request.remote_addr))
        except (LinkDead, AddressTaken) as error:
            return await _dead_link(error)
        except (Invalid, WrongCode, TooManyTries) as error:
            return await _form("accounts/activate.html", data, error)
        return redirect("/sign-in?activated=1", 303)


def _signing(blueprint: Blueprint, settings: Settings) -> None:
    cookie = cookie_name(settings)

    @blueprint.get("/sign-in")
    async def ask_sign_in() -> ResponseReturnValue:
        after = safe_next(request.args.get("next"))
        if g.actor is not None:
            return redirect(after, 303)
        return await _form(
            "accounts/sign_in.html", {"next": after}, activated="activated" in request.args
        )

    @blueprint.post("/sign-in")
    async def sign_in() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        data["next"] = safe_next(data.get("next"))
        try:
            typed = SigningIn.parse(data)
            session = await signing.sign_in(typed, network_of(request.remote_addr))
        except (Invalid, WrongSignIn, TooManyTries) as error:
            return await _form("accounts/sign_in.html", data, error)
        if g.actor is not None:
            await signing.sign_out(g.actor)
        answer = _redirect(data["next"])
        answer.set_cookie(
            cookie, session.cookie, secure=settings.secure, httponly=True, samesite="Lax", path="/"
        )
        _remember(answer, settings, Preferences(session.language, session.theme))
        return answer

    @blueprint.post("/sign-out")
    async def sign_out() -> ResponseReturnValue:
        await signing.sign_out(signed_in())
        answer = _redirect("/sign-in")
        answer.delete_cookie(
            cookie, path="/", secure=settings.secure, httponly=True, samesite="Lax"
        )
        answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return answer


def _own_pages(blueprint: Blueprint, settings: Settings) -> None:
    @blueprint.get("/profile")
    async def show_profile() -> ResponseReturnValue:
        return await _profile_page(saved="saved" in request.args)

    @blueprint.post("/profile")
    async def edit_profile() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            await profiles.edit(signed_in(), ProfileEdit.parse(data))
        except (Invalid, Conflict) as error:
            return await _profile_page(data, error)
        return redirect("/profile?saved=1", 303)

    @blueprint.get("/profile/password")
    async def ask_password() -> ResponseReturnValue:
        return await _form("accounts/password.html", {}, shortest=SHORTEST[signed_in().kind])

    @blueprint.post("/profile/password")
    async def change_password() -> ResponseReturnValue:
        actor = signed_in()
        data = (await request.form).to_dict()
        try:
            await signing.change_password(actor, PasswordChange.parse(data))
        except (Invalid, WrongPassword, TooManyTries) as error:
            return await _form("accounts/password.html", data, error, shortest=SHORTEST[actor.kind])
        return redirect("/profile?saved=1", 303)

    @blueprint.post("/preferences")
    async def prefer() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        preferences = Preferences.parse(
            {"language": language.language(), "theme": request.cookies.get("theme")} | data
        )
        if g.actor is not None:
            await profiles.prefer(g.actor, preferences)
        answer = _redirect(safe_next(data.get("next")))
        _remember(answer, settings, preferences)
        return answer


async def _profile_page(
    data: Mapping[str, Any] | None = None, error: PortalError | None = None, *, saved: bool = False
) -> ResponseReturnValue:
    actor = signed_in()
    profile = await profiles.profile_of(actor)
    shown = data if data is not None else _as_typed(profile)
    fingerprint = await profiles.fingerprint_of(actor)
    return await _form(
        "accounts/profile.html", shown, error, profile=profile, fingerprint=fingerprint, saved=saved
    )


def _as_typed(profile: profiles.Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "birth_date": profile.birth_date.strftime("%d.%m.%Y"),
        "sex": profile.sex,
        "specialty": profile.specialty,
        "place": profile.place,
        "findable": profile.findable,
    }


def _redirect(path: str) -> Response:
    """See other (303), as an answer that can be given cookies."""
    answer = redirect(path, 303)
    assert isinstance(answer, Response)  # noqa: S101 -- Quart's, inside its application
    return answer


def _remember(answer: Response, settings: Settings, preferences: Preferences) -> None:
    """Language and theme in cookies of their own: they hold no secret and outlive the session."""
    for name, value in (("language", preferences.language), ("theme", preferences.theme)):
        answer.set_cookie(
            name,
            value,
            max_age=YEAR_SECONDS,
            secure=settings.secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )


def safe_next(wanted: str | None) -> str:
    """A path on this portal to go on to; the start page for everything else (open redirects)."""
    path = wanted or "/"
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() and len(path) <= LONGEST_NEXT else "/"


def network_of(address: str | None) -> str:
    """The /24 (IPv4) or /48 (IPv6) an address lies in: what a throttle counts."""
    try:
        ip = ip_address(address or "")
    except ValueError:
        return "unknown"
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))  # noqa: PLR2004 -- IPv4
