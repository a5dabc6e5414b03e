"""The mailbox page, registered where `mail` is `mailbox`: it shows everybody's mail to anybody."""

from typing import Final

from quart import Blueprint, ResponseReturnValue, render_template

from portal.mailing import mailbox

PUBLIC: Final = frozenset({"mailing.show_mailbox"})  # exists in demos and tests only

blueprint = Blueprint("mailing", __name__)


@blueprint.get("/demo/mailbox")
async def show_mailbox() -> ResponseReturnValue:
    return await render_template("mailing/mailbox.html", mails=await mailbox.newest())
