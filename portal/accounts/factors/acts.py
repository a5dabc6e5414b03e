"""What "Is it you?" is asked for, in the words of the button or page that leads there."""

from typing import Final
from urllib.parse import urlsplit

from quart import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.core.language import N_

ACTS: Final = {
    "accounts.ask_password": N_("Change password"),
    "accounts.change_password": N_("Change password"),
    "cases.communities.remove": N_("Remove from the community"),
    "documents.delete": N_("Delete document"),
    "exporting.prove": N_("Export everything"),
    "factors.more_add_passkey": N_("Add a passkey"),
    "factors.more_ask_app": N_("Set up an authenticator app"),
    "factors.more_set_up_app": N_("Set up an authenticator app"),
    "factors.new_recovery_codes": N_("New recovery codes"),
    "factors.remove_app": N_("Remove the authenticator app"),
    "factors.remove_passkey": N_("Remove the passkey"),
    "factors.review": N_("Second factors"),
    "keeping.ask_address": N_("Change e-mail address"),
    "keeping.delete": N_("Delete account"),
    "keeping.explain_address": N_("Change e-mail address"),
    "keeping.explain_deletion": N_("Delete account"),
    "keeping.explain_securing": N_("Secure my account"),
    "keeping.issue_pass": N_("Make a new Pass"),
    "keeping.issue_sheet": N_("Make a recovery sheet"),
    "keeping.revoke_sheet": N_("Revoke the recovery sheet"),
    "keeping.secure": N_("Secure my account"),
    "keeping.show_papers": N_("Pass and recovery sheet"),
    "programs.make_token": N_("Make a token for a program"),
    "administration.confirm": N_("Confirm a professional"),
    "administration.refuse": N_("Refuse a professional"),
    "records.delete": N_("Delete document"),
    "studies.delete": N_("Delete examination"),
    "studies.empty_bin": N_("Empty the bin"),
}
"""By the endpoint that asks."""


def act_behind(to: str, method: str) -> str:
    """The act at a path of ours, not translated yet; empty for one that has no words."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(urlsplit(to).path, method=method)
    except (HTTPException, RequestRedirect):
        return ""
    return ACTS.get(endpoint, "")
