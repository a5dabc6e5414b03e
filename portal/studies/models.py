"""
Tables of this room.  Nothing here can be read without the owner's root or the study's key:
marks are keyed (`vault.blind_mark`), boxes are sealed, the rest are ids, counts and times.
"""

from tortoise import fields
from tortoise.models import Model

MARK = 32
"""A blind mark in hexadecimal."""


ASIDE = "aside-"
"""Begins the mark of a study that did not open and stands by itself: no blind mark looks so."""


class Study(Model):
    """One examination in somebody's keeping."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.UUIDField()
    uid_mark = fields.CharField(MARK)
    created_at = fields.DatetimeField()
    generation = fields.IntField(default=0)
    """Counts the manifests. Whoever swaps one names the generation it replaces."""
    manifest = fields.UUIDField(null=True)
    """Object that describes everything stored. Segments say what came since."""
    view = fields.UUIDField(null=True)
    """Object with the same for the browser, ready to send."""
    summary = fields.BinaryField(null=True)
    """Box with what lists show."""
    label = fields.BinaryField(null=True)
    """Box with what its owner calls it, null: nothing of their own."""
    binned_at = fields.DatetimeField(null=True, db_index=True)
    """When it went into the bin, null: it is not there."""

    words = fields.BinaryField(null=True)
    """
    Box with what is written in the findings and reports in it, null: nobody has read any, or there
    are none.
    """

    class Meta:
        table = "study"
        unique_together = (("owner", "uid_mark"),)


class Instance(Model):
    """That an instance is stored: unique, so that two at once are decided without a race."""

    id = fields.UUIDField(primary_key=True)
    study = fields.UUIDField()
    owner = fields.UUIDField()
    sop_mark = fields.CharField(MARK)
    digest_mark = fields.CharField(MARK)

    class Meta:
        table = "study_instance"
        unique_together = (("study", "sop_mark"),)
        indexes = (("owner", "digest_mark"),)


class Segment(Model):
    """A piece of manifest that came after the last generation."""

    id = fields.UUIDField(primary_key=True)
    study = fields.UUIDField(db_index=True)
    created_at = fields.DatetimeField()
    box = fields.BinaryField()

    class Meta:
        table = "study_segment"


class Upload(Model):
    """One upload under way."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.UUIDField()
    client_id = fields.UUIDField()
    expires_at = fields.DatetimeField(db_index=True)
    answers = fields.IntField(default=0)
    """
    The answers kept for its parts and large files, and the row lock: they are written one after
    the other.
    """
    notes = fields.BinaryField(null=True)
    """
    Box with what its documents are called, to which examinations they belong, and how much was to
    be sent.
    """

    class Meta:
        table = "upload"
        unique_together = (("owner", "client_id"),)


class UploadPart(Model):
    """The answer a part got, so that a repeated part gets the same one."""

    id = fields.UUIDField(primary_key=True)
    upload = fields.UUIDField()
    number = fields.IntField()
    digest_mark = fields.CharField(MARK)
    answer = fields.BinaryField()

    class Meta:
        table = "upload_part"
        unique_together = (("upload", "number"),)


class UploadFate(Model):
    """What became of a large file, written together with it: from then on its pieces are gone."""

    id = fields.UUIDField(primary_key=True)
    upload = fields.UUIDField()
    file = fields.IntField()
    part = fields.IntField()
    """The part that made the file whole and that alone tells of it."""
    answer = fields.BinaryField()

    class Meta:
        table = "upload_fate"
        unique_together = (("upload", "file"),)


class UploadPiece(Model):
    """A piece of a file that is larger than a part: the sealed object waits for the others."""

    id = fields.UUIDField(primary_key=True)
    """Also the id of the object."""
    upload = fields.UUIDField()
    file = fields.IntField()
    piece = fields.IntField()
    total = fields.BigIntField()
    size = fields.IntField()
    digest_mark = fields.CharField(MARK, null=True)
    """
    What it holds, so that another upload of the same file finds it: sent once is enough. Pieces of
    older versions do not say.
    """

    class Meta:
        table = "upload_piece"
        unique_together = (("upload", "file", "piece"),)
