"""The pages before an account is activated: registering in two ways, the mailed link, waiting."""

from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response, g, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import mailing
from portal.accounts import unverified
from portal.accounts.answers import dead_link, form_page
from portal.accounts.entrance import registering, signing, waiting
from portal.accounts.entrance.forms import AddressChange, Completing, ShortRegistration
from portal.accounts.errors import (
    AddressTaken,
    LinkDead,
    Stopped,
    TooManyTries,
    WrongCode,
    WrongPassword,
)
from portal.accounts.factors import browsers
from portal.accounts.factors.letting_in import let_in
from portal.accounts.forms import Activating, Registration
from portal.accounts.links import Link, find_link
from portal.accounts.papers import passes, printing
from portal.accounts.passwords import SHORTEST
from portal.core import language
from portal.core.actor import AccountId
from portal.core.errors import Conflict, Invalid, PortalError
from portal.core.settings import Settings
from portal.core.web import signed_in, wants_html
from portal.edge import network_of

FILES: Final = {
    "pass": language.N_("HealthDataSpace-Pass.pdf"),
    "card": language.N_("HealthDataSpace-Card.pdf"),
    "recovery": language.N_("HealthDataSpace-Recovery-sheet.pdf"),
}
"""What the papers are called where they are saved; letters that every system takes."""


def add_registering(blueprint: Blueprint, settings: Settings) -> None:
    """Pages under /register, /pass and /mail."""
    _add_long(blueprint)
    _add_short(blueprint, settings)
    _add_after(blueprint, settings)


def _add_long(blueprint: Blueprint) -> None:

    @blueprint.get("/register")
    async def ask_registration() -> ResponseReturnValue:
        kind = "professional" if request.args.get("kind") == "professional" else "patient"
        return await form_page(
            "accounts/register.html", {"kind": kind, "language": language.language()}
        )

    @blueprint.post("/register")
    async def register() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        if "change" in data:
            return await form_page("accounts/register.html", data)
        try:
            new = Registration.parse(data)
            if "confirmed" not in data:
                spelled = language.show_date(new.birth_date)
                return await render_template(
                    "accounts/confirm.html", new=new, data=data, birth_date=spelled
                )
            made = await registering.register(new, network_of(request.remote_addr))
        except (Invalid, TooManyTries) as error:
            return await form_page("accounts/register.html", data, error)
        return await _registered(made.issued, new.mail, made.mail)


def _add_after(blueprint: Blueprint, settings: Settings) -> None:
    @blueprint.post("/register/again")
    async def write_again() -> ResponseReturnValue:
        """The mail once more, to the address of before or to another one."""
        data = (await request.form).to_dict()
        issued = passes.read_ticket(str(data.get("ticket", "")))
        account = AccountId(issued.account)
        try:
            address = mailing.read_address(str(data.get("mail", "")))
            if "elsewhere" in data:
                mail = await waiting.write_elsewhere(account, address)
            else:
                mail = await waiting.write_again(account)
        except (Invalid, TooManyTries) as error:
            return await form_page(
                "accounts/registered.html", data, error, issued=issued, ticket=data["ticket"],
                written=data.get("was", ""), mail=None,
            )  # fmt: skip
        return await _registered(issued, address, mail, again=True)

    @blueprint.post("/pass")
    async def print_pass() -> ResponseReturnValue:
        """Sheet or Card, to be saved or, in a tab of its own, to be printed."""
        data = await request.form
        issued = passes.read_ticket(str(data.get("ticket", "")))
        is_card = data.get("paper") == "card" and issued.purpose != "recovery"
        make = printing.as_card if is_card else printing.as_pdf
        pdf = await make(issued, language.language(), settings.origin)
        paper = "card" if is_card else "recovery" if issued.purpose == "recovery" else "pass"
        name = language.gettext(FILES[paper])
        how = "inline" if "print" in data else "attachment"
        return Response(
            pdf,
            mimetype="application/pdf",
            headers={"Content-Disposition": f'{how}; filename="{name}"'},
        )

    @blueprint.get("/mail/<token>")
    async def mail_status(token: str) -> ResponseReturnValue:
        """What became of a mail; its name says nothing about whom it was for."""
        status = await mailing.status_of(token)
        if not wants_html():
            return {"status": status}
        return await render_template("accounts/mail_status.html", status=status)


def _add_short(blueprint: Blueprint, settings: Settings) -> None:
    @blueprint.get("/register/short")
    async def ask_short() -> ResponseReturnValue:
        return await form_page("accounts/register_short.html", {"kind": "patient"})

    @blueprint.post("/register/short")
    async def enter() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            new = ShortRegistration.parse(data)
            session = await waiting.enter(new, browsers.visit(settings), settings.second_factor)
        except (Invalid, TooManyTries) as error:
            return await form_page("accounts/register_short.html", data, error)
        if g.actor is not None:
            await signing.sign_out(g.actor)
        return let_in(session, settings, "/activation")


def add_activating(blueprint: Blueprint) -> None:
    """The mailed link.  Opening it changes nothing, so a mail scanner may."""

    @blueprint.get("/activate/<token>")
    async def ask_activation(token: str) -> ResponseReturnValue:
        link = await find_link(token)
        if link is None:
            return await dead_link(LinkDead(), activation=True)
        return await _activation_form(link, {})

    @blueprint.post("/activate/<token>")
    async def activate(token: str) -> ResponseReturnValue:
        data = (await request.form).to_dict()
        link = await find_link(token)
        if link is None:
            return await dead_link(LinkDead(), activation=True)
        reads: type[Activating | Completing] = Completing if link.unverified else Activating
        try:
            typed = reads.parse(data)
            await registering.activate(token, typed, network_of(request.remote_addr))
        except (LinkDead, AddressTaken) as error:
            return await dead_link(error, activation=True)
        except (Invalid, WrongCode, TooManyTries, Stopped, Conflict) as error:
            return await _activation_form(link, data, error)
        if isinstance(typed, Completing):
            if g.actor is not None and g.actor.id == link.account_id:
                g.actor = None  # every session of before is over
            return await render_template("accounts/activated.html", about=typed.about)
        return redirect("/sign-in?activated=1", 303)


def add_waiting(blueprint: Blueprint) -> None:
    """What the person of an unverified account does until it is activated."""

    @blueprint.app_context_processor
    async def banner() -> dict[str, Any]:
        """What every page says."""
        actor = g.get("actor")
        return {"activate_until": None if actor is None else await unverified.ends_at(actor)}

    @blueprint.get("/activation")
    async def show_activation() -> ResponseReturnValue:
        return await _activation_page()

    @blueprint.post("/activation/again")
    async def ask_again() -> ResponseReturnValue:
        try:
            mail = await waiting.write_again(signed_in().id)
        except TooManyTries as error:
            return await _activation_page(error=error)
        return await _activation_page(mail=mail)

    @blueprint.post("/activation/address")
    async def change_address() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            mail = await waiting.change_address(signed_in(), AddressChange.parse(data))
        except (Invalid, WrongPassword, TooManyTries, Stopped, Conflict) as error:
            return await _activation_page(data, error)
        return await _activation_page(mail=mail)

    @blueprint.post("/activation/pass")
    async def issue_pass() -> ResponseReturnValue:
        issued = await waiting.issue_pass(signed_in())
        ticket = passes.ticket(issued)
        return await render_template("accounts/pass_issued.html", issued=issued, ticket=ticket)


async def _registered(
    issued: passes.Pass, address: mailing.Address, mail: UUID, *, again: bool = False
) -> ResponseReturnValue:
    ticket = passes.ticket(issued)
    return await form_page(
        "accounts/registered.html", {}, issued=issued, ticket=ticket,
        written=address.text, mail=mail, again=again,
    )  # fmt: skip


async def _activation_form(
    link: Link, data: dict[str, Any], error: PortalError | None = None
) -> ResponseReturnValue:
    page = "accounts/complete.html" if link.unverified else "accounts/activate.html"
    return await form_page(page, data, error, kind=link.kind, shortest=SHORTEST[link.kind])


async def _activation_page(
    data: dict[str, Any] | None = None,
    error: PortalError | None = None,
    mail: UUID | None = None,
) -> ResponseReturnValue:
    actor = signed_in()
    if await unverified.ends_at(actor) is None:
        return redirect("/profile", 303)
    address = await waiting.address_of(actor)
    return await form_page(
        "accounts/activation.html", data or {}, error, address=address, mail=mail
    )
