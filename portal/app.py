"""Composition root: knows every room, decides nothing."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from quart import Quart

import cases
import cases.routes
import cases.search.routes
import portal.accounts.routes
import portal.api.routes
import portal.dicomweb.routes
import portal.documents.routes
import portal.exporting.routes
import portal.mailing.routes
import portal.notices.routes
import portal.studies.routes
import realtime
from cases.search import Archive
from portal import (
    accounts,
    api,
    assets,
    auditing,
    dicomweb,
    documents,
    edge,
    exporting,
    headers,
    keys,
    mailing,
    notices,
    owing,
    pages,
    records,
    storing,
    studies,
    vault,
    wiring,
)
from portal.core import web
from portal.core.db import Database
from portal.core.settings import Settings
from viewer.dicom import Pool
from viewer.pdf import PdfPool
from viewer.routes import create_blueprint as create_viewer

ROOT: Final = Path(__file__).parents[1]

MODELS: Final[tuple[str, ...]] = (
    "portal.keys.models",
    "portal.mailing.models",
    "portal.owing.models",
    "portal.accounts.models",
    "portal.accounts.factors.models",
    "portal.storing.models",
    "portal.auditing.models",
    "portal.documents.models",
    "portal.records.models",
    "portal.studies.models",
    "portal.notices.models",
    "cases.models",
    "cases.search.models",
)
"""Every room's tables; the migrations are made from these."""

OPEN_ROOMS: Final = (
    pages,
    portal.accounts.routes,
    portal.api.routes,
    portal.notices.routes,
    portal.mailing.routes,
)
"""Rooms that strangers may enter; each names its open addresses, with the reason of each."""

PUBLIC: Final = frozenset({"static"}).union(*(room.PUBLIC for room in OPEN_ROOMS))
"""What a stranger reaches; all else answers 401 before its code runs."""

FOR_PROGRAMS: Final[Mapping[str, keys.Allowed]] = {
    **portal.api.routes.FOR_PROGRAMS,
    **portal.studies.routes.FOR_PROGRAMS,
    **portal.documents.routes.FOR_PROGRAMS,
    **portal.dicomweb.routes.FOR_PROGRAMS,
    **portal.exporting.routes.FOR_PROGRAMS,
}
"""Where a program's token counts, and what it must be allowed; each room names its own."""

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
    app.config["BODY_TIMEOUT"] = None  # `edge.Body` has its own clock, which knows slow lines
    app.config["FROM_ANYWHERE"] = portal.notices.routes.FROM_ANYWHERE
    app.request_class = studies.PortalRequest
    rooms = _rooms(settings)
    assets.init_app(app, ROOT / "static")
    recognise = wiring.recognising(app, FOR_PROGRAMS)
    web.init_app(app, settings, recognise=recognise, public=PUBLIC)
    api.init_app(app)
    headers.init_app(app, settings)
    app.before_request(wiring.activated_first)
    wiring.install_faults(app)
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

    inner = _with_sockets(app.asgi_app, rooms)
    slow = portal.accounts.routes.DERIVING
    app.asgi_app = edge.Edge(app, inner, slow, keys.PLACES)  # type: ignore[method-assign]
    return app


def _rooms(settings: Settings) -> Rooms:
    store = storing.store_for(settings)
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
    viewing = wiring.Viewing(shelf)
    words, wording = wiring.describing(shelf), wiring.wording(shelf)
    for blueprint in (
        *portal.accounts.routes.create_blueprints(settings),
        *([portal.mailing.routes.blueprint] if settings.mail == "mailbox" else []),
        studies.create_blueprint(shelf, cases.cases_about),
        api.create_blueprint(shelf, settings),
        exporting.create_blueprint(shelf),
        documents.create_blueprint(shelf.desk, viewing.open_enclosed, studies.known_by),
        studies.create_report_blueprint(shelf, viewing.open_study),
        dicomweb.create_blueprint(settings, shelf),
        auditing.create_blueprint(),
        records.create_blueprint(settings.free_quota),
        notices.create_blueprint(wording, settings),
        cases.routes.create_blueprint(shelf, headers.socket_origin(settings)),
        cases.search.routes.create_blueprint(rooms.archive, words),
        create_viewer(viewing.open_study, viewing.paint, viewing.downloads),
    ):
        app.register_blueprint(blueprint)


def _with_sockets(inner: Asgi, rooms: Rooms) -> Asgi:
    """Sockets and pages behind one door, both with the database at hand."""
    sockets = rooms.live.sio.serve

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await inner(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        if is_socket and not scope["path"].startswith("/socket.io/"):
            await send({"type": "websocket.close"})  # 403: no page of ours opens one there
            return
        with rooms.database.current():
            await (sockets if is_socket else inner)(scope, receive, send)

    return dispatch


@asynccontextmanager
async def _running(rooms: Rooms) -> AsyncIterator[None]:
    """Everything that lives as long as the server: connections, child processes, workers."""
    settings = rooms.settings
    keys.configure(vault.load_key_files(settings.key_folder), settings)
    accounts.belongings.use(
        cases.Belongings(),
        studies.Belongings(),
        documents.Belongings(),
        records.Belongings(),
        notices.Belongings(),
        auditing.Belongings(),
    )
    async with AsyncExitStack() as stack:
        await rooms.database.open()
        stack.push_async_callback(rooms.database.close)
        stack.enter_context(rooms.database.current())
        # Before the rooms, so it ends after them: what they commit last is still told.
        await stack.enter_async_context(rooms.live.running(rooms.database))
        stack.enter_context(wiring.listening_for_news())
        await stack.enter_async_context(rooms.pool)
        await stack.enter_async_context(rooms.pdf_pool)
        await stack.enter_async_context(studies.working(rooms.shelf))
        await stack.enter_async_context(rooms.archive.working())
        stack.enter_context(cases.withdrawing())
        await stack.enter_async_context(cases.keeping_watch())
        # After all whose duty it is: what a process before this one owed is paid at once.
        await stack.enter_async_context(owing.working())
        await stack.enter_async_context(mailing.PostOffice(settings).working())
        await stack.enter_async_context(accounts.keeping_house())
        await stack.enter_async_context(notices.Messenger(notices.Pusher(settings)).working())
        yield
