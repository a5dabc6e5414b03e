"""
Pages for people who have lost a secret, and behind links in mails: all of them without a session.

A mailed link is only shown by GET, so a scanner that follows it does nothing; a press does it.
"""

from typing import Final

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal.accounts import departures
from portal.accounts.answers import dead_link, form_page
from portal.accounts.ending.forms import WORD
from portal.accounts.errors import (
    AddressTaken,
    LinkUsed,
    MailedLinkDead,
    TooManyTries,
    WrongRecovery,
)
from portal.accounts.recovery import forgotten, readdressing, resetting
from portal.accounts.recovery.forms import AddressOnly, Forgotten, Word
from portal.core.errors import Gone, Invalid
from portal.core.language import gettext
from portal.edge import network_of

FORGOTTEN: Final = "accounts/forgotten.html"
LOST: Final = "accounts/lost.html"

PUBLIC: Final = frozenset(
    {
        "recovery.ask_code",  # whoever has lost a secret cannot sign in
        "recovery.set_password",
        "recovery.explain_loss",
        "recovery.ask_reset",
        "recovery.show_reset",  # behind a mailed link, whose secret is the proof
        "recovery.confirm_reset",
        "recovery.ask_stop",
        "recovery.stop",
        "recovery.ask_address",
        "recovery.answer_address",
    }
)
"""What strangers reach here, each with its reason."""


def create_blueprint() -> Blueprint:
    """Pages under /forgotten and /address."""
    blueprint = Blueprint("recovery", __name__)
    _by_code(blueprint)
    _by_mail(blueprint)
    _stopping(blueprint)
    _address(blueprint)
    return blueprint


def _by_code(blueprint: Blueprint) -> None:
    @blueprint.get("/forgotten")
    async def ask_code() -> ResponseReturnValue:
        return await form_page(FORGOTTEN, {})

    @blueprint.post("/forgotten")
    async def set_password() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            typed = Forgotten.parse(data)
            await forgotten.set_password(typed, network_of(request.remote_addr))
        except (Invalid, WrongRecovery, TooManyTries) as error:
            return await form_page(FORGOTTEN, data, error)
        return redirect("/sign-in?renewed=1", 303)


def _by_mail(blueprint: Blueprint) -> None:
    @blueprint.get("/forgotten/everything")
    async def explain_loss() -> ResponseReturnValue:
        return await form_page(LOST, {}, sent=False)

    @blueprint.post("/forgotten/everything")
    async def ask_reset() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            await resetting.ask(AddressOnly.parse(data).mail, network_of(request.remote_addr))
        except (Invalid, TooManyTries) as error:
            return await form_page(LOST, data, error, sent=False)
        return await form_page(LOST, data, sent=True)

    @blueprint.get("/forgotten/link/<token>")
    async def show_reset(token: str) -> ResponseReturnValue:
        return await _reset_page(token, None)

    @blueprint.post("/forgotten/link/<token>")
    async def confirm_reset(token: str) -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            if "disown" in data:
                await resetting.disown(token)
                return await render_template("accounts/reset_done.html", due_at=None)
            Word.parse(data)
            due_at = await resetting.confirm(token)
        except Invalid as error:
            return await _reset_page(token, error)
        except Gone as error:
            return await dead_link(error)
        return await render_template("accounts/reset_done.html", due_at=due_at)


async def _reset_page(token: str, error: Invalid | None) -> ResponseReturnValue:
    try:
        lost = await resetting.to_be_lost(token)
    except (LinkUsed, MailedLinkDead) as dead:
        return await dead_link(dead)
    word, days = gettext(WORD), resetting.WAITING.days
    return await form_page("accounts/reset.html", {}, error, lost=lost, word=word, days=days)


def _stopping(blueprint: Blueprint) -> None:
    @blueprint.get("/forgotten/stop/<token>")
    async def ask_stop(token: str) -> ResponseReturnValue:
        if not await departures.can_be_stopped(token):
            return await dead_link(MailedLinkDead())
        return await form_page("accounts/stop.html", {}, done=False)

    @blueprint.post("/forgotten/stop/<token>")
    async def stop(token: str) -> ResponseReturnValue:
        if not await departures.stop(token):
            return await dead_link(MailedLinkDead())
        return await form_page("accounts/stop.html", {}, done=True)


def _address(blueprint: Blueprint) -> None:
    @blueprint.get("/address/<token>")
    async def ask_address(token: str) -> ResponseReturnValue:
        try:
            asked = await readdressing.asked(token)
        except MailedLinkDead as error:
            return await dead_link(error)
        return await form_page("accounts/address.html", {}, asked=asked, done="")

    @blueprint.post("/address/<token>")
    async def answer_address(token: str) -> ResponseReturnValue:
        try:
            asked = await readdressing.asked(token)
            if "refuse" in await request.form:
                await readdressing.refuse(token)
                done = "refused"
            else:
                done = "changed" if await readdressing.agree(token) else "waiting"
        except (MailedLinkDead, AddressTaken) as error:
            return await dead_link(error)
        return await form_page("accounts/address.html", {}, asked=asked, done=done)
