"""What its owner's log says of a document: who opened it, and what became of it."""

from uuid import UUID

from portal import auditing, keys
from portal.auditing import Act, Thing
from portal.core.actor import Actor
from portal.documents.access import kept_document_for
from portal.documents.facts import Facts, shown_label
from portal.documents.models import Document
from portal.documents.opening import OpenDocument
from portal.vault import Tampered


async def seen(actor: Actor, document: OpenDocument, act: Act) -> None:
    """The owner, who is the actor, reads that it was opened; call before it is sent."""

    async def describe() -> Thing:
        return Thing(actor.id, "document", document.title)

    await auditing.opened(actor, act, document.id, describe)


async def done(actor: Actor, document_id: UUID, act: Act) -> None:
    """The owner reads what they did; joins the caller's transaction.  Raises `Unknown`."""
    row = await kept_document_for(actor, document_id)
    thing = Thing(actor.id, "document", await _title(actor, row))
    await auditing.happened(actor, act, document_id, thing)


async def _title(actor: Actor, row: Document) -> str:
    key = (await keys.open_study_keys(actor, [row.id])).get(row.id)
    try:
        facts = None if key is None else Facts.opened(row.id, key, row.facts)
    except Tampered:  # lists say so; the log says what became of it
        facts = None
    return "" if facts is None else shown_label(facts.label, facts.photo)
