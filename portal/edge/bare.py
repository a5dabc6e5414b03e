"""The headers of answers that no application makes: to what is no request, or no hand-shake."""

from typing import Final

PROTECTING: Final = {
    "content-security-policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "cache-control": "no-store",
}
"""What `portal.core.web` gives to every answer of the application, for a few words of ours."""


def refusal(words: str) -> bytes:
    """A whole answer: 400, with *words* (ASCII), after which the connection ends."""
    head = {
        **PROTECTING,
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(words)),
        "connection": "close",
    }
    lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join([*lines, "", words]).encode("ascii")
