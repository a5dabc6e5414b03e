"""
Reactions: a few fixed light answers.

Which one it is would be an opinion in the clear, so the row holds a keyed mark of post, person and
kind: members recompute the few possible marks, and nobody else can tell them apart or forge one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from cases.models import Post, Reaction
from cases.opened import OpenCommunity
from cases.vocabulary import REACTIONS
from portal import vault
from portal.core.actor import Secret


@dataclass(frozen=True, slots=True)
class Tally:
    """One kind of reaction under a post."""

    kind: str
    sign: str
    label: str
    """A msgid."""
    count: int
    mine: bool


async def put(community: OpenCommunity, post: Post, kind: str, *, on: bool, at: datetime) -> bool:
    """Set or take back the actor's reaction, under the lock; whether that changed anything."""
    rows = await Reaction.filter(post_id=post.id, account=community.actor)
    mine = [row for row in rows if kind_of(community, row, post.id) == kind]
    if on == bool(mine):
        return False
    if mine:
        await Reaction.filter(id__in=[row.id for row in mine]).delete()
        return True
    await Reaction.create(
        id=uuid4(),
        post_id=post.id,
        account=community.actor,
        epoch=community.epoch,
        mark=_mark(community.blind_key_at(community.epoch), post.id, community.actor, kind),
        reacted_at=at,
    )
    return True


def kind_of(community: OpenCommunity, row: Reaction, post_id: UUID) -> str | None:
    """Which reaction a row is; None for one that no member made."""
    try:
        key = community.blind_key_at(row.epoch)
    except vault.Tampered:  # of a generation that never was
        vault.report("reaction does not open: row", row.id)
        return None
    return next((k for k in REACTIONS if _mark(key, post_id, row.account, k) == row.mark), None)


def tallied(community: OpenCommunity, post_id: UUID, rows: Sequence[Reaction]) -> tuple[Tally, ...]:
    """Every kind with its count, in the order of the list."""
    kinds = [(kind_of(community, row, post_id), row.account) for row in rows]
    return tuple(
        Tally(
            kind=kind,
            sign=sign,
            label=label,
            count=sum(each == kind for each, _ in kinds),
            mine=(kind, community.actor) in kinds,
        )
        for kind, (sign, label) in REACTIONS.items()
    )


def _mark(key: Secret, post_id: UUID, account: UUID, kind: str) -> bytes:
    return vault.blind_mark(key, "reaction", "kind", f"{post_id.hex}/{account.hex}/{kind}")
