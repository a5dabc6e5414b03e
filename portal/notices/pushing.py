"""
Sending one push (RFC 8030), encrypted for the browser (RFC 8291) and signed by us (RFC 8292).

The answer of a push service is one status line to us: no redirect is followed, no body is read, and
all of it takes ten seconds at most.
"""

import asyncio
import logging
import ssl
from email.utils import parseaddr
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from webpush import WebPush
from webpush.types import WebPushKeys, WebPushSubscription

from portal import keys
from portal.core import language
from portal.core.language import gettext as _
from portal.core.settings import Settings
from portal.notices.devices import Subscription

log = logging.getLogger(__name__)

SECONDS: Final = 10.0
LINE_BYTES: Final = 4096
HTTPS: Final = 443
DAY_SECONDS: Final = 24 * 60 * 60
GONE: Final = frozenset({404, 410})
TOO_OFTEN: Final = 429
DONE: Final = range(200, 300)
FAULTS: Final = range(500, 600)


class Outcome(Enum):
    """What became of a push."""

    DONE = "done"
    GONE = "gone"
    LATER = "later"
    REFUSED = "refused"


class Pusher:
    """Tells browsers through their push services that something waits."""

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None = None) -> None:
        self._subscriber = parseaddr(settings.mail_from)[1]
        self._tls = tls or ssl.create_default_context()

    async def push(self, to: Subscription, speaks: str) -> Outcome:
        """Tell one browser, in words that say nothing; never raises what the network does."""
        identity = keys.push_identity()
        if identity is None:
            return Outcome.REFUSED
        with language.speaking(speaks):
            words = {"title": "HealthDataSpace", "body": _("Something is waiting for you")}
        sender = WebPush(
            identity.private_pem, identity.public_pem, self._subscriber, ttl=DAY_SECONDS
        )
        try:
            sealed = sender.get(
                words,
                WebPushSubscription(
                    endpoint=to.endpoint,
                    keys=WebPushKeys(auth=to.auth, p256dh=to.p256dh),
                ),
            )
        except ValueError:  # kept before points were looked at
            log.warning("push not sealed: the browser's key is none")
            return Outcome.GONE
        try:
            status = await self._post(to.endpoint, dict(sealed.headers), sealed.encrypted)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            log.warning("push not sent: %s", type(error).__name__)
            return Outcome.LATER
        return _outcome(status)

    async def _post(self, url: str, headers: dict[str, object], body: bytes) -> int:
        """The status of the answer.  Raises `OSError` or `ValueError`."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or HTTPS
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Content-Length: {len(body)}",
            "Content-Type: application/octet-stream",
            "Connection: close",
            "Topic: waiting",  # a newer one takes the place of one that still waits
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=self._tls, limit=LINE_BYTES
            )
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
                await writer.drain()
                answer = await reader.readline()
            finally:
                writer.transport.abort()
        version, _space, rest = answer.decode("ascii").partition(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError("not HTTP")
        return int(rest[:3])


def _outcome(status: int) -> Outcome:
    if status in DONE:
        return Outcome.DONE
    if status in GONE:
        return Outcome.GONE
    if status in FAULTS or status == TOO_OFTEN:
        return Outcome.LATER
    log.warning("push refused: %d", status)
    return Outcome.REFUSED
