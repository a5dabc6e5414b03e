"""
Browsers that wish to be told by their push service (RFC 8030).

A subscription names an address that we shall send to, so it comes from a browser like any other
input: https alone, and one of the push services that browsers really have.
"""

import base64
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from tortoise.expressions import Q

from portal import keys, vault
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.core.errors import Invalid, reading
from portal.notices.models import NoticeDevice

log = logging.getLogger(__name__)

KNOWN_HOSTS: Final = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "*.push.apple.com",
)
HOST: Final = re.compile(r"[a-z0-9.-]+")
"""A name that every resolver reads in one way: no percent signs, no brackets."""
HTTPS: Final = 443
MOST: Final = 10
"""Devices of one account; a further one takes the place of the oldest."""
LONGEST: Final = 1000
AUTH_BYTES: Final = 16
FIRST, LAST = "!", "~"
"""The printable characters of ASCII without the blank."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where to send, and the browser's half of the encryption (RFC 8291)."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any], hosts: tuple[str, ...]) -> Self:
        """What a browser's `PushSubscription.toJSON()` says.  Raises `Invalid`."""
        with reading():
            given = data["keys"]
            found = cls(str(data["endpoint"]), str(given["p256dh"]), str(given["auth"]))
            point, auth = _decoded(found.p256dh), _decoded(found.auth)
            parts = urlsplit(found.endpoint)
            plain = all(FIRST <= each <= LAST for each in found.endpoint)
            fits = plain and len(found.endpoint) <= LONGEST
            ours = parts.scheme == "https" and _trusted(parts.hostname or "", parts.port, hosts)
            if not (fits and ours) or parts.username is not None or parts.fragment:
                raise Invalid
            if not vault.is_push_point(point) or len(auth) != AUTH_BYTES:
                raise Invalid
        return found


async def add(actor: Actor, subscription: Subscription, browser: str = "") -> None:
    """
    Tell the actor on this device, too; a device that was somebody else's is theirs no more.

    *browser*: its number, by which signing out there ends it.
    """
    mark, row = _mark(subscription.endpoint), uuid4()
    packed = json.dumps(asdict(subscription)).encode()
    async with transaction():
        await NoticeDevice.filter(mark=mark).delete()
        await NoticeDevice.create(
            id=row,
            account=actor.id,
            mark=mark,
            browser=_browser_mark(browser) if browser else None,
            subscription=vault.box(keys.pepper_key("push"), packed, _context(row)),
            created_at=now(),
        )
        mine = NoticeDevice.filter(account=actor.id).order_by("-created_at")
        extra = await mine.offset(MOST).limit(MOST).values_list("id", flat=True)
        await NoticeDevice.filter(id__in=list(extra)).delete()


async def remove(actor: Actor, endpoint: str) -> None:
    """No longer on this device."""
    await NoticeDevice.filter(account=actor.id, mark=_mark(endpoint)).delete()


async def knows(actor: Actor, endpoint: str) -> bool:
    """Whether the actor is told on the device with this address at its push service."""
    return await NoticeDevice.exists(account=actor.id, mark=_mark(endpoint))


async def end(account: AccountId, *, only: str = "", but: str = "") -> None:
    """
    No longer on the browser with the number *only*, or on any *but* one; joins a transaction.

    A row without a browser's mark, from before there were marks, may be that browser and ends, too.
    """
    mine = NoticeDevice.filter(account=account)
    if only:
        await mine.filter(Q(browser=None) | Q(browser=_browser_mark(only))).delete()
    elif but:
        await mine.filter(Q(browser=None) | ~Q(browser=_browser_mark(but))).delete()
    else:
        await mine.delete()


async def take(account: AccountId, browser: str) -> None:
    """Nobody but *account* is told on this browser; joins the caller's transaction."""
    if browser:
        there = NoticeDevice.filter(browser=_browser_mark(browser))
        await there.exclude(account=account).delete()


async def remove_all(actor: Actor) -> None:
    """On no device any more."""
    await NoticeDevice.filter(account=actor.id).delete()


async def count(actor: Actor) -> int:
    """On how many devices the actor is told."""
    return await NoticeDevice.filter(account=actor.id).count()


async def devices_of(account: AccountId) -> dict[UUID, Subscription]:
    """Where an account is to be told; rows that somebody edited are reported and dropped."""
    found = dict[UUID, Subscription]()
    for row in await NoticeDevice.filter(account=account):
        try:
            found[row.id] = _open(row)
        except vault.Tampered:
            log.error("device of notices does not open: %s", row.id)  # noqa: TRY400
            await forget(row.id)
    return found


async def forget(device: UUID) -> None:
    """The push service says that this browser is gone, or nothing can be sent to it."""
    await NoticeDevice.filter(id=device).delete()


def _open(row: NoticeDevice) -> Subscription:
    packed = vault.unbox(keys.pepper_key("push"), row.subscription, _context(row.id))
    return Subscription(**json.loads(packed))


def _trusted(host: str, port: int | None, hosts: tuple[str, ...]) -> bool:
    """Whether we send there; to another port than that of https only where the operator says so."""
    if not HOST.fullmatch(host) or port == 0:
        return False
    known = KNOWN_HOSTS if port in {None, HTTPS} else ()
    return any(
        host.endswith(each[1:]) if each.startswith("*.") else host == each
        for each in (*known, *hosts)
    )


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _mark(endpoint: str) -> str:
    return vault.mac(keys.pepper_key("push-index"), vault.ctx("push", endpoint)).hex()


def _browser_mark(number: str) -> str:
    return vault.mac(keys.pepper_key("push-index"), vault.ctx("browser", number)).hex()


def _context(row: UUID) -> bytes:
    return vault.contexts.text("portal", row, 0, "notice_device", "subscription", row, 0)
