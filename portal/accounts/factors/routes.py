"""The blueprint of everything besides the password."""

from typing import Final

from quart import Blueprint

from portal.accounts.factors.again_routes import add_again, add_lock
from portal.accounts.factors.entering_routes import add_passkey_sign_in, add_second_step
from portal.accounts.factors.review_routes import add_review
from portal.accounts.factors.security_routes import add_security, add_sessions
from portal.accounts.factors.setting_up_routes import add_set_up
from portal.core.settings import Settings

PUBLIC: Final = frozenset(
    {
        "factors.ask_second",  # whoever gave the password has half a session, which they ask for
        "factors.second",
        "factors.second_options",
        "factors.passkey_options",  # a passkey opens the account without a password
        "factors.passkey_sign_in",
        "factors.ask_set_up",  # whoever needs a second factor to get in has half a session only
        "factors.first_ask_app",
        "factors.first_set_up_app",
        "factors.first_create_options",
        "factors.first_add_passkey",
        "factors.unlock",  # the session behind a locked page has ended
    }
)
"""What strangers reach here, each with its reason."""


def create_blueprint(settings: Settings) -> Blueprint:
    """Pages under /sign-in/…, /profile/security, /profile/sessions, /confirm, /lock, /unlock."""
    blueprint = Blueprint("factors", __name__)
    add_second_step(blueprint, settings)
    add_passkey_sign_in(blueprint, settings)
    add_set_up(blueprint, settings)
    add_security(blueprint, settings)
    add_review(blueprint, settings)
    add_sessions(blueprint, settings)
    add_again(blueprint, settings)
    add_lock(blueprint, settings)
    return blueprint
