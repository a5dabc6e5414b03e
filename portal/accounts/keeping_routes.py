"""Pages of one's own account that change its secrets, its address, or end it."""

from collections.abc import Mapping
from typing import Any, Final

from quart import Blueprint, g, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import keys
from portal.accounts import departures, factors
from portal.accounts.answers import answer_with, drop_cookie, form_page
from portal.accounts.ending import deleting
from portal.accounts.ending.forms import WORD, Deleting
from portal.accounts.errors import Stopped, TooManyTries, WrongPassword
from portal.accounts.factors import browsers
from portal.accounts.factors.errors import ShortPassword
from portal.accounts.factors.letting_in import give_cookies, shortest_for
from portal.accounts.factors.stepping_up import step_up_by_factor
from portal.accounts.forms import read_kept
from portal.accounts.papers import issuing, passes
from portal.accounts.papers.issuing import Paper
from portal.accounts.recovery import readdressing, securing
from portal.accounts.recovery.forms import NewAddress, Proof, Securing
from portal.core.errors import Conflict, Invalid, PortalError
from portal.core.language import gettext
from portal.core.settings import Settings
from portal.core.web import cookie_name, signed_in

PAPERS: Final[dict[str, Paper]] = {"pass": "code", "recovery": "recovery"}
REFUSALS: Final = (Invalid, WrongPassword, TooManyTries, Stopped, Conflict)


def create_blueprint(settings: Settings) -> Blueprint:
    """Pages under /profile/papers, /profile/secure, /profile/address and /profile/delete."""
    blueprint = Blueprint("keeping", __name__, url_prefix="/profile")
    _papers(blueprint)
    _securing(blueprint, settings)
    _address(blueprint)
    _deleting(blueprint, settings)
    return blueprint


def _papers(blueprint: Blueprint) -> None:
    @blueprint.get("/papers")
    async def show_papers() -> ResponseReturnValue:
        await step_up_by_factor(signed_in())
        return await _papers_page({}, None)

    @blueprint.post("/papers/pass")
    async def issue_pass() -> ResponseReturnValue:
        return await _issue("pass")

    @blueprint.post("/papers/recovery")
    async def issue_sheet() -> ResponseReturnValue:
        return await _issue("recovery")

    @blueprint.post("/papers/recovery/revoke")
    async def revoke_sheet() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            await issuing.revoke_sheet(signed_in(), Proof.parse(data).present)
        except REFUSALS as error:
            return await _papers_page(data, error, failed="recovery")
        return redirect("/profile/papers?saved=1", 303)

    @blueprint.post("/papers/there")
    async def still_there() -> ResponseReturnValue:
        await issuing.still_there(signed_in())
        return redirect("/", 303)


async def _issue(paper: str) -> ResponseReturnValue:
    data = (await request.form).to_dict()
    try:
        typed = Proof.parse(data)
        issued = await issuing.issue(signed_in(), PAPERS[paper], typed.present)
    except REFUSALS as error:
        return await _papers_page(data, error, failed=paper)
    return await _issued_page(issued, paper)


async def _papers_page(
    data: Mapping[str, Any], error: PortalError | None, *, failed: str = ""
) -> ResponseReturnValue:
    state = await issuing.papers_of(signed_in())
    saved = "saved" in request.args
    return await form_page(
        "accounts/papers.html", data, error, papers=state, failed=failed, saved=saved
    )


async def _issued_page(issued: passes.Pass, paper: str, **more: bool) -> str:
    ticket = passes.ticket(issued)
    return await render_template(
        "accounts/paper.html", issued=issued, ticket=ticket, paper=paper, **more
    )


def _securing(blueprint: Blueprint, settings: Settings) -> None:
    async def page(data: Mapping[str, Any], error: PortalError | None) -> ResponseReturnValue:
        actor = signed_in()
        return await form_page(
            "accounts/secure.html",
            data,
            error,
            shortest=await shortest_for(actor),
            found=await factors.read(actor),
            kept=read_kept(data),
        )

    @blueprint.get("/secure")
    async def explain_securing() -> ResponseReturnValue:
        await step_up_by_factor(signed_in())
        return await page({}, None)

    @blueprint.post("/secure")
    async def secure() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        actor = signed_in()
        try:
            typed = Securing.parse(data)
            here = browsers.here(settings)
            secured = await securing.secure(actor, typed, settings.second_factor, here)
        except (*REFUSALS, ShortPassword) as error:
            return await page(data, error)
        session = secured.session
        if session.stage is None:
            g.csrf = keys.csrf_token(session.cookie)  # the page's form belongs to the new session
        else:  # half-way in: the old session has ended, and nobody is signed in
            g.actor, g.csrf = None, ""
        shown = await _issued_page(
            secured.issued, "secured", lacking=session.stage is not None, factors=secured.factors
        )
        answer = await answer_with(shown)
        if session.stage is not None:
            browsers.drop_session(answer, settings)
        give_cookies(answer, session, settings)
        await browsers.stay_known(answer, settings, actor.id)
        return answer


def _address(blueprint: Blueprint) -> None:
    @blueprint.get("/address")
    async def explain_address() -> ResponseReturnValue:
        await step_up_by_factor(signed_in())
        return await _address_page({}, None)

    @blueprint.post("/address")
    async def ask_address() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            await readdressing.ask(signed_in(), NewAddress.parse(data))
        except REFUSALS as error:
            return await _address_page(data, error)
        return await _address_page({}, None, sent=True)

    @blueprint.post("/address/again")
    async def write_again() -> ResponseReturnValue:
        try:
            await readdressing.write_again(signed_in())
        except TooManyTries as error:
            return await _address_page({}, error)
        return await _address_page({}, None, again=True)

    @blueprint.post("/address/stop")
    async def stop_change() -> ResponseReturnValue:
        await readdressing.stop(signed_in())
        return redirect("/profile/address?stopped=1", 303)


async def _address_page(
    data: Mapping[str, Any], error: PortalError | None, *, sent: bool = False, again: bool = False
) -> ResponseReturnValue:
    waits = await readdressing.pending(signed_in())
    stopped = "stopped" in request.args
    return await form_page(
        "accounts/new_address.html",
        data,
        error,
        pending=waits,
        sent=sent,
        again=again,
        stopped=stopped,
    )


def _deleting(blueprint: Blueprint, settings: Settings) -> None:
    @blueprint.get("/delete")
    async def explain_deletion() -> ResponseReturnValue:
        await step_up_by_factor(signed_in())
        return await _deletion_page({}, None)

    @blueprint.post("/delete")
    async def delete() -> ResponseReturnValue:
        data = (await request.form).to_dict()
        try:
            due_at = await deleting.delete(signed_in(), Deleting.parse(data))
        except REFUSALS as error:
            return await _deletion_page(data, error)
        if due_at is not None:
            return redirect("/profile/delete", 303)
        g.actor, g.csrf = None, ""
        answer = await answer_with(await render_template("accounts/deleted.html"))
        drop_cookie(answer, settings, cookie_name(settings))
        answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return answer

    @blueprint.post("/keep")
    async def keep() -> ResponseReturnValue:
        await departures.stays(signed_in().id)
        return redirect("/profile?saved=1", 303)


async def _deletion_page(data: Mapping[str, Any], error: PortalError | None) -> ResponseReturnValue:
    actor = signed_in()
    return await form_page(
        "accounts/delete.html",
        data,
        error,
        losses=await deleting.losses(actor),
        word=gettext(WORD),
        days=deleting.WAITING.days,
    )
