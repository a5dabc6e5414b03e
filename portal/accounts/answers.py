"""What the pages of this room answer with: a form with its problems, or a link that is dead."""

from collections.abc import Mapping
from typing import Any, Final

from quart import render_template
from quart.typing import ResponseReturnValue

from portal.accounts.errors import (
    MistypedCode,
    TooManyTries,
    WeakPassword,
    WrongCode,
    WrongPassword,
)
from portal.core import language
from portal.core.errors import PortalError
from portal.core.web import status_of

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
    page = await render_template(template, data=shown, fields=fields, problem=problem, **more)
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


async def dead_link(error: PortalError) -> ResponseReturnValue:
    """What to do when a mailed link leads nowhere any more."""
    problem = language.gettext(error.message)
    return await render_template("accounts/dead_link.html", problem=problem), status_of(error)
