from tortoise import fields
from tortoise.models import Model


class Account(Model):
    """
    A person who can sign in, or who was invited to by the mail just sent.

    Nothing about the person is readable here: the profile is boxed under the person's root, the
    address under the pepper, what colleagues may see under the portal's directory key.
    """

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=12)
    state = fields.CharField(max_length=12)
    language = fields.CharField(max_length=2)
    theme = fields.CharField(max_length=6)
    mail = fields.BinaryField()
    mail_mark = fields.CharField(max_length=64, null=True, unique=True)
    """Set by activation: an address is theirs who read its mail, not theirs who typed it first."""
    waiting_mark = fields.CharField(max_length=64, null=True, db_index=True)
    """Of an unverified account: the mark of the address somebody typed.  Any number may have it."""
    profile = fields.BinaryField()
    profile_rev = fields.IntField()
    card = fields.BinaryField(null=True)
    card_rev = fields.IntField()
    licence = fields.BinaryField(null=True)
    """Of a professional, bound to `card_rev`, for whoever may confirm them."""
    findable = fields.BooleanField()
    devices_rev = fields.IntField(default=0, db_default=0)
    """Browsers are known of this generation only: it rises when somebody puts the account right."""
    created_at = fields.DatetimeField()

    class Meta:
        table = "account"
        indexes = (("state", "created_at"),)


class Activation(Model):
    """The mailed link of an account nobody signed in to yet, one per attempt to register."""

    account_id = fields.UUIDField(primary_key=True)
    link_digest = fields.CharField(max_length=64, unique=True)
    mail_mark = fields.CharField(max_length=64, db_index=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "activation"


class ResetLink(Model):
    """The mailed link of somebody who has lost password and code, one per time it was asked for."""

    link_digest = fields.CharField(max_length=64, primary_key=True)
    account_id = fields.UUIDField(null=True, db_index=True)
    """Empty for an address without an account: the row is written all the same."""
    expires_at = fields.DatetimeField(db_index=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reset_link"


class Leaving(Model):
    """An account that will be emptied or deleted, and when."""

    account_id = fields.UUIDField(primary_key=True)
    why = fields.CharField(max_length=8)
    """`reset`: both secrets are lost, any sign-in stops it.  `delete`: its owner said so."""
    stop_digest = fields.CharField(max_length=64, unique=True)
    """Of the link that stops it."""
    due_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "account_leaving"


class Readdressing(Model):
    """A change of address that waits for the new side, and for the old one's veto."""

    account_id = fields.UUIDField(primary_key=True)
    mail = fields.BinaryField()
    mail_mark = fields.CharField(max_length=64)
    new_digest = fields.CharField(max_length=64, unique=True)
    old_digest = fields.CharField(max_length=64, unique=True)
    confirmed_at = fields.DatetimeField(null=True)
    """When the new side said yes."""
    agreed_at = fields.DatetimeField(null=True)
    """When the old side said yes."""
    due_at = fields.DatetimeField(db_index=True)
    """From here on the old side's silence is a yes, and the new side's is a no."""

    class Meta:
        table = "account_readdressing"


class FormerAddress(Model):
    """Whose address this was lately, so that invitations under way arrive."""

    mail_mark = fields.CharField(max_length=64, primary_key=True)
    account_id = fields.UUIDField(db_index=True)
    until = fields.DatetimeField(db_index=True)
    mac = fields.BinaryField(null=True)
    """Mark under a key of the portal.  A row without it is older than marks, or forged: ignored."""

    class Meta:
        table = "former_address"


class Papers(Model):
    """When an account's Pass and recovery sheet were made, and when it was last asked for them."""

    account_id = fields.UUIDField(primary_key=True)
    pass_at = fields.DatetimeField()
    asked_at = fields.DatetimeField()
    recovery_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account_papers"


class Throttle(Model):
    """Tries against one thing (an address, a network) under a keyed mark: no address is here."""

    mark = fields.CharField(max_length=64, primary_key=True)
    tries = fields.IntField()
    free_at = fields.DatetimeField()
    """Before this moment no further try is taken."""
    last_at = fields.DatetimeField(db_index=True)
    lasting = fields.BooleanField(default=False, db_default=False)
    """Counts failures in a row: only a success ends it, not a day without a try."""

    class Meta:
        table = "throttle"


class Standing(Model):
    """That somebody confirmed an account to be a professional's, believed only with its mark."""

    account_id = fields.UUIDField(primary_key=True)
    confirmed_by = fields.UUIDField()
    """The account of a community's owner, or all zeros for the portal's operator."""
    confirmed_at = fields.DatetimeField()
    mark = fields.BinaryField()

    class Meta:
        table = "standing"
        indexes = (("confirmed_by",),)


class Refusal(Model):
    """That an administrator could not confirm a professional, and why."""

    account_id = fields.UUIDField(primary_key=True)
    refused_by = fields.UUIDField()
    refused_at = fields.DatetimeField()
    reason = fields.BinaryField()
    """Box under a key of the portal: the text for the account's owner."""

    class Meta:
        table = "standing_refusal"
        indexes = (("refused_by",),)


class Administrator(Model):
    """Somebody who looks after the portal's people, believed only with its mark."""

    account_id = fields.UUIDField(primary_key=True)
    since = fields.DatetimeField()
    mark = fields.BinaryField()

    class Meta:
        table = "administrator"
