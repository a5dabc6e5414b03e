"""
What the build made for the browser: hashed addresses, served compressed and for ever.

Every file lies in a folder named after the build, so its address changes when its content does.
"""

import json
import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Final

from quart import Quart, Response, request, send_from_directory

COMPRESSED: Final = ".br"


def init_app(app: Quart, folder: Path) -> None:
    """Give templates `asset(name)` and serve *folder*, brotli files to whoever takes them."""
    app.jinja_env.globals["asset"] = _addresses(folder / "manifest.json")

    async def static(filename: str) -> Response:
        takes = "br" in request.headers.get("Accept-Encoding", "")
        packed = takes and (folder / f"{filename}{COMPRESSED}").is_file()
        kind, _ = mimetypes.guess_type(filename)
        name = f"{filename}{COMPRESSED if packed else ''}"
        response = await send_from_directory(folder, name, mimetype=kind)
        if packed:
            response.headers["Content-Encoding"] = "br"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    app.view_functions["static"] = static


def _addresses(manifest: Path) -> Callable[[str], str]:
    """`asset("app.css")` gives the address of this build's file of that name."""
    built: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}

    def asset(name: str) -> str:
        return f"/static/{built[name]}" if name in built else f"/static/unbuilt/{name}"

    return asset
