"""Tables of this room.  Marks are keyed, boxes are sealed, the rest are ids and times."""

from tortoise import fields
from tortoise.models import Model

MARK = 32
"""A blind mark in hexadecimal."""


class Document(Model):
    """One document in somebody's keeping."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.UUIDField()
    digest_mark = fields.CharField(MARK)
    """Of its content, so that nothing is kept or counted twice."""
    study_mark = fields.CharField(MARK, default="")
    """Of the examination it belongs to (`Study.uid_mark`); empty: it stands alone."""
    created_at = fields.DatetimeField()
    object = fields.UUIDField()
    """The sealed document."""
    facts = fields.BinaryField()
    """Box with what lists show."""
    preview = fields.BinaryField(null=True)
    """Box with a small picture of the first page."""
    binned_at = fields.DatetimeField(null=True, db_index=True)
    """When it went into the bin, null: it is not there."""

    words = fields.BinaryField(null=True)
    """Box with what is written in it, for its owner's search, null until it was read."""

    class Meta:
        table = "document"
        unique_together = (("owner", "digest_mark"),)
