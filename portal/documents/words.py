"""
What is written in documents: sealed with each of them, and searched for its owner alone.

There is no index (docs/decisions/0017): the words of a document lie in its own row under its own
key, so what is deleted, cleaned or moved under a new root takes its words along.
"""

import asyncio
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.documents.access import live
from portal.documents.facts import Facts, shown_label
from portal.documents.models import Document

MOST: Final = 48 * 1024
"""Bytes of the words of one document as they are kept: packed, about eighty pages."""
MOST_ASKED: Final = 20
"""Words that are looked for at once; further ones narrow nothing."""
BATCH: Final = 200


def folded(text: str) -> str:
    """Text as it is compared: without case, accents, and differences of spacing."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    if not plain.isascii():
        plain = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(plain.split())


def sealed(document: UUID, key: Secret, text: str) -> bytes:
    """The box for the document's row; what is too long loses its end."""
    kept = folded(text)
    packed = zlib.compress(kept.encode(errors="replace"))
    while len(packed) > MOST:
        kept = kept[: len(kept) * MOST // len(packed) * 9 // 10]
        packed = zlib.compress(kept.encode(errors="replace"))
    return vault.box(key, packed, vault.contexts.blob(document, document, "words"))


def _opened(document: UUID, key: Secret, box: bytes) -> str:
    """What `sealed` sealed.  Raises `vault.Tampered`."""
    packed = vault.unbox(key, box, vault.contexts.blob(document, document, "words"))
    return zlib.decompress(packed).decode()


async def matching(actor: Actor, wanted: str) -> set[UUID]:
    """
    The actor's own documents in whose name or text every word of *wanted* stands, whole or in part.

    Without any word, none.  One that does not open is not found; the list names it.
    """
    words = list(dict.fromkeys(folded(wanted).split()))[:MOST_ASKED]
    if not words:
        return set()
    found = set[UUID]()
    last = UUID(int=0)
    while True:
        some = live().filter(owner=actor.id, id__gt=last).order_by("id").limit(BATCH)
        rows = await some.only("id", "facts", "words")
        if not rows:
            return found
        last = rows[-1].id
        opened = await keys.open_study_keys(actor, [row.id for row in rows], set())
        found |= await asyncio.to_thread(_holding, rows, opened, words)


def _holding(
    rows: Sequence[Document], opened: Mapping[UUID, Secret], words: Iterable[str]
) -> set[UUID]:
    return {row.id for row in rows if row.id in opened and _holds(row, opened[row.id], words)}


def _holds(row: Document, key: Secret, words: Iterable[str]) -> bool:
    try:
        facts = Facts.opened(row.id, key, row.facts)
        text = _opened(row.id, key, row.words) if row.words else ""
    except vault.Tampered:
        vault.report("document does not open: words", row.id)
        return False
    said = f"{folded(shown_label(facts.label, facts.photo))} {text}"
    return all(word in said for word in words)
