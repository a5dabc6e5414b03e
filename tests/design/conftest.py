"""The portal with two more pages that show every building block to whoever asks."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser
from quart import Blueprint, g, render_template, request

from portal import app as composition
from portal.core.actor import AccountId, Actor, Secret
from portal.core.settings import Settings
from tests.browser import browsing
from tests.serving import serving

MOMENT = datetime(2026, 3, 12, 13, 5, tzinfo=UTC)
ADA = Actor(AccountId(UUID(int=1)), "professional", 1, Secret(bytes(32)), b"")


def _pages() -> Blueprint:
    blueprint = Blueprint(
        "design", __name__, template_folder=str(Path(__file__).parent / "templates")
    )

    @blueprint.before_app_request
    async def ada_asks() -> None:
        if "stranger" not in request.args and request.path.startswith("/design/"):
            g.actor, g.csrf = ADA, "token"

    @blueprint.get("/design/<name>")
    async def page(name: str) -> str:
        return await render_template(f"{name}.html", moment=MOMENT)

    return blueprint


@pytest.fixture
async def portal(
    settings: Settings, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """The address of a portal with the pages /design/styleguide and /design/case."""
    monkeypatch.setattr(composition, "PUBLIC", composition.PUBLIC | {"design.page"})
    app = composition.create_app(settings)
    app.register_blueprint(_pages())
    async with serving(app, settings, listener) as url:
        yield url


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser
