"""What its owner calls an examination: a box of their own beside what the images say."""

from uuid import UUID

from portal import documents, keys, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Unknown
from portal.studies.access import live, study_for


async def rename(actor: Actor, study_id: UUID, typed: str) -> None:
    """
    Call an examination of one's own otherwise; an empty name leaves what the images say.

    Whoever it was shared with sees nothing of that.  Raises `Unknown`.
    """
    row = await study_for(actor, study_id)
    key = await keys.open_study_key(actor, row.id)
    if key is None:
        raise Unknown
    label = documents.one_line(typed)[: documents.LONGEST_LABEL].strip()
    sealed = _sealed(row.id, key, label) if label else None
    await live().filter(id=row.id, owner=actor.id).update(label=sealed)


def _sealed(study: UUID, key: Secret, label: str) -> bytes:
    return vault.box(key, label.encode(), vault.contexts.blob(study, study, "label"))


def opened_label(study: UUID, box: bytes | None, key: Secret) -> str:
    """What its owner calls it; empty when they do not, or when somebody exchanged the *box*."""
    if box is None:
        return ""
    try:
        return vault.unbox(key, box, vault.contexts.blob(study, study, "label")).decode()
    except vault.Tampered:
        vault.report("name of a study does not open: row", study)
        return ""
