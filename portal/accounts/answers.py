"""What the pages of this room answer with: a form with its problems, a dead link, a cookie."""

from collections.abc import Mapping
from typing import Any, Final

from quart import Response, make_response, redirect, render_template
from quart.typing import ResponseReturnValue

from portal.accounts.errors import (
    MistypedCode,
    TooManyTries,
    WeakPassword,
    WrongCode,
    WrongPassword,
)
from portal.accounts.forms import Preferences
from portal.accounts.occupations import specialties
from portal.core import language
from portal.core.errors import PortalError
from portal.core.settings import Settings
from portal.core.web import cookie_name, status_of

YEAR_SECONDS: Final = 365 * 24 * 3600
LONGEST_NEXT: Final = 2000

FIELD_OF: Final[dict[type[PortalError], str]] = {
    MistypedCode: "code",
    WrongCode: "code",
    WeakPassword: "password",
    WrongPassword: "present",
}
"""Errors of a verb that belong beside one field; all others stand above the form."""
SECRET: Final = frozenset({"password", "present"})
"""Fields that are never shown again."""


async def form_page(
    template: str, data: Mapping[str, Any], error: PortalError | None = None, **more: Any
) -> ResponseReturnValue:
    """A form with what was typed and what is wrong with it; secrets are never shown again."""
    fields: dict[str, str] = {}
    problem = ""
    if error is not None:
        fields, problem = _explained(error)
    shown = {name: value for name, value in data.items() if name not in SECRET}
    page = await render_template(
        template, data=shown, fields=fields, problem=problem, specialties=specialties, **more
    )
    if error is None:
        return page
    headers = (
        {"Retry-After": str(error.details["retry_after"])}
        if isinstance(error, TooManyTries)
        else {}
    )
    return page, status_of(error), headers


def _explained(error: PortalError) -> tuple[dict[str, str], str]:
    """Problems by field, and the one above the form."""
    if isinstance(error, WeakPassword):
        reason = str(error.details["reason"])
        return {"password": language.gettext(reason, **error.details)}, ""
    text = language.gettext(error.message, **error.details)
    if type(error) in FIELD_OF:
        return {FIELD_OF[type(error)]: text}, ""
    return dict(error.details.get("fields", {})), text


async def dead_link(error: PortalError, *, activation: bool = False) -> ResponseReturnValue:
    """What to do when a mailed link leads nowhere any more; *activation*: one that registers."""
    problem = language.gettext(error.message)
    page = await render_template("accounts/dead_link.html", problem=problem, activation=activation)
    return page, status_of(error)


def redirect_to(path: str) -> Response:
    """See other (303), as an answer that can be given cookies."""
    answer = redirect(path, 303)
    assert isinstance(answer, Response)  # noqa: S101 -- Quart's, inside its application
    return answer


async def answer_with(page: ResponseReturnValue) -> Response:
    """A page as an answer that can be given cookies."""
    answer = await make_response(page)
    assert isinstance(answer, Response)  # noqa: S101 -- Quart's, inside its application
    return answer


def give_cookie(
    answer: Response, settings: Settings, name: str, value: str, seconds: int | None = None
) -> None:
    """
    A cookie that no script reads and no foreign write brings along.

    It lives for *seconds*, else until the browser is closed.
    """
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(answer: Response, settings: Settings, name: str) -> None:
    """The browser forgets what `give_cookie` gave it."""
    answer.delete_cookie(name, path="/", secure=settings.secure, httponly=True, samesite="Lax")


def remember(answer: Response, settings: Settings, preferences: Preferences) -> None:
    """Language and theme in cookies of their own: they hold no secret and outlive the session."""
    for name, value in (("language", preferences.language), ("theme", preferences.theme)):
        give_cookie(answer, settings, name, value, YEAR_SECONDS)


def half_cookie(settings: Settings) -> str:
    """The name of the cookie of somebody half-way in."""
    return f"{cookie_name(settings)}-half"


def device_cookie(settings: Settings) -> str:
    """The name of the cookie by which a browser is known."""
    return f"{cookie_name(settings)}-device"


def safe_next(wanted: str | None) -> str:
    """A path on this portal to go on to; the start page for everything else (open redirects)."""
    path = wanted or "/"
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() and len(path) <= LONGEST_NEXT else "/"
