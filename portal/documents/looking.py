"""What a look at a document leaves in its row: the boxes, by their columns."""

from uuid import UUID

from portal import vault
from portal.core.actor import Secret
from portal.documents import words
from portal.documents.facts import Facts
from viewer.pdf import Look, Unshown

Found = Look | Unshown | None
"""None: nobody has looked, or had to wait too long."""


def boxes(document: UUID, key: Secret, facts: Facts, found: Found) -> dict[str, bytes]:
    """*facts* as they are after the look, and what only a look can tell."""
    made = {"facts": facts.seen(found).sealed(document, key)}
    if isinstance(found, Look):
        made["words"] = words.sealed(document, key, found.words)
        if found.preview:
            context = vault.contexts.blob(document, document, "preview")
            made["preview"] = vault.box(key, found.preview, context)
    return made
