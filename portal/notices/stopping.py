"""
The link in our mails that ends them (RFC 2369, RFC 8058): it works without signing in.

Its token is derived from the account under the portal's own key, so every mail carries the same one
and it never runs out; the table keeps its digest alone.  It opens nothing but this one switch.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Final

from portal import keys, vault
from portal.core.actor import AccountId
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.notices import preferences, telling
from portal.notices.models import NoticeDue, NoticePreference

TOKEN_BYTES: Final = 16
PATH: Final = "/notices/stop/"
WEEK: Final = timedelta(days=7)


async def path_for(account: AccountId) -> str:
    """The path of the link in mails to *account*; joins the caller's transaction."""
    mac = vault.mac(keys.pepper_key("notice-stop"), vault.ctx("notice", "stop", account))
    token = base64.urlsafe_b64encode(mac[:TOKEN_BYTES]).decode().rstrip("=")
    mine = NoticePreference.filter(account=account)
    if not await mine.update(stop_mark=_mark(token)):
        await preferences.keep(account, preferences.DEFAULT)
        await mine.update(stop_mark=_mark(token))
    return f"{PATH}{token}"


async def owner_of(token: str) -> AccountId:
    """Whose mails a link ends.  Raises `Unknown`."""
    row = await NoticePreference.get_or_none(stop_mark=_mark(token))
    if row is None:
        raise Unknown
    return AccountId(row.account)


async def stop(token: str) -> None:
    """No more mails about news until their owner wants them again; twice is the same as once."""
    async with transaction():
        account = await owner_of(token)
        wishes = replace(await preferences.of(account), mails_stopped=True)
        await preferences.keep(account, wishes)
        await NoticeDue.filter(account=account, channel="mail").delete()


async def pause(token: str) -> None:
    """No mail and no push for a week."""
    async with transaction():
        account = await owner_of(token)
        wishes = replace(await preferences.of(account), paused_until=now() + WEEK)
        await preferences.keep(account, wishes)
        await telling.plan_again(account, wishes)


def _mark(token: str) -> str:
    return hashlib.sha256(vault.ctx("notice", "stop", token)).hexdigest()
