from tortoise import fields
from tortoise.models import Model


class Waiting(Model):
    """A mail on its way: addressee and words are boxed, the row goes once it is delivered."""

    id = fields.UUIDField(primary_key=True)
    letter = fields.BinaryField()
    due_at = fields.DatetimeField(db_index=True)
    expires_at = fields.DatetimeField()
    tries = fields.IntField(default=0)
    lease_until = fields.DatetimeField(null=True)

    class Meta:
        table = "mail_waiting"


class Undelivered(Model):
    """That a mail will never arrive, kept for a day for whoever waits for it: no words, no name."""

    id = fields.UUIDField(primary_key=True)
    """The id that the mail had in the outbox."""
    why = fields.CharField(max_length=8)
    """`refused`: there is no such mailbox; `late`: no server took it in time."""
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "mail_undelivered"


class Delivered(Model):
    """A mail in the mailbox page of a demo or a test, boxed like the waiting ones."""

    id = fields.UUIDField(primary_key=True)
    mail = fields.BinaryField()
    delivered_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "mail_delivered"
