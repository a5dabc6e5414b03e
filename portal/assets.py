"""
What the build made for the browser: hashed addresses, served compressed and for ever.

Every file lies in a folder named after the build, so its address changes when its content does.
"""

import asyncio
import hashlib
import json
import mimetypes
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from quart import Quart, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

COMPRESSED: Final = ".br"
TAG: Final = 32
FILES_KEPT: Final = 256
"""More than one build has, so that each file is read once; all of them are some 10 MB."""


def init_app(app: Quart, folder: Path) -> None:
    """Give templates `asset(name)` and serve *folder*, brotli files to whoever takes them."""
    app.jinja_env.globals["asset"] = _addresses(folder / "manifest.json")

    async def static(filename: str) -> Response:
        takes = "br" in request.headers.get("Accept-Encoding", "")
        path = safe_join(str(folder), filename)
        if path is None:
            raise NotFound
        # As a whole: a file that is still being read when the browser leaves would stay open.
        try:
            content, packed, tag = await asyncio.to_thread(_read, path, packed=takes)
        except OSError:  # a name longer than any file can have
            raise NotFound from None
        response = Response(content, mimetype=mimetypes.guess_type(filename)[0])
        if packed:
            response.headers["Content-Encoding"] = "br"
        response.headers["Vary"] = "Accept-Encoding"
        response.set_etag(tag)
        # A browser that reloads asks whether it has changed; it never has.
        return await response.make_conditional(request)

    app.view_functions["static"] = static


@lru_cache(FILES_KEPT)
def _read(path: str, *, packed: bool) -> tuple[bytes, bool, str]:
    """
    The file, as brotli if there is that, and what tells its content from any other (RFC 9110,
    8.8.3); its address names a build, so it never changes.
    """
    packed = packed and Path(f"{path}{COMPRESSED}").is_file()
    if not packed and not Path(path).is_file():
        raise NotFound
    content = Path(f"{path}{COMPRESSED}" if packed else path).read_bytes()
    return content, packed, hashlib.sha256(content).hexdigest()[:TAG]


def _addresses(manifest: Path) -> Callable[[str], str]:
    """`asset("app.css")` gives the address of this build's file of that name."""
    built: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}

    def asset(name: str) -> str:
        return f"/static/{built[name]}" if name in built else f"/static/unbuilt/{name}"

    return asset
