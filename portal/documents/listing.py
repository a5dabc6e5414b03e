"""The documents of an account: listed, given another name, deleted."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Unknown
from portal.core.language import gettext
from portal.documents.access import document_for, kept_document_for, live
from portal.documents.facts import Facts, explain, label_of, shown_day, shown_label
from portal.documents.models import Document
from portal.documents.opening import key_of
from portal.documents.seeing import done


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One document as a list shows it."""

    id: UUID
    study_mark: str
    """Of the examination it belongs to; empty: it stands alone."""
    facts: Facts = field(repr=False)
    added: datetime
    size: int
    """Bytes it takes in the account."""

    @property
    def damaged(self) -> bool:
        """It does not open: nothing of it is known, and it can only be deleted."""
        return self.facts.why == "unreadable"

    @property
    def title(self) -> str:
        """Its name."""
        return (
            gettext("Damaged document")
            if self.damaged
            else shown_label(self.facts.label, self.facts.photo)
        )

    @property
    def pages(self) -> int:
        """0 when nobody could look inside."""
        return self.facts.pages

    @property
    def day(self) -> str:
        """`YYYYMMDD`: when it was written, else when it was added."""
        return self.facts.created or self.added.strftime("%Y%m%d")

    @property
    def shown_date(self) -> str:
        """The same as the reader writes dates."""
        return shown_day(self.day)

    @property
    def trouble(self) -> str:
        """Why it is not shown, in the reader's language, or empty."""
        return explain(self.facts.why)

    @property
    def has_preview(self) -> bool:
        """Whether there is a picture of its first page."""
        return self.pages > 0


async def mine(actor: Actor, sizes: Mapping[UUID, int] | None = None) -> list[DocumentSummary]:
    """
    The actor's own documents, the latest first, those included that do not open any more; *sizes*
    in bytes when somebody knows them.
    """
    return await listed(actor, live().filter(owner=actor.id), sizes)


async def one_of_mine(actor: Actor, document_id: UUID) -> DocumentSummary:
    """A document of one's own as the list shows it, in the bin or not.  Raises `Unknown`."""
    found = await listed(actor, Document.filter(owner=actor.id, id=document_id))
    if not found:
        raise Unknown
    return found[0]


async def listed(
    actor: Actor, wanted: QuerySet[Document], sizes: Mapping[UUID, int] | None = None
) -> list[DocumentSummary]:
    """Those of the actor's documents as lists show them, the latest first."""
    rows = await wanted.only("id", "study_mark", "facts", "created_at")
    ids, damaged = [row.id for row in rows], set[UUID]()
    opened = await keys.open_study_keys(actor, ids, damaged)
    sizes = await storing.sizes_of(ids) if sizes is None else sizes
    return await asyncio.to_thread(_summaries, rows, opened, damaged, sizes)


def _summaries(
    rows: Sequence[Document],
    opened: Mapping[UUID, Secret],
    damaged: Collection[UUID],
    sizes: Mapping[UUID, int],
) -> list[DocumentSummary]:
    """One row that somebody edited is named, and must not take the others with it."""
    found = []
    for row in rows:
        if row.id in damaged:
            facts = Facts.unreadable()
        elif row.id not in opened:
            continue
        else:
            facts = _facts(row, opened[row.id])
        size = sizes.get(row.id, 0)
        found.append(DocumentSummary(row.id, row.study_mark, facts, row.created_at, size))
    return sorted(found, key=lambda each: (each.day, each.added, str(each.id)), reverse=True)


def _facts(row: Document, key: Secret) -> Facts:
    try:
        return Facts.opened(row.id, key, row.facts)
    except vault.Tampered:
        vault.report("document does not open: row", row.id)
        return Facts.unreadable()


async def rename(actor: Actor, document_id: UUID, typed: str) -> None:
    """Call a document of one's own otherwise; an empty name leaves the word "Document"."""
    row = await document_for(actor, document_id)
    key = await key_of(actor, row.id)
    facts = Facts.opened(row.id, key, row.facts).renamed(label_of(typed))
    await Document.filter(id=row.id, owner=actor.id).update(facts=facts.sealed(row.id, key))


async def delete(actor: Actor, document_id: UUID) -> None:
    """
    Delete a document of one's own, in the bin or not: its key goes now, so nobody reads it from
    here on; its object frees the account's space at once and is removed by the sweeper.
    """
    row = await kept_document_for(actor, document_id)
    async with transaction():
        await keys.hold(actor)
        await done(actor, row.id, "deleted")
        await Document.filter(id=row.id, owner=actor.id).delete()
        await keys.drop_study_keys(row.id)
        await storing.let_go_of(row.id)
