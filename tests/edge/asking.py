"""Requests without a server: what is taken from the connection can be counted."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quart import Quart

CHUNK = bytes(64 * 1024)


@dataclass
class Asked:
    """One request over ASGI, and what became of it."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: list[bytes] = field(default_factory=list)
    """What comes, a piece at a time; then the line stands still unless `ends`."""
    ends: bool = True
    address: str = "203.0.113.7"
    taken: int = 0
    """Bytes of the body that left the connection."""
    status: int = 0
    told: dict[str, str] = field(default_factory=dict)
    said: bytes = b""

    async def __call__(self, app: Quart) -> "Asked":
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": self.method, "path": self.path, "raw_path": self.path.encode(),
            "query_string": b"", "root_path": "", "server": ("127.0.0.1", 80), "extensions": {},
            "client": (self.address, 4711),
            "headers": [(k.lower().encode(), v.encode()) for k, v in self.headers.items()],
        }  # fmt: skip
        asgi: Any = app.asgi_app
        await asgi(scope, self._receive, self._send)
        return self

    async def _receive(self) -> dict[str, Any]:
        if self.body:
            piece = self.body.pop(0)
            self.taken += len(piece)
            more = bool(self.body) or not self.ends
            return {"type": "http.request", "body": piece, "more_body": more}
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.told = {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            self.said += message.get("body", b"")
