"""
Tables of the discussion.  Whatever a person typed is boxed under the community's root.

`epoch` beside a box names the root that opens it; ids exist before encryption, because they are
bound into it.
"""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model


class Community(Model):
    id = fields.UUIDField(primary_key=True)
    epoch = fields.IntField()
    rotation_due = fields.BooleanField(default=False)
    """A member left without a successor key: the next write of a member changes the root first."""
    next_seq = fields.BigIntField(default=0)
    """Number of the last change; updating it is the lock that orders everything in here."""
    about_epoch = fields.IntField()
    about_rev = fields.IntField(default=1)
    about = fields.BinaryField()
    """Box: JSON of name, department, location."""
    created_at = fields.DatetimeField()

    class Meta:
        table = "community"


class Member(Model):
    id = fields.UUIDField(primary_key=True)
    community: fields.ForeignKeyRelation["Community"] = fields.ForeignKeyField(
        "hds.Community", related_name="members"
    )
    community_id: UUID
    account = fields.UUIDField()
    role = fields.CharField(max_length=10)
    mac = fields.BinaryField()
    """Under the community's current root: a row that somebody wrote into the table has none."""
    joined_at = fields.DatetimeField()
    joined_seq = fields.BigIntField()
    """What was posted up to here counts as read."""

    class Meta:
        table = "member"
        unique_together = (("community", "account"),)
        indexes = (("account",),)


class Invitation(Model):
    id = fields.UUIDField(primary_key=True)
    community: fields.ForeignKeyRelation["Community"] = fields.ForeignKeyField(
        "hds.Community", related_name="invitations"
    )
    community_id: UUID
    account = fields.UUIDField(null=True)
    mail_mark = fields.CharField(max_length=64, null=True)
    """`mailing.Address.mark`, when somebody was invited by address."""
    mail = fields.BinaryField(null=True)
    """Box of that address under the community's root."""
    epoch = fields.IntField()
    sealed = fields.BinaryField(null=True)
    """The current root, sealed to the invited account."""
    mac = fields.BinaryField(null=True)
    state = fields.CharField(max_length=10)
    invited_by = fields.UUIDField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "invitation"
        indexes = (
            ("account", "state"),
            ("mail_mark", "state"),
            ("community_id", "state"),
            ("invited_by",),
        )


class Case(Model):
    id = fields.UUIDField(primary_key=True)
    community: fields.ForeignKeyRelation["Community"] = fields.ForeignKeyField(
        "hds.Community", related_name="cases"
    )
    community_id: UUID
    author = fields.UUIDField()
    client_id = fields.UUIDField()
    status = fields.CharField(max_length=10)
    epoch = fields.IntField()
    rev = fields.IntField(default=1)
    document = fields.BinaryField()
    """Box: JSON of title, question, modality, region, age band."""
    opened_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "discussion_case"
        unique_together = (("author", "client_id"),)
        indexes = (("community_id", "changed_at"),)


class CaseStudy(Model):
    id = fields.UUIDField(primary_key=True)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "hds.Case", related_name="studies"
    )
    case_id: UUID
    study = fields.UUIDField()
    added_by = fields.UUIDField()
    position = fields.IntField()

    class Meta:
        table = "case_study"
        unique_together = (("case", "study"),)
        indexes = (("study",), ("added_by",))


class Closure(Model):
    """Who closed a case, and when.  Reopening deletes it."""

    id = fields.UUIDField(primary_key=True)
    case: fields.OneToOneRelation["Case"] = fields.OneToOneField("hds.Case", related_name="closure")
    by = fields.UUIDField()
    at = fields.DatetimeField()
    ask_on = fields.DateField(null=True)
    """The day from which the author is asked for the outcome."""

    class Meta:
        table = "case_closure"
        indexes = (("by",),)


class Outcome(Model):
    """What a closed case turned out to be, as its author learnt later."""

    id = fields.UUIDField(primary_key=True)
    case: fields.OneToOneRelation["Case"] = fields.OneToOneField("hds.Case", related_name="outcome")
    by = fields.UUIDField()
    at = fields.DatetimeField()
    epoch = fields.IntField()
    rev = fields.IntField(default=1)
    document = fields.BinaryField()
    """Box: JSON of text."""

    class Meta:
        table = "case_outcome"
        indexes = (("by",),)


class Thread(Model):
    id = fields.UUIDField(primary_key=True)
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "hds.Case", related_name="threads"
    )
    case_id: UUID
    author = fields.UUIDField()
    client_id = fields.UUIDField()
    epoch = fields.IntField()
    rev = fields.IntField(default=1)
    title = fields.BinaryField()
    started_at = fields.DatetimeField()

    class Meta:
        table = "thread"
        unique_together = (("author", "client_id"),)
        indexes = (("case_id",),)


class Post(Model):
    id = fields.UUIDField(primary_key=True)
    community: fields.ForeignKeyRelation["Community"] = fields.ForeignKeyField(
        "hds.Community", related_name="posts"
    )
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "hds.Case", related_name="posts"
    )
    case_id: UUID
    thread: fields.ForeignKeyRelation["Thread"] = fields.ForeignKeyField(
        "hds.Thread", related_name="posts"
    )
    thread_id: UUID
    seq = fields.BigIntField()
    author = fields.UUIDField()
    client_id = fields.UUIDField()
    reply_to = fields.UUIDField(null=True)
    epoch = fields.IntField()
    rev = fields.IntField(default=1)
    body = fields.BinaryField(null=True)
    """Box: JSON of text, mentions, pin.  Gone once the post is deleted."""
    posted_at = fields.DatetimeField()
    edited_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)
    deleted_by = fields.UUIDField(null=True)

    class Meta:
        table = "post"
        unique_together = (("author", "client_id"), ("community", "seq"))
        indexes = (("case_id", "seq"), ("thread_id", "seq"), ("deleted_by",))


class PostRevision(Model):
    """What a post said before it was edited."""

    id = fields.UUIDField(primary_key=True)
    post: fields.ForeignKeyRelation["Post"] = fields.ForeignKeyField(
        "hds.Post", related_name="revisions"
    )
    rev = fields.IntField()
    epoch = fields.IntField()
    body = fields.BinaryField()
    written_at = fields.DatetimeField()

    class Meta:
        table = "post_revision"
        unique_together = (("post", "rev"),)


class PinImage(Model):
    """The small picture of a pin, as its author saw it: a boxed JPEG."""

    id = fields.UUIDField(primary_key=True)
    post: fields.OneToOneRelation["Post"] = fields.OneToOneField(
        "hds.Post", related_name="pin_image"
    )
    post_id: UUID
    epoch = fields.IntField()
    image = fields.BinaryField()

    class Meta:
        table = "pin_image"


class Reaction(Model):
    id = fields.UUIDField(primary_key=True)
    post: fields.ForeignKeyRelation["Post"] = fields.ForeignKeyField(
        "hds.Post", related_name="reactions"
    )
    post_id: UUID
    account = fields.UUIDField()
    epoch = fields.IntField()
    mark = fields.BinaryField()
    """Keyed mark of post, account and kind: tells members which reaction it is, and nobody else."""
    reacted_at = fields.DatetimeField()

    class Meta:
        table = "reaction"
        indexes = (("post_id", "account"), ("account",))


class Mention(Model):
    """A post calls a member by name."""

    id = fields.UUIDField(primary_key=True)
    post: fields.ForeignKeyRelation["Post"] = fields.ForeignKeyField(
        "hds.Post", related_name="mention_rows"
    )
    account = fields.UUIDField()

    class Meta:
        table = "mention"
        unique_together = (("post", "account"),)
        indexes = (("account",),)


class ReadMark(Model):
    id = fields.UUIDField(primary_key=True)
    account = fields.UUIDField()
    case: fields.ForeignKeyRelation["Case"] = fields.ForeignKeyField(
        "hds.Case", related_name="read_marks"
    )
    thread: fields.ForeignKeyRelation["Thread"] = fields.ForeignKeyField(
        "hds.Thread", related_name="read_marks"
    )
    seq = fields.BigIntField()

    class Meta:
        table = "read_mark"
        unique_together = (("account", "thread"),)
        indexes = (("account", "case_id"),)


class Change(Model):
    """One line per change, numbered without gaps: what a client that was away asks for."""

    id = fields.BigIntField(primary_key=True, generated=True)
    community: fields.ForeignKeyRelation["Community"] = fields.ForeignKeyField(
        "hds.Community", related_name="changes"
    )
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=12)
    case = fields.UUIDField(null=True)
    thread = fields.UUIDField(null=True)
    post = fields.UUIDField(null=True)
    at = fields.DatetimeField()

    class Meta:
        table = "change"
        unique_together = (("community", "seq"),)
        indexes = (("case", "seq"),)
