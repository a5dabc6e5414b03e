"""Tables of this room.  Boxes are sealed; which kind of record a row is lies in its box, too."""

from tortoise import fields
from tortoise.models import Model


class Record(Model):
    """One document that its owner writes here: what it is, is in its box."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.UUIDField()
    client_id = fields.UUIDField()
    """Chosen by the form it began with, so that a repeat begins nothing."""
    created_at = fields.DatetimeField()
    summary = fields.BinaryField()
    """Box with what lists show."""
    binned_at = fields.DatetimeField(null=True, db_index=True)
    """When it went into the bin, null: it is not there."""

    class Meta:
        table = "record"
        unique_together = (("owner", "client_id"),)


class RecordVersion(Model):
    """One version of an item of a record, kept as long as the record."""

    id = fields.UUIDField(primary_key=True)
    record = fields.UUIDField()
    item = fields.UUIDField()
    """What in the record this is a version of: a plan is one item, and has the record's own id."""
    rev = fields.IntField()
    newest = fields.BooleanField()
    client_id = fields.UUIDField()
    """Chosen by the form it came with, so that a repeat writes nothing."""
    body = fields.BinaryField()

    class Meta:
        table = "record_version"
        unique_together = (("record", "item", "rev"), ("record", "client_id"))
        indexes = (("record", "newest"),)
