"""
Tables of this room: who opened what, for the owner alone.  What a line says lies in its box; beside
it stand whose log it is, its number, and what chains it to the line before.
"""

from tortoise import fields
from tortoise.models import Model

MARK = 32
"""A blind mark in hexadecimal."""


class AuditLine(Model):
    """One line of somebody's log. Lines are only ever added, until the account ends."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.UUIDField()
    seq = fields.IntField()
    key = fields.UUIDField(db_index=True)
    """Under which key of the owner's the box is."""
    mark = fields.CharField(MARK)
    """Recognises a repeat of the same opening for half an hour, and nothing afterwards."""
    body = fields.BinaryField()
    digest = fields.BinaryField()
    """SHA-256 over the line before, and this one."""

    class Meta:
        table = "audit_line"
        unique_together = (("owner", "seq"),)
        indexes = (("owner", "mark"),)


class AuditHead(Model):
    """How far somebody's log goes: without it a line taken off its end would not be missed."""

    owner = fields.UUIDField(primary_key=True)
    seq = fields.IntField()
    digest = fields.BinaryField()

    class Meta:
        table = "audit_head"
