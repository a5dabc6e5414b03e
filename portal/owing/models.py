"""The table of this room: ids and codes only."""

from tortoise import fields
from tortoise.models import Model


class Owed(Model):
    """Something that follows from a commit and has not been done yet."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=60)
    """Name of the event's class."""
    facts = fields.TextField()
    """Its fields as JSON: ids, and words of the portal's own."""
    owed_at = fields.DatetimeField(db_index=True)
    tries = fields.IntField(default=0)
    again_at = fields.DatetimeField(null=True)
    """Not before; empty: nobody has tried in vain."""

    class Meta:
        table = "owed"
