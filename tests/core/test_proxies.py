"""Whose address counts when somebody asks through proxies."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from portal.core.settings import BadSettings, Settings
from portal.server import server_for

pytestmark = pytest.mark.one_engine


async def asks(settings: Settings, header: str) -> str:
    """Who the portal thinks asks, when the proxy before it is 127.0.0.1."""
    app, seen = Quart(__name__), list[str]()
    app.extensions["hds"] = {}

    async def notes(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["client"][0])

    config = server_for(app, settings).config
    served: Any = notes
    if config.proxy_headers:
        served = ProxyHeadersMiddleware(notes, config.forwarded_allow_ips or [])
    headers = [(b"x-forwarded-for", header.encode())]
    scope = {"type": "http", "client": ("127.0.0.1", 1), "scheme": "http", "headers": headers}
    await served(scope, None, None)
    return seen[0]


@pytest.mark.parametrize("invented", ["", "10.1.7.1, ", "junk, ", "127.0.0.1, 10.2.7.1, "])
async def test_what_a_visitor_wrote_into_the_header_does_not_count(
    settings: Settings, invented: str
) -> None:
    behind = replace(settings, trusted_proxies=("127.0.0.1/32", "10.9.0.0/16"))

    assert await asks(behind, f"{invented}203.0.113.9") == "203.0.113.9"
    assert await asks(behind, f"{invented}203.0.113.9, 10.9.1.1") == "203.0.113.9"


async def test_without_proxies_the_header_is_not_read(settings: Settings) -> None:
    assert await asks(replace(settings, trusted_proxies=()), "203.0.113.9") == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["*", "proxy.example.org", "10.0.0.1,10.0.0.2"])
def test_a_setting_that_trusts_everybody_or_nobody_does_not_start(
    tmp_path: Path, wrong: str
) -> None:
    with pytest.raises(BadSettings, match="HDS_TRUSTED_PROXIES"):
        Settings.read({"HDS_DATA": str(tmp_path), "HDS_TRUSTED_PROXIES": wrong})


def test_proxies_are_read_from_words_parted_by_blanks(tmp_path: Path) -> None:
    said = {"HDS_DATA": str(tmp_path), "HDS_TRUSTED_PROXIES": "127.0.0.1 10.9.0.0/16"}
    assert Settings.read(said).trusted_proxies == ("127.0.0.1/32", "10.9.0.0/16")
