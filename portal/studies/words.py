"""
What is written in the findings and reports inside a study: sealed in its row, and searched there.

As with documents (docs/decisions/0017) there is no index for the owner: the words lie under the
study's own key, so whoever may open the study may read them, and nobody else.
"""

import asyncio
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.documents import folded
from portal.studies.access import live
from portal.studies.models import Study

MOST: Final = 100_000
"""Characters kept of one study: about fifty pages."""
MOST_SHARED: Final = 20_000
"""Of these, how many a community's search knows: about ten pages."""
BATCH: Final = 200


def sealed(row: Study, key: Secret, manifest: Mapping[str, Any]) -> bytes | None:
    """
    The box for the study's row, for a thread; None when nobody read anything in it yet.

    It stays the one that is there while the words are the same.
    """
    said = [entry["view"]["words"] for entry in manifest.values()
            if "words" in entry.get("view", ())]  # fmt: skip
    if not said:
        return None
    text = "\n".join(filter(None, said))[:MOST]
    if row.words is not None and opened(row, key) == text:
        return row.words
    packed = zlib.compress(text.encode(errors="replace"))
    return vault.box(key, packed, vault.contexts.blob(row.id, row.id, "words"))


def opened(row: Study, key: Secret) -> str:
    """What `sealed` sealed; nothing where somebody changed the box, which is then said."""
    if row.words is None:
        return ""
    try:
        packed = vault.unbox(key, row.words, vault.contexts.blob(row.id, row.id, "words"))
    except vault.Tampered:
        vault.report("study does not open: words", row.id)
        return ""
    return zlib.decompress(packed).decode()


async def matching(actor: Actor, wanted: str) -> dict[UUID, frozenset[str]]:
    """Which words of *wanted* stand in what lies inside the actor's own studies, by study."""
    sought = frozenset(folded(wanted).split())
    found = dict[UUID, frozenset[str]]()
    last: UUID | None = UUID(int=0) if sought else None
    while last is not None:
        some = live().filter(owner=actor.id, words__isnull=False, id__gt=last).order_by("id")
        rows = await some.limit(BATCH).only("id", "words")
        there = await keys.open_study_keys(actor, [row.id for row in rows], set())
        found |= await asyncio.to_thread(_holding, rows, there, sought)
        last = rows[-1].id if rows else None
    return found


def _holding(
    rows: Sequence[Study], there: Mapping[UUID, Secret], sought: Collection[str]
) -> dict[UUID, frozenset[str]]:
    texts = {row.id: folded(opened(row, there[row.id])) for row in rows if row.id in there}
    said = {study: frozenset(word for word in sought if word in texts[study]) for study in texts}
    return {study: words for study, words in said.items() if words}


async def words_with(opened_: Mapping[UUID, Secret]) -> dict[UUID, str]:
    """
    What is written inside the studies whose keys another room holds for somebody: the beginning.

    Without deleted and binned ones, and those without any words.
    """
    wanted = live().filter(id__in=list(opened_), words__isnull=False)
    rows = await wanted.only("id", "words")
    return await asyncio.to_thread(
        lambda: {row.id: opened(row, opened_[row.id])[:MOST_SHARED] for row in rows}
    )
