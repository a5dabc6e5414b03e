"""Whether a document is kept already: compared by keyed marks of its owner's."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.documents.access import live

BATCH: Final = 1000


async def content_mark(actor: Actor, fingerprint: bytes) -> str:
    """The mark of a document's content for one account; nobody else's content has the same."""
    return _mark(await keys.blind_key(actor), fingerprint)


def _mark(key: Secret, fingerprint: bytes) -> str:
    return vault.blind_mark(key, "document", "digest_mark", fingerprint).hex()


async def already_there(actor: Actor, fingerprints: Sequence[bytes]) -> list[int]:
    """Which of these contents the account holds already, by index."""
    return sorted(await ids_of(actor, fingerprints))


async def ids_of(actor: Actor, fingerprints: Sequence[bytes]) -> dict[int, UUID]:
    """The documents with these contents that the account holds, by index."""
    key = await keys.blind_key(actor)
    wanted = await asyncio.to_thread(lambda: [_mark(key, each) for each in fingerprints])
    there = dict[str, UUID]()
    for start in range(0, len(wanted), BATCH):
        some = live().filter(owner=actor.id, digest_mark__in=wanted[start : start + BATCH])
        there |= {row.digest_mark: row.id for row in await some.only("id", "digest_mark")}
    return {index: there[mark] for index, mark in enumerate(wanted) if mark in there}
