"""Composition root: knows every room, decides nothing."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from quart import Quart

from portal import pages
from portal.core import language, web
from portal.core.db import Database
from portal.core.settings import Settings

ROOT: Final = Path(__file__).parents[1]

MODELS: Final[tuple[str, ...]] = ("portal.keys.models", "portal.storing.models")
"""Every room's tables; the migrations are made from these."""

PUBLIC: Final = frozenset({"static", "pages.start", "pages.help_page"})
"""What a stranger reaches, each with its reason; all else answers 401 before its code runs."""

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def create_app(settings: Settings) -> Quart:
    """A portal that is wired but not started: nothing is connected yet."""
    app = Quart(
        __name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    database = Database(settings.database_url, MODELS)
    _use_two_languages(app)
    app.jinja_env.globals["asset"] = _assets(ROOT / "static" / "manifest.json")
    web.init_app(app, settings, recognise=_recognise, public=PUBLIC)
    app.register_error_handler(500, _fault)
    pages.init_app(app)
    app.extensions["hds"] = {"settings": settings, "database": database}

    @app.while_serving
    async def running() -> AsyncGenerator[None, None]:
        async with _running(database):
            yield

    inner: Asgi = app.asgi_app

    async def with_database(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await inner(scope, receive, send)
            return
        with database.current():
            await inner(scope, receive, send)

    app.asgi_app = with_database  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _running(database: Database) -> AsyncIterator[None]:
    """Everything that lives as long as the server: connections, child processes, workers."""
    async with AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        stack.enter_context(database.current())
        yield


async def _recognise(_cookie: str) -> web.Recognised | None:
    return None


async def _fault(_error: Exception) -> Any:
    return await web.render_error_500()


def _use_two_languages(app: Quart) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        language.raw_gettext, language.raw_ngettext, newstyle=True
    )
    app.jinja_env.globals["language"] = language.language
    app.jinja_env.policies["ext.i18n.trimmed"] = True


def _assets(manifest: Path) -> Callable[[str], str]:
    """Where the build put a file of the front end: `asset("app.css")` gives its hashed address."""
    built: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}

    def asset(name: str) -> str:
        return f"/static/{built[name]}" if name in built else f"/static/unbuilt/{name}"

    return asset
