"""Composition root: knows every room, decides nothing."""

import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import socketio
from quart import Quart, g, request

import cases
import cases.routes
import cases.search.routes
import portal.accounts.administration_routes
import portal.accounts.keeping_routes
import portal.accounts.recovery_routes
import portal.accounts.routes
import portal.mailing.routes
import realtime
from cases.search import Archive, DescribeStudies
from portal import (
    accounts,
    assets,
    documents,
    keys,
    mailing,
    notices,
    pages,
    storing,
    studies,
    vault,
)
from portal.core import language, web
from portal.core.actor import Actor
from portal.core.db import Database
from portal.core.errors import Unknown
from portal.core.events import listening
from portal.core.settings import Settings
from viewer.dicom import Pool
from viewer.pdf import PdfPool
from viewer.routes import create_blueprint as create_viewer

log = logging.getLogger(__name__)

ROOT: Final = Path(__file__).parents[1]

MODELS: Final[tuple[str, ...]] = (
    "portal.keys.models",
    "portal.mailing.models",
    "portal.accounts.models",
    "portal.accounts.factors.models",
    "portal.storing.models",
    "portal.documents.models",
    "portal.studies.models",
    "portal.notices.models",
    "cases.models",
    "cases.search.models",
)
"""Every room's tables; the migrations are made from these."""

PUBLIC: Final = frozenset(
    {
        "static",
        "pages.start",
        "pages.help_page",
        "pages.signing_in_help",
        "accounts.ask_registration",  # whoever registers or activates has no session yet
        "accounts.register",
        "accounts.write_again",  # to whoever has the ticket of the page after registering
        "accounts.ask_short",
        "accounts.enter",
        "accounts.mail_status",  # says what became of a mail, by a random name
        "accounts.signed_in_now",  # tells browsers that keep no cookie
        "accounts.print_pass",  # prints only what a ticket of ours says
        "accounts.ask_activation",
        "accounts.activate",
        "accounts.ask_sign_in",
        "accounts.sign_in",
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
        "accounts.prefer",  # strangers choose a language, too
        "notices.ask_stop",  # the link in our mails works without signing in
        "notices.stop",
        "notices.push_worker",  # browsers renew it by themselves, also when nobody is signed in
        "mailing.show_mailbox",  # exists in demos and tests only
    }
)
"""What a stranger reaches, each with its reason; all else answers 401 before its code runs."""

BEFORE_ACTIVATION: Final = frozenset(
    {
        *("static", "pages", "accounts", "factors", "recovery", "keeping"),
        *("studies", "documents", "viewer", "mailing", "notices"),
    }
)
"""Rooms that an account may use whose address nobody has confirmed; every other one is closed."""
AFTER_ACTIVATION: Final = frozenset({"administration", "cases", "search"})

FROM_ANYWHERE: Final = frozenset({"notices.stop"})
"""Writes that need not start on our pages: a mail program's own button (RFC 8058) sends neither
cookie nor origin.  What it can do is in the address: end the mails of the account that got it."""

OPENING: Final = frozenset({"viewer.page", "viewer.open_series"})

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the rooms share and what lives as long as the server."""

    settings: Settings
    database: Database
    store: storing.Store
    pool: Pool
    pdf_pool: PdfPool
    shelf: studies.Shelf
    archive: Archive
    live: realtime.Live


def create_app(settings: Settings) -> Quart:
    """A portal that is wired but not started: nothing is connected yet."""
    app = Quart(
        __name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.config["FROM_ANYWHERE"] = FROM_ANYWHERE
    app.request_class = studies.PortalRequest
    rooms = _rooms(settings)
    _use_two_languages(app)
    assets.init_app(app, ROOT / "static")
    web.init_app(app, settings, recognise=_recognise, public=PUBLIC)
    app.before_request(_activated_first)
    app.register_error_handler(500, _fault)
    app.log_exception = _log_fault  # type: ignore[method-assign, assignment]
    _register_rooms(app, rooms)
    pages.init_app(app)
    app.extensions["hds"] = {
        "settings": settings,
        "database": rooms.database,
        "shelf": rooms.shelf,
        "archive": rooms.archive,
        "leave": [rooms.live.close_all],
    }

    @app.while_serving
    async def running() -> AsyncGenerator[None, None]:
        async with _running(rooms):
            yield

    app.asgi_app = _with_sockets(app.asgi_app, rooms)  # type: ignore[method-assign, assignment]
    return app


async def _activated_first() -> None:
    """What touches other people waits until an account is activated (Q-02)."""
    actor: Actor | None = g.get("actor")
    room = (request.endpoint or "static").partition(".")[0]
    if actor is not None and room not in BEFORE_ACTIVATION:
        await accounts.must_be_activated(actor)


def _rooms(settings: Settings) -> Rooms:
    store = storing.Store(settings)
    pool, pdf_pool = Pool(workers=settings.decoders), PdfPool()
    desk = documents.Desk.of(settings, store, pdf_pool)
    return Rooms(
        settings=settings,
        database=Database(settings.database_url, MODELS),
        store=store,
        pool=pool,
        pdf_pool=pdf_pool,
        shelf=studies.Shelf.of(settings, store, pool, desk),
        archive=Archive(store),
        live=realtime.create_server(settings, keys.actor_by_cookie),
    )


def _register_rooms(app: Quart, rooms: Rooms) -> None:
    settings, shelf = rooms.settings, rooms.shelf
    app.register_blueprint(portal.accounts.routes.create_blueprint(settings))
    app.register_blueprint(portal.accounts.recovery_routes.create_blueprint())
    app.register_blueprint(portal.accounts.keeping_routes.create_blueprint(settings))
    app.register_blueprint(portal.accounts.routes.create_factors(settings))
    app.register_blueprint(portal.accounts.administration_routes.create_blueprint())
    if settings.mail == "mailbox":
        app.register_blueprint(portal.mailing.routes.blueprint)
    app.register_blueprint(studies.create_blueprint(shelf))
    app.register_blueprint(cases.routes.create_blueprint(shelf, web.socket_origin(settings)))
    app.register_blueprint(cases.search.routes.create_blueprint(rooms.archive, _describing(shelf)))

    app.register_blueprint(notices.create_blueprint(_wording(shelf), settings))

    async def open_study(study_id: UUID) -> studies.OpenStudy:
        """For the viewer; opening waits a little for frames that are still being made."""
        study = await find_study(study_id)
        if request.endpoint not in OPENING or await studies.prepared(shelf, study, 0):
            return study
        await studies.prepared(shelf, study)
        return await find_study(study_id)

    async def find_study(study_id: UUID) -> studies.OpenStudy:
        """One's own study, or one that lies before a community of one's own."""
        actor = web.signed_in()
        try:
            return await studies.open_own(shelf, actor, study_id)
        except Unknown:
            key = await cases.study_key(actor, study_id)
            if key is None:
                raise
            return await studies.open_with(shelf, study_id, key)

    async def open_enclosed(study_id: UUID, instance: UUID) -> documents.Enclosed:
        """The finding among the images of a study that whoever asks may see."""
        return await (await find_study(study_id)).enclosed(instance)

    app.register_blueprint(create_viewer(open_study))
    app.register_blueprint(documents.create_blueprint(shelf.desk, open_enclosed))


def _describing(shelf: studies.Shelf) -> Callable[[Actor], DescribeStudies]:
    """What the images of a case say in words, for the search."""

    def for_actor(actor: Actor) -> DescribeStudies:
        async def describe(ids: Collection[UUID]) -> list[str]:
            opened = {study: await cases.study_key(actor, study) for study in ids}
            known = {study: key for study, key in opened.items() if key is not None}
            found = await studies.summaries_with(shelf, known)
            return [f"{each.description} {each.body_part}" for each in found]

        return describe

    return for_actor


def _wording(shelf: studies.Shelf) -> notices.Describe:
    """Notices in words: each room says what its reader may see of them."""

    async def describe(actor: Actor, told: Sequence[notices.Told]) -> Mapping[UUID, notices.Words]:
        ready = {each.about for each in told if each.kind == "prepared"}
        titles = {each.id: each.title for each in await studies.some_of_mine(shelf, actor, ready)}
        return {
            **await cases.describe_notices(actor, told),
            **notices.of_studies(told, titles),
            **notices.of_safety(told),
        }

    return describe


@contextmanager
def _noticing() -> Iterator[None]:
    """What rooms below the notices announce becomes a notice."""

    async def prepared(event: studies.StudyPrepared) -> None:
        await notices.tell(notices.News([event.owner], "prepared", event.study))

    async def changed(event: accounts.SafetyChanged) -> None:
        await notices.tell(notices.News([event.account_id], event.what, event.account_id))

    with listening(studies.StudyPrepared, prepared), listening(accounts.SafetyChanged, changed):
        yield


def _with_sockets(inner: Asgi, rooms: Rooms) -> Asgi:
    """Sockets and pages behind one door, both with the database at hand."""
    sockets = socketio.ASGIApp(rooms.live.sio)

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await inner(scope, receive, send)
            return
        is_socket = scope["path"].startswith("/socket.io/")
        with rooms.database.current():
            await (sockets if is_socket else inner)(scope, receive, send)

    return dispatch


@asynccontextmanager
async def _running(rooms: Rooms) -> AsyncIterator[None]:
    """Everything that lives as long as the server: connections, child processes, workers."""
    settings = rooms.settings
    keys.configure(vault.load_key_files(settings.key_folder), settings)
    accounts.belongings.use(
        cases.Belongings(), studies.Belongings(), documents.Belongings(), notices.Belongings()
    )
    async with AsyncExitStack() as stack:
        await rooms.database.open()
        stack.push_async_callback(rooms.database.close)
        stack.enter_context(rooms.database.current())
        # Before the rooms, so it ends after them: what they commit last is still told.
        await stack.enter_async_context(rooms.live.running(rooms.database))
        stack.enter_context(_noticing())
        await stack.enter_async_context(rooms.pool)
        await stack.enter_async_context(rooms.pdf_pool)
        await stack.enter_async_context(studies.working(rooms.shelf))
        stack.callback(rooms.archive.close)
        stack.enter_context(rooms.archive.hearing())
        stack.enter_context(cases.withdrawing())
        await stack.enter_async_context(mailing.PostOffice(settings).working())
        await stack.enter_async_context(accounts.keeping_house())
        await stack.enter_async_context(notices.Messenger(notices.Pusher(settings)).working())
        yield


async def _recognise(cookie: str) -> web.Recognised | None:
    actor = await keys.actor_by_cookie(cookie)
    return None if actor is None else web.Recognised(actor, keys.csrf_token(cookie))


async def _fault(_error: Exception) -> Any:
    return await web.render_error_500()


def _log_fault(exc_info: Any) -> None:
    """Where it happened: an address may hold the secret of a mailed link, its endpoint does not."""
    log.error("fault in %s %s", request.method, request.endpoint, exc_info=exc_info)


def _use_two_languages(app: Quart) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.raw_ngettext, newstyle=True
    )
    app.jinja_env.globals["language"] = language.language
    app.jinja_env.policies["ext.i18n.trimmed"] = True
