"""
Every write of a community goes through here, one after another.

The first statement updates the community's row, which locks it; then membership is asked again, and
a root that is due is changed before anything is written under it (F5, F6).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import F

from cases import access, rotating
from cases.events import Changed
from cases.ids import CaseId, CommunityId
from cases.models import Change
from cases.opened import OpenCommunity
from cases.people import hearers_of
from portal.core.actor import AccountId, Actor
from portal.core.db import announce, now, transaction
from portal.core.errors import Unknown


@dataclass(slots=True)
class Writing:
    """One change being written: its number, its moment and the community under its present root."""

    community: OpenCommunity
    seq: int
    at: datetime
    _hearers: frozenset[AccountId] | None = field(default=None, init=False)

    async def hearers(self) -> frozenset[AccountId]:
        """
        Whoever hears of it, asked for once: a community may have a thousand members.

        Whoever changes who is a member does so before it asks.
        """
        if self._hearers is None:
            self._hearers = await hearers_of(self.community.id)
        return self._hearers

    async def changed(
        self,
        kind: str,
        *,
        case: UUID | None = None,
        thread: UUID | None = None,
        post: UUID | None = None,
    ) -> None:
        """Write the change's line and tell every member once it is committed."""
        if case is not None:
            await access.case_row(case).update(changed_at=self.at)
        about = {"case": case, "thread": thread, "post": post}
        await _keep_line(self.community.id, self.seq, kind, self.at, **about)
        _announce(await self.hearers(), self.community.id, self.seq, case)

    async def nothing(self) -> None:
        """There was nothing to write after all: give the number back, so that none is missing."""
        await access.community_row(self.community.id).update(next_seq=F("next_seq") - 1)


@asynccontextmanager
async def writing(actor: Actor, community: OpenCommunity) -> AsyncIterator[Writing]:
    """
    A transaction that holds the lock.

    Exactly one of `changed` and `nothing` is called in it, unless the community ends in it.
    """
    async with transaction():
        await lock(community.id)
        current = await access.reopened(actor, community)
        if current.rotation_due:
            current = await rotating.rotate(current)
        yield Writing(current, current.seq, now())


async def lock(community_id: CommunityId) -> None:
    """Take the next number; from here to the end of the transaction nobody else writes."""
    if not await access.community_row(community_id).update(next_seq=F("next_seq") + 1):
        raise Unknown


async def note(community_id: CommunityId, seq: int, kind: str, *, case: UUID | None = None) -> None:
    """The line of change *seq*, and a notice to every confirmed member after the commit."""
    await _keep_line(community_id, seq, kind, now(), case=case)
    _announce(await hearers_of(community_id), community_id, seq, case)


async def say_changed(community_id: CommunityId, case: UUID) -> None:
    """A case looks otherwise although nobody wrote; joins the caller's transaction."""
    await lock(community_id)
    current = await access.community_row(community_id).get()
    await note(community_id, current.next_seq, "case", case=case)


async def _keep_line(
    community_id: CommunityId, seq: int, kind: str, at: datetime, **about: UUID | None
) -> None:
    facts: dict[str, Any] = {"community_id": community_id, "seq": seq, "kind": kind, "at": at}
    facts |= about
    await Change.create(**facts)


def _announce(
    readers: frozenset[AccountId], community_id: CommunityId, seq: int, case: UUID | None
) -> None:
    announce(Changed(readers, community_id, CaseId(case) if case else None, seq))
