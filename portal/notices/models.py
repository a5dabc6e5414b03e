"""
Tables of the notices.  Ids and times only: what a notice is about is put into words for its
reader, when they look, through the doors of the rooms that keep it.
"""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Notice(Model):
    """Something one account is told. News about the same thing collapse into one row."""

    id = fields.UUIDField(primary_key=True)
    account = fields.UUIDField()
    kind = fields.CharField(max_length=20)
    about = fields.UUIDField()
    """The case, community, study or account it is about."""
    community = fields.UUIDField(null=True, db_index=True)
    post = fields.UUIDField(null=True)
    """The first post that was not yet seen."""
    by = fields.UUIDField(null=True)
    """Whoever did it last."""
    many = fields.IntField(default=1)
    """How often it happened since the reader last looked."""
    shown = fields.BooleanField()
    """In the list behind the bell. False where only a mail or a push was wished."""
    mailed = fields.BooleanField(default=False)
    pushed = fields.BooleanField(default=False)
    at = fields.DatetimeField(db_index=True)
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notice"
        unique_together = (("account", "kind", "about"),)
        indexes = (("account", "at"), ("account", "read_at"), ("by",))


class NoticePreference(Model):
    """
    What an account wishes to hear, where and when.

    Readable while nobody is signed in, because mails are sent then. It holds no health data.
    """

    account = fields.UUIDField(primary_key=True)
    choices: Any = fields.JSONField(default=dict)
    """Kind: channels, where they differ from what the portal suggests."""
    rhythm = fields.CharField(max_length=8)
    hour = fields.IntField()
    quiet_from = fields.IntField(null=True)
    """Minutes after midnight, as the clock on the wall shows them."""
    quiet_until = fields.IntField(null=True)
    zone = fields.CharField(max_length=64)
    urgent_breaks = fields.BooleanField()
    paused_until = fields.DatetimeField(null=True)
    mails_stopped = fields.BooleanField(default=False)
    stop_mark = fields.CharField(max_length=64, null=True, unique=True)
    """Digest of the token in the link of the mails. The token itself is nowhere."""

    class Meta:
        table = "notice_preference"


class NoticeDue(Model):
    """When an account is to hear by mail or push that something waits."""

    id = fields.UUIDField(primary_key=True)
    account = fields.UUIDField()
    channel = fields.CharField(max_length=4)
    due_at = fields.DatetimeField(db_index=True)
    urgent = fields.BooleanField()
    told_at = fields.DatetimeField()
    """Touched by every news, so that news and a messenger who takes the row wait for each other."""
    tries = fields.IntField(default=0)
    lease_until = fields.DatetimeField(null=True)

    class Meta:
        table = "notice_due"
        unique_together = (("account", "channel"),)


class NoticeDevice(Model):
    """A browser that wishes to be told by its push service, boxed for the portal alone."""

    id = fields.UUIDField(primary_key=True)
    account = fields.UUIDField(db_index=True)
    mark = fields.CharField(max_length=64, unique=True)
    """Keyed mark of its address at the push service: a browser belongs to one account."""
    browser = fields.CharField(max_length=64, null=True)
    """Keyed mark of the browser that asked for it: who signs out there is told there no more."""
    subscription = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "notice_device"
