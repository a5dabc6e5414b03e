"""
Reading what arrives: JSON that is text, and parts bounded in bytes, in time, and in how long they
may stand still.
"""

import asyncio
import json
from typing import Any, Final

from quart import Request

from portal.core.errors import Invalid
from portal.studies import parts
from portal.studies.errors import PartDamaged, PartTooLarge, PartTooSlow

IDLE: Final = 30.0
TOTAL: Final = 120.0
"""Seconds; the framework's own limit does not cover reading a body piece by piece."""


class PortalRequest(Request):
    """A request whose body may be as long as a part, where parts are sent, and short elsewhere."""

    def __init__(self, method: str, scheme: str, path: str, *rest: Any, **more: Any) -> None:
        if method == "PUT" and path.startswith("/uploads/"):
            more["max_content_length"] = parts.BODY
        super().__init__(method, scheme, path, *rest, **more)

    async def get_json(self, *args: Any, **more: Any) -> Any:
        """
        The body read as JSON (RFC 8259); None for another type.  Raises `Invalid`.

        Half a surrogate pair is no text: once stored, no page could be written that shows it.
        """
        try:
            found = await super().get_json(*args, **more)
            if b"\\u" in await self.get_data(as_text=False):
                json.dumps(found, ensure_ascii=False).encode()
        except (RecursionError, UnicodeError) as error:
            raise Invalid from error
        return found


async def read_part(request: Request, *, idle: float = IDLE, total: float = TOTAL) -> bytearray:
    """The body.  Raises `PartTooLarge`, `PartTooSlow`, `PartDamaged` for a body cut short."""
    body = bytearray()
    chunks = aiter(request.body)
    try:
        async with asyncio.timeout(total):
            while True:
                async with asyncio.timeout(idle):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                body += chunk
                if len(body) > parts.BODY:
                    raise PartTooLarge
    except TimeoutError:
        raise PartTooSlow(retry_after=1) from None
    if request.content_length is not None and len(body) != request.content_length:
        raise PartDamaged
    return body
