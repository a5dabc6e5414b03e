"""
Reading what arrives: JSON that is text, and parts bounded in bytes, in time, and in how long they
may stand still.
"""

import asyncio
import json
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final

from quart import Request

from portal import edge
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
"""Parts of one account at once, read or waiting: the browser sends three, also in two windows."""
PARTS_ALL: Final = 8
"""Parts of everybody that are read and filed at once; `bench crowding` says what they take."""
PARTS_WAITING: Final = 64
"""Parts that wait in their connections, of which nothing but the first 64 KiB is read."""
WAITING: Final = 20.0
"""Seconds; then the browser is asked to come again."""


class PortalRequest(edge.Request):
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
    Whose part is read now.

    A part takes its 8 MiB twice while it is received and filed, so what all of them together take
    is bounded for the process.  A free place goes to whoever has fewest, and only while more are
    free than they hold: of eight one account gets four and two get six, so that two with slow lines
    keep nobody out.  Belongs to one event loop.
    """

    def __init__(
        self,
        *,
        each: int = PARTS_EACH,
        all_: int = PARTS_ALL,
        waiting: int = PARTS_WAITING,
        patience: float = WAITING,
    ) -> None:
        self._each, self._all, self._most, self._patience = each, all_, waiting, patience
        self._inside: Counter[AccountId] = Counter()
        self._waiting: OrderedDict[AccountId, deque[asyncio.Future[None]]] = OrderedDict()

    async def through(self, account: AccountId) -> AbstractContextManager[None]:
        """A place for one part, for a block to hold.  Raises `TooManyParts`."""
        queue = self._waiting.setdefault(account, deque())
        waiting = sum(map(len, self._waiting.values()))
        if self._inside[account] + len(queue) >= self._each or waiting >= self._most:
            self._tidy(account)
            raise TooManyParts(retry_after=1)
        place = asyncio.get_running_loop().create_future()
        queue.append(place)
        self._serve()
        try:
            async with asyncio.timeout(self._patience):
                await place
        except (TimeoutError, asyncio.CancelledError) as error:
            self._give_up(account, place)
            if isinstance(error, TimeoutError):
                raise TooManyParts(retry_after=2) from None
            raise
        return self._held(account)

    @contextmanager
    def _held(self, account: AccountId) -> Iterator[None]:
        try:
            yield
        finally:
            self._leave(account)

    def _serve(self) -> None:
        """Give free places to those with fewest, and among them to who has waited longest."""
        while True:
            free = self._all - self._inside.total()
            account = min(self._waiting, key=self._inside.__getitem__, default=None)
            if account is None or self._inside[account] >= free:
                return
            place = self._waiting[account].popleft()
            self._waiting.move_to_end(account)
            if not place.done():  # else whoever waited is just giving up
                place.set_result(None)
                self._inside[account] += 1
            self._tidy(account)

    def _give_up(self, account: AccountId, place: asyncio.Future[None]) -> None:
        if place.done() and not place.cancelled():  # the place came in the same moment
            self._leave(account)
            return
        with suppress(KeyError, ValueError):
            self._waiting[account].remove(place)
        self._tidy(account)

    def _leave(self, account: AccountId) -> None:
        self._inside[account] -= 1
        self._tidy(account)
        self._serve()

    def _tidy(self, account: AccountId) -> None:
        if not self._waiting.get(account, True):
            del self._waiting[account]
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
