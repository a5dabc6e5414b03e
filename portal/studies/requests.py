"""
Reading what arrives: JSON that is text, and parts bounded in bytes, in time, and in how long they
may stand still.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from quart import Request

from portal.core.actor import AccountId
from portal.core.errors import Invalid
from portal.studies import parts
from portal.studies.errors import PartDamaged, PartTooLarge, PartTooSlow, TooManyParts

IDLE: Final = 30.0
TOTAL: Final = 120.0
"""Seconds; the framework's own limit does not cover reading a body piece by piece."""
SLOWEST: Final = 16 * 1024
"""Bytes a second, counted from `START` on: whoever drips holds no place that others need."""
START: Final = 5.0
"""Seconds that a slow line has for its first bytes."""


PARTS_EACH: Final = 6
"""Parts of one account at once: the browser sends three, and may do so in two windows."""
PARTS_ALL: Final = 32
"""Parts of everybody at once: 477 MiB above idle, measured with 32 full parts of CT slices."""


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


class Turnstile:
    """
    Who may have a part read now.

    A part takes its 8 MiB twice while it is received and filed, so what all of them together take
    is bounded for the process, and no account takes it all.
    """

    def __init__(self, *, each: int = PARTS_EACH, all_: int = PARTS_ALL) -> None:
        self._each, self._all = each, all_
        self._inside: Counter[AccountId] = Counter()

    @contextmanager
    def through(self, account: AccountId) -> Iterator[None]:
        """A place for one part while the block lasts.  Raises `TooManyParts`."""
        if self._inside[account] >= self._each or self._inside.total() >= self._all:
            raise TooManyParts(retry_after=1)
        self._inside[account] += 1
        try:
            yield
        finally:
            self._inside[account] -= 1
            if not self._inside[account]:
                del self._inside[account]


async def read_part(
    request: Request, *, idle: float = IDLE, total: float = TOTAL, start: float = START
) -> bytearray:
    """The body.  Raises `PartTooLarge`, `PartTooSlow`, `PartDamaged` for a body cut short."""
    body = bytearray()
    chunks = aiter(request.body)
    clock = asyncio.get_running_loop().time
    begun = clock()
    try:
        async with asyncio.timeout(total):
            while True:
                late = begun + start + len(body) / SLOWEST
                async with asyncio.timeout_at(min(clock() + idle, late)):
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
