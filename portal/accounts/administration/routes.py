"""Pages of administrators.  For everybody else they do not exist."""

from uuid import UUID

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal.accounts.administration import reviewing
from portal.accounts.administration.reviewing import Reason
from portal.accounts.errors import CardChanged, NotConfirmed
from portal.core.actor import AccountId
from portal.core.errors import Invalid, reading
from portal.core.web import explain, render_error, signed_in, status_of, wants_html

PATH = "/administration/professionals"


def create_blueprint() -> Blueprint:
    """Everything under /administration."""
    blueprint = Blueprint("administration", __name__)

    @blueprint.get(PATH)
    async def professionals() -> ResponseReturnValue:
        return await _page()

    @blueprint.post(f"{PATH}/<uuid:account>/confirmation")
    async def confirm(account: UUID) -> ResponseReturnValue:
        with reading():
            seen = int((await request.form)["seen"])
        try:
            await reviewing.confirm(signed_in(), AccountId(account), seen)
        except CardChanged as error:
            return await _page(problem=explain(error)), status_of(error)
        return redirect(f"{PATH}?saved=confirmed", 303)

    @blueprint.post(f"{PATH}/<uuid:account>/refusal")
    async def refuse(account: UUID) -> ResponseReturnValue:
        form = await request.form
        try:
            reason = Reason.parse(form)
        except Invalid as error:
            typed = {"account": account, "reason": form.get("reason", "")}
            fields = error.details.get("fields", {})
            return await _page(fields=fields, typed=typed), 422
        await reviewing.refuse(signed_in(), AccountId(account), reason)
        return redirect(f"{PATH}?saved=refused", 303)

    @blueprint.app_errorhandler(NotConfirmed)
    async def closed(error: NotConfirmed) -> ResponseReturnValue:
        """Why communities are closed, what an administrator wrote, and what to do."""
        if not wants_html() or type(error) is not NotConfirmed:
            return await render_error(error)
        page = await render_template(
            "accounts/unconfirmed.html",
            message=explain(error),
            reason=await reviewing.reason_for(signed_in()),
        )
        return page, status_of(error)

    return blueprint


async def _page(
    fields: dict[str, str] | None = None,
    typed: dict[str, object] | None = None,
    problem: str = "",
) -> str:
    reviewed = await reviewing.professionals(signed_in())
    return await render_template(
        "accounts/professionals.html",
        reviewed=reviewed,
        saved=request.args.get("saved", ""),
        fields=fields or {},
        typed=typed or {},
        problem=problem,
    )
