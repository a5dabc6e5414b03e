"""
The frame of every page: what templates may always use, the navigation, the start page, the help.

Templates get values only.  An entry of the navigation shows as soon as some room serves its path.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup
from quart import Blueprint, Quart, g, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import accounts, notices
from portal.core import language
from portal.core.actor import Actor
from portal.core.language import N_
from portal.core.web import signed_in

log = logging.getLogger(__name__)

FIRST_DAY: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LAST_DAY: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go: a path, its words (a msgid), its icon, and for whom it is."""

    href: str
    words: str
    icon: str
    kinds: frozenset[str] = frozenset({"patient", "professional"})


PROFESSIONALS: Final = frozenset({"professional"})

NAVIGATION: Final = (
    Place("/documents", N_("My documents"), "documents"),
    Place("/plans", N_("Medication plan"), "pill"),
    Place("/diary", N_("Health diary"), "diary"),
    Place("/upload", N_("Upload data"), "upload"),
    Place("/code", N_("Enter code"), "code"),
    Place("/communities", N_("Communities"), "communities", PROFESSIONALS),
    Place("/search", N_("Search"), "search", PROFESSIONALS),
    Place("/communities/manage", N_("Manage communities"), "manage", PROFESSIONALS),
    Place("/assignments", N_("Manage assignments"), "assignments", PROFESSIONALS),
    Place("/storage", N_("Manage storage space"), "storage"),
    Place("/opinions", N_("Second opinions"), "opinion"),
    Place("/downloads", N_("Downloads"), "download"),
    Place("/profile", N_("Profile"), "person"),
    Place("/help", N_("Help"), "help"),
)
"""The words and the order are those of the product (architecture, section 7)."""

ACCOUNT: Final = (
    Place("/profile", N_("Profile"), "person"),
    Place("/profile/security", N_("Second factor"), "shield"),
    Place("/profile/sessions", N_("Sessions"), "system"),
)
ADMINISTRATION: Final = Place("/administration/professionals", N_("Professionals"), "shield")
FOOT: Final = (
    Place("/help", N_("Help"), "help"),
    Place("/demo/mailbox", N_("Mailbox of the demo"), "mail"),
)
PUBLIC: Final = frozenset({"pages.start", "pages.help_page", "pages.signing_in_help"})
"""What strangers reach here: what the portal is, and help when they cannot get in."""

HOME: Final[Mapping[str, str]] = {"patient": "/documents", "professional": "/communities"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as a template shows it."""

    href: str
    label: str
    icon: str
    current: str
    """`page` for this very page, `true` for a page below it, else empty (ARIA's words)."""


@dataclass(frozen=True, slots=True)
class Around:
    """The navigation, and when the account ends if its owner said so."""

    nav: list[Entry]
    departure: accounts.Departure | None


def init_app(app: Quart) -> None:
    """Give templates their languages and the frame's values; serve the start page and the help."""
    _use_two_languages(app)
    words = _client_words(Path(str(app.static_folder)))
    globals_: dict[str, Any] = {
        "csrf_token": lambda: str(g.get("csrf") or ""),
        "here": lambda: request.full_path.rstrip("?") if request.method == "GET" else "/",
        "client_words": lambda: words.get(language.language(), Markup("{}")),
        "idle_seconds": lambda: app.extensions["hds"]["settings"].session_idle_minutes * 60,
        "account_links": lambda: _entries(app, ACCOUNT, g.get("actor")),
        "unread_notices": _unread_notices,
        "around": lambda: _around(app),
    }
    app.jinja_env.globals.update(globals_)
    app.jinja_env.filters.update(day=_day, moment=_moment, size=language.show_bytes, clock=_clock)

    @app.context_processor
    async def frame() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        theme = request.cookies.get("theme", "")
        return {
            "actor": actor,
            "theme": theme if theme in {"light", "dark"} else "auto",
            "foot": _entries(app, FOOT, actor),
        }

    app.register_blueprint(_blueprint(app))


def _use_two_languages(app: Quart) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.raw_ngettext, newstyle=True
    )
    app.jinja_env.globals["language"] = language.language
    app.jinja_env.policies["ext.i18n.trimmed"] = True


def _blueprint(app: Quart) -> Blueprint:
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    async def start() -> ResponseReturnValue:
        actor: Actor | None = g.get("actor")
        if actor is None:
            return await render_template("start.html")
        home = await _home(app, actor)
        if await accounts.asks_for_pass(actor):
            return await render_template("still_there.html", home=home)
        return redirect(home, 303)

    @blueprint.get("/downloads")
    async def downloads() -> ResponseReturnValue:
        origin = app.extensions["hds"]["settings"].origin
        return await render_template("downloads.html", origin=origin)

    @blueprint.get("/help")
    async def help_page() -> ResponseReturnValue:
        return await render_template("help.html")

    @blueprint.get("/help/signing-in")
    async def signing_in_help() -> ResponseReturnValue:
        """What to do when signing in does not work: cookies, scripts, browsers (S-052, S-053)."""
        return await render_template("help_signing_in.html", cookies="cookies" in request.args)

    return blueprint


async def _home(app: Quart, actor: Actor) -> str:
    """Where somebody begins: professionals whom nobody has confirmed at their own documents."""
    waits = actor.kind == "professional" and not await accounts.confirmed_among([actor.id])
    home = HOME["patient" if waits else actor.kind]
    return home if _served(app, home) else "/help"


def _served(app: Quart, path: str) -> bool:
    """Whether some room serves *path*; the rooms no longer change once pages are asked for."""
    known = app.extensions.get("paths")
    if known is None:
        rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
        known = app.extensions["paths"] = frozenset(rule.rule.rstrip("/") for rule in rules)
    return path in known


def _entries(app: Quart, places: tuple[Place, ...], actor: Actor | None) -> list[Entry]:
    """Those of *places* that are served and meant for *actor*; the nearest one is marked."""
    kind = actor.kind if actor is not None else "patient"
    shown = [place for place in places if kind in place.kinds and _served(app, place.href)]
    here = request.path.rstrip("/")
    above = [place.href for place in shown if f"{here}/".startswith(f"{place.href}/")]
    nearest = max(above, key=len, default="")
    return [
        Entry(
            place.href,
            language.gettext(place.words),
            place.icon,
            ("page" if place.href == here else "true") if place.href == nearest else "",
        )
        for place in shown
    ]


async def _around(app: Quart) -> Around:
    """What stands around a page of somebody signed in; parts of pages do without it."""
    actor = signed_in()
    try:
        situation = await accounts.situation_of(actor.id)
    except Exception as error:  # noqa: BLE001 -- the database may be the fault the page tells of
        log.warning("frame: %s", type(error).__name__)
        situation = accounts.Situation()
    places: tuple[Place, ...] = NAVIGATION
    if situation.administers:  # one place more, before profile and help
        places = (*NAVIGATION[:-2], ADMINISTRATION, *NAVIGATION[-2:])
    return Around(_entries(app, places, actor), situation.departure)


async def _unread_notices() -> int:
    """The number behind the bell; a page about a fault is shown without it."""
    actor: Actor | None = g.get("actor")
    try:
        return 0 if actor is None else await notices.unread(actor.id)
    except Exception as error:  # noqa: BLE001 -- the database may be the fault the page tells of
        log.warning("bell: %s", type(error).__name__)
        return 0


def _day(value: date | datetime | None) -> str:
    return language.show_date(value) if value is not None else ""


def _moment(moment: datetime) -> str:
    return language.show_time(_in_the_calendar(moment))


def _clock(moment: datetime) -> str:
    """The time of day alone, 14:05, for lists where the day stands above."""
    return _in_the_calendar(moment).astimezone(language.ZONE).strftime("%H:%M")


def _in_the_calendar(moment: datetime) -> datetime:
    """
    *moment*, or the day beside it at an end of the calendar, where no other zone has an hour.

    Nobody writes such a moment; whoever edits one into a row closes no page with it.
    """
    return min(max(moment, FIRST_DAY), LAST_DAY)


def _client_words(static: Path) -> dict[str, Markup]:
    """
    The browser code's sentences in every language but English, as JSON for a <script> element.

    The build lists the sentences it found; `["one", "many"]` is a plural.
    """
    listed = static / "messages.json"
    found: list[str | list[str]] = json.loads(listed.read_text()) if listed.exists() else []
    words: dict[str, Markup] = {}
    for code in language.LANGUAGES:
        if code == "en":
            continue
        with language.speaking(code):
            words[code] = _as_json(dict(_translated(message) for message in found))
    return words


def _translated(message: str | list[str]) -> tuple[str, str | list[str]]:
    if isinstance(message, str):
        return message, language.gettext(message)
    one, many = message
    return one, [language.raw_ngettext(one, many, number) for number in (1, 2)]


def _as_json(words: Mapping[str, str | list[str]]) -> Markup:
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    for sign, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, escaped)
    return Markup(text)  # noqa: S704 -- our own catalogue, and no sign in it can end the element
