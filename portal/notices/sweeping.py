"""Forgetting: notices after ninety days, and everything about accounts that are gone."""

from datetime import datetime, timedelta
from typing import Final, cast

from tortoise.models import Model

from portal import accounts
from portal.core.actor import AccountId
from portal.notices import devices
from portal.notices.models import Notice, NoticeDevice, NoticeDue, NoticePreference

KEPT: Final = timedelta(days=90)
AT_ONCE: Final = 500
ABOUT_ACCOUNTS: Final[tuple[type[Model], ...]] = (
    Notice,
    NoticePreference,
    NoticeDue,
    NoticeDevice,
)


async def sweep(moment: datetime) -> None:
    """What is due for forgetting at *moment*; several processes may do so at once."""
    await Notice.filter(at__lt=moment - KEPT).delete()
    for model in ABOUT_ACCOUNTS:
        await _sweep_gone(model)


class Belongings(accounts.Belongings):
    """What this room does when an account is emptied or deleted."""

    async def forget(self, account: AccountId) -> None:
        """Drop what was kept for it; what others were told names it no more."""
        for model in ABOUT_ACCOUNTS:
            await model.filter(account=account).delete()
        await Notice.filter(by=account).update(by=None)

    async def end_browsers(self, account: AccountId, *, only: str = "", but: str = "") -> None:
        """No pushes to browsers that the account was signed out on."""
        await devices.end(account, only=only, but=but)

    async def take_browser(self, account: AccountId, browser: str) -> None:
        """No pushes for whoever used the browser before."""
        await devices.take(account, browser)


async def _sweep_gone(model: type[Model]) -> None:
    """Page through the accounts that have rows, and drop the rows of those without an account."""
    rows = model.all().order_by("account").distinct()
    page = await rows.limit(AT_ONCE).values_list("account", flat=True)
    while page:
        found = cast("list[AccountId]", page)
        gone = set(found) - await accounts.existing(found)
        if gone:
            await model.filter(account__in=list(gone)).delete()
        page = (
            await rows.filter(account__gt=found[-1])
            .limit(AT_ONCE)
            .values_list("account", flat=True)
        )
