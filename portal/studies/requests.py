"""
Reading what arrives: JSON that is text, and parts bounded in bytes, in time, and in how long they
may stand still.
"""

import json
from typing import Any, Final

from portal import edge
from portal.core.actor import AccountId
from portal.core.errors import Invalid
from portal.studies import parts
from portal.studies.errors import PartDamaged, PartTooLarge, PartTooSlow, TooManyParts

PATIENCE: Final = edge.Patience(start=5.0, slowest=16 * 1024, idle=30.0, total=120.0)
"""Whoever drips holds no place that others need."""

PARTS_EACH: Final = 6
"""Parts of one account at once, read or waiting: the browser sends three, also in two windows."""
PARTS_ALL: Final = 8
"""Parts of everybody that are read and filed at once; `bench crowding` says what they take."""
PARTS_WAITING: Final = 64
"""Parts that wait in their connections, of which nothing but the first 64 KiB is read."""
WAITING: Final = 20.0
"""Seconds; then the browser is asked to come again."""


STREAMED: Final = "/dicomweb/studies/"
"""Below this images come one after another without an end, and none is held longer than it must."""


class PortalRequest(edge.Request):
    """A request whose body may be as long as a part, where parts are sent, and short elsewhere."""

    def __init__(self, method: str, scheme: str, path: str, *rest: Any, **more: Any) -> None:
        if method == "PUT" and path.startswith("/uploads/"):
            more["max_content_length"] = parts.BODY
        elif method == "POST" and f"{path}/".startswith(STREAMED):
            more["max_content_length"] = None
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


class PartTurnstile(edge.Turnstile[AccountId]):
    """
    Whose part is read now; `TooManyParts` for whoever finds no place.

    A part takes its 8 MiB twice while it is received and filed, so what all of them together take
    is bounded for the process.  Of eight places one account gets four and two get six, so that two
    with slow lines keep nobody out.
    """

    def __init__(
        self,
        *,
        each: int = PARTS_EACH,
        all_: int = PARTS_ALL,
        waiting: int = PARTS_WAITING,
        patience: float = WAITING,
    ) -> None:
        super().__init__(
            each=each, all_=all_, waiting=waiting, patience=patience, refusal=TooManyParts
        )


async def read_part(request: edge.Request, patience: edge.Patience = PATIENCE) -> bytearray:
    """The body.  Raises `PartTooLarge`, `PartTooSlow`, `PartDamaged` for a body cut short."""
    body = bytearray()
    request.be_patient(patience)
    try:
        async for chunk in request.body:
            body += chunk
            if len(body) > parts.BODY:
                raise PartTooLarge
    except edge.TooSlow:
        raise PartTooSlow(retry_after=1) from None
    if request.content_length is not None and len(body) != request.content_length:
        raise PartDamaged
    return body
