"""
The HTTP edge: who asks, closed by default, writes only from our own pages, error pages.

The only place that knows what an error looks like as a status.
"""

import hmac
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from quart import Quart, ResponseReturnValue, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from portal.core import language
from portal.core.actor import Actor
from portal.core.errors import (
    Away,
    Busy,
    Conflict,
    Denied,
    Full,
    Gone,
    Invalid,
    PortalError,
    SignInNeeded,
    TooLarge,
    Unknown,
)
from portal.core.settings import Settings

STATUS: Final[dict[type[PortalError], int]] = {
    SignInNeeded: 401,
    Invalid: 422,
    Unknown: 404,
    Denied: 403,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    Busy: 429,
    Away: 503,
    Full: 507,
}

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class CrossSite(Denied):
    """A write that did not start on one of our pages."""

    code = "cross_site"


class BadMethod(Invalid):
    """The address exists, but not for this verb."""

    code = "method"


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who a session or a program stands for, and the token that the session's forms carry."""

    actor: Actor
    csrf: str | None = field(repr=False)
    """None for a program: what it shows for itself, no browser sends on its own."""


Recognise = Callable[[str | None], Awaitable[Recognised | None]]


def signed_in() -> Actor:
    """Whoever asks, or `SignInNeeded`."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise SignInNeeded
    return actor


def cookie_name(settings: Settings) -> str:
    """`__Host-` makes browsers insist on https and on this very host (RFC 6265bis)."""
    return "__Host-hds" if settings.secure else "hds"


def init_app(
    app: Quart, settings: Settings, *, recognise: Recognise, public: Collection[str]
) -> None:
    """Recognise whoever asks, close every endpoint not in *public*, guard writes, say errors."""
    cookie = cookie_name(settings)
    closed = frozenset(public)

    @app.before_request
    async def who_asks() -> None:
        g.actor, g.csrf, wanted = None, "", request.cookies.get("language")
        language.speak(wanted or request.accept_languages.best_match(language.LANGUAGES))
        found = await recognise(request.cookies.get(cookie))
        if found is not None:
            g.actor, g.csrf = found.actor, found.csrf
            language.speak(wanted or found.actor.language)

    @app.before_request
    async def closed_by_default() -> None:
        if request.endpoint is not None and request.endpoint not in closed:
            signed_in()

    @app.before_request
    async def writes_from_our_pages_only() -> None:
        anywhere = g.csrf is None or request.endpoint in app.config["FROM_ANYWHERE"]
        if request.method not in READING and not anywhere:
            await _refuse_foreign_write(settings.origin)

    app.register_error_handler(PortalError, render_error)
    app.register_error_handler(HTTPException, _render_http_error)


async def _refuse_foreign_write(origin: str) -> None:
    """
    Browsers say where a write comes from; a signed-in session must also show its token.

    `Sec-Fetch-Site` decides where it is sent.  Our pages send no referrer, so their own forms say
    `Origin: null` beside `same-origin`; without that header the origin must be ours, in words.
    """
    site, sent = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    from_here = sent in {None, "null", origin} if site == "same-origin" else sent == origin
    if site not in {None, "none", "same-origin"} or not from_here:
        raise CrossSite
    if g.actor is None:
        return
    token = request.headers.get("X-HDS-CSRF", "")
    if not token and request.mimetype in FORMS:
        token = (await request.form).get("csrf", "")
    if not hmac.compare_digest(token.encode(), g.csrf.encode()):
        raise CrossSite


def wants_html() -> bool:
    """Whether the answer is a page for a person rather than JSON for a program."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def status_of(error: PortalError) -> int:
    """The HTTP status (RFC 9110) of an error's nearest kind."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


async def render_error(error: PortalError) -> ResponseReturnValue:
    """One error, as a page or as JSON."""
    status = status_of(error)
    extra = (
        {"Retry-After": str(error.details["retry_after"])} if "retry_after" in error.details else {}
    )
    if not wants_html():
        return {"error": error.code, "message": explain(error), **error.details}, status, extra
    if isinstance(error, SignInNeeded) and request.method == "GET":
        return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}", 303)
    page = await render_template(
        "errors/error.html", error=error, status=status, message=explain(error)
    )
    return page, status, extra


def explain(error: PortalError) -> str:
    """The error in the reader's language, one sentence that says what to do."""
    return language.gettext(error.message, **error.details)


async def _render_http_error(error: HTTPException) -> ResponseReturnValue:
    kinds: dict[int | None, PortalError] = {404: Unknown(), 405: BadMethod(), 413: TooLarge()}
    if error.code is not None and error.code < 400:  # noqa: PLR2004 -- redirects are no errors
        return error.get_response()
    if error.code == 500:  # noqa: PLR2004
        return await render_error_500()
    return await render_error(kinds.get(error.code, Invalid()))


async def render_error_500() -> ResponseReturnValue:
    """A fault of ours: logged by the framework, and nothing of it shown."""
    fault, words = PortalError(), explain(PortalError())
    if not wants_html():
        return {"error": "internal", "message": words}, 500
    page = await render_template("errors/error.html", error=fault, status=500, message=words)
    return page, 500
