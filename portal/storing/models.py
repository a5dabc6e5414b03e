"""Tables of this room: which objects exist for whom, and how much of the quota they use."""

from tortoise import fields
from tortoise.models import Model


class StoredObject(Model):
    """One sealed object of the store.  An object without a row, or with `gone_at`, is swept."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.UUIDField(db_index=True)
    holding = fields.UUIDField(db_index=True)
    """The study, document or upload it belongs to."""
    size = fields.BigIntField()
    """Bytes that the quota counts: on disk, and for a document what lies in its row."""
    created_at = fields.DatetimeField()
    gone_at = fields.DatetimeField(null=True, db_index=True)

    class Meta:
        table = "stored_object"


class Usage(Model):
    """How much of its space an account uses."""

    account = fields.UUIDField(primary_key=True)
    used = fields.BigIntField(default=0)
    allowed = fields.BigIntField(null=True)
    """Bytes; empty: what every free account may use."""

    class Meta:
        table = "storage_usage"


class SweepTurn(Model):
    """The one row that says which part of the store is looked through next, and when."""

    name = fields.CharField(max_length=10, primary_key=True)
    part = fields.IntField()
    due_at = fields.DatetimeField()
    """Whoever looks puts it off; a process that dies meanwhile leaves it to the next one."""

    class Meta:
        table = "storage_sweep"
