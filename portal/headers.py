"""What every answer tells the browser about itself: policies, isolation, how long to keep it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from quart import Quart, Response, request

from portal.core.settings import Settings

STATIC_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""A worker obeys the policy of its own file, and the viewer's decoder is WebAssembly."""


def init_app(app: Quart, settings: Settings) -> None:
    """Every answer gets them; a page that said something else itself keeps that."""
    fixed = _fixed(settings)

    @app.after_request
    async def headers(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/static/") and response.status_code in {200, 304}:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            response.headers["Content-Security-Policy"] = STATIC_POLICY
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def socket_origin(settings: Settings) -> str:
    """Where the browser opens its web socket, as policies name it."""
    return f"{'wss' if settings.secure else 'ws'}://{urlsplit(settings.origin).netloc}"


def _fixed(settings: Settings) -> Mapping[str, str]:
    socket = socket_origin(settings)
    fixed = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
            f"connect-src 'self' {socket}; font-src 'self'; worker-src 'self'; "
            "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
            "object-src 'none'; require-trusted-types-for 'script'; trusted-types hds"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    }
    if settings.secure:
        fixed["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains; preload"
    return fixed
