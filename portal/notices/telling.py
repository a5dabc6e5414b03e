"""Writing notices, inside the transaction of whatever they tell of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from uuid import UUID, uuid4

from tortoise.expressions import F

from portal import keys
from portal.core.actor import AccountId
from portal.core.db import announce, now, transaction
from portal.notices import preferences, timing
from portal.notices.events import Noticed, NoticesDue
from portal.notices.kinds import KINDS, Channel
from portal.notices.models import Notice, NoticeDevice, NoticeDue
from portal.notices.preferences import Preferences

CARRIED: Final[tuple[Channel, ...]] = ("mail", "push")
"""Channels that somebody must carry something to."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened, in ids, and who is to hear of it."""

    to: Collection[AccountId]
    kind: str
    about: UUID
    community: UUID | None = None
    post: UUID | None = None
    by: AccountId | None = None
    urgent: bool = False
    mailed: bool = False
    """Its own room writes the mail, or has written it."""


async def tell(*news: News) -> None:
    """
    Keep *news* for those they are for; joins the caller's transaction.

    News of one kind about one thing are one notice that counts, until its reader looks.  A few
    statements, however many people hear of it.
    """
    everybody = {account for each in news for account in each.to}
    if not everybody:
        return
    moment = now()
    async with transaction():
        wishes = await preferences.of_many(everybody)
        due: dict[tuple[AccountId, Channel], bool] = {}
        for each in news:
            hearing = {account: wishes[account].channels(each.kind) for account in each.to}
            hearing = {account: channels for account, channels in hearing.items() if channels}
            await _keep(each, hearing, moment)
            _add_due(due, each, hearing)
        await _plan(due, wishes, moment)
        announce(Noticed(frozenset(everybody)))


async def _keep(
    news: News, hearing: Mapping[AccountId, frozenset[Channel]], moment: datetime
) -> None:
    same = Notice.filter(account__in=list(hearing), kind=news.kind, about=news.about)
    again = {"at": moment, "by": news.by, "mailed": _mails_itself(news), "pushed": False}
    await same.filter(read_at=None).update(many=F("many") + 1, **again)
    await same.filter(read_at__isnull=False).update(many=1, post=news.post, read_at=None, **again)
    fresh = [
        Notice(
            id=uuid4(),
            account=account,
            kind=news.kind,
            about=news.about,
            community=news.community,
            post=news.post,
            by=news.by,
            shown="app" in channels,
            mailed=_mails_itself(news),
            at=moment,
        )
        for account, channels in hearing.items()
    ]
    # Those who had a row have kept it: of two, the database takes the first.
    await Notice.bulk_create(fresh, ignore_conflicts=True)


def _mails_itself(news: News) -> bool:
    return news.mailed or KINDS[news.kind].fixed


def _add_due(
    due: dict[tuple[AccountId, Channel], bool],
    news: News,
    hearing: Mapping[AccountId, frozenset[Channel]],
) -> None:
    """Note in *due* whom a channel has to be brought something, and whether that is urgent."""
    urgent = news.urgent or KINDS[news.kind].urgent
    carried = [each for each in CARRIED if each != "mail" or not _mails_itself(news)]
    for account, channels in hearing.items():
        for channel in carried:
            if channel in channels:
                due[account, channel] = urgent or due.get((account, channel), False)


async def _plan(
    due: Mapping[tuple[AccountId, Channel], bool],
    wishes: Mapping[AccountId, Preferences],
    moment: datetime,
) -> None:
    """
    Enter when each is to hear.  A row that is there keeps its time, unless this is more urgent.

    Always in one order, and always touching the row: two who tell the same people wait for each
    other, and a messenger who takes a row meanwhile either sees this news or leaves a new row.
    """
    pushed = {account for account, channel in due if channel == "push"}
    able = await _with_devices(pushed)
    rows = []
    for (account, channel), urgent in sorted(due.items(), key=lambda each: str(each[0])):
        if account not in able if channel == "push" else wishes[account].mails_stopped:
            continue
        at = _due_at(wishes[account], channel, moment, urgent=urgent)
        rows.append(
            NoticeDue(
                id=uuid4(), account=account, channel=channel, due_at=at, urgent=urgent,
                told_at=moment,
            )
        )  # fmt: skip
    if not rows:
        return
    await NoticeDue.bulk_create(rows, on_conflict=["account", "channel"], update_fields=["told_at"])
    await _hurry([row for row in rows if row.urgent])
    announce(NoticesDue())


async def _hurry(rows: Collection[NoticeDue]) -> None:
    """What waits for these is urgent by now; two statements for all who hear at one time."""
    together: dict[tuple[str, datetime], list[UUID]] = {}
    for row in rows:
        together.setdefault((row.channel, row.due_at), []).append(row.account)
    for (channel, due_at), accounts in together.items():
        waiting = NoticeDue.filter(account__in=accounts, channel=channel)
        await waiting.filter(due_at__gt=due_at).update(due_at=due_at)
        await waiting.update(urgent=True)


async def _with_devices(accounts: Collection[AccountId]) -> set[AccountId]:
    if not accounts or keys.push_identity() is None:
        return set()
    rows = NoticeDevice.filter(account__in=list(accounts)).distinct()
    return set(cast("list[AccountId]", await rows.values_list("account", flat=True)))


def _due_at(wishes: Preferences, channel: str, moment: datetime, *, urgent: bool) -> datetime:
    return timing.due(wishes.timing, moment, urgent=urgent, collected=channel == "mail")


async def plan_again(account: AccountId, wishes: Preferences) -> None:
    """What waits for *account* is told when its new *wishes* say."""
    moment = now()
    for row in await NoticeDue.filter(account=account):
        at = _due_at(wishes, row.channel, moment, urgent=row.urgent)
        await NoticeDue.filter(id=row.id).update(due_at=at)
    announce(NoticesDue())


async def withdraw(kind: str, about: UUID, accounts: Iterable[AccountId]) -> None:
    """There is nothing to tell any more (an invitation was answered); joins a transaction."""
    gone = list(accounts)
    async with transaction():
        if await Notice.filter(kind=kind, about=about, account__in=gone).delete():
            announce(Noticed(frozenset(gone)))


async def leave(account: AccountId, community: UUID) -> None:
    """Forget what *account* was told of a community it has left; joins a transaction."""
    async with transaction():
        await Notice.filter(account=account, community=community).delete()
        announce(Noticed(frozenset({account})))


async def forget_community(community: UUID) -> None:
    """Forget everything about a community that is gone; joins the caller's transaction."""
    await Notice.filter(community=community).delete()
