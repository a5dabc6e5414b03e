"""
Tables that carry keys.  A row opens nothing by itself: every box needs a person or a key file.

Other rooms' things, and principals here, are named by plain ids; the verbs delete what belongs
together.
"""

from tortoise import fields
from tortoise.models import Model

KIND = 9
"""Characters of the longest kind, `community`."""


class Principal(Model):
    """Somebody who owns a key pair: an account, an inbox, a community."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=KIND)
    epoch = fields.IntField()
    """Generation of the root."""
    guard = fields.IntField(default=0, db_default=0)
    """For an account: the revision of its second factors, which must be there to be found."""
    mark = fields.BinaryField(null=True)
    """The portal's own mark over whose revision that is; without it an account opens nothing."""

    class Meta:
        table = "principal"


class PrincipalKey(Model):
    """The public key of one generation, vouched for by the directory's signature."""

    id = fields.UUIDField(primary_key=True)
    principal = fields.UUIDField()
    epoch = fields.IntField()
    public = fields.BinaryField(source_field="pk")
    dir_sig = fields.BinaryField()
    chain_box = fields.BinaryField(null=True)
    """The root of the generation before, boxed under this one."""

    class Meta:
        table = "principal_key"
        unique_together = (("principal", "epoch"),)


class HumanWrap(Model):
    """A root under something a person types.  It is the only verifier there is."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=KIND)
    principal = fields.UUIDField()
    epoch = fields.IntField()
    how = fields.CharField(max_length=8)
    salt = fields.BinaryField()
    cost = fields.CharField(max_length=20)
    pepper_id = fields.IntField(null=True)
    """Which pepper the outer box is under; none around a Pass code, which has 120 bits."""
    guard = fields.IntField(default=0, db_default=0)
    """Revision of the account's second factors when the outer box was made, bound into it."""
    box = fields.BinaryField()

    class Meta:
        table = "human_wrap"
        unique_together = (("principal", "how"),)


class PasskeyWrap(Model):
    """A root under what a passkey computes (PRF), in an outer box under the pepper."""

    id = fields.UUIDField(primary_key=True)
    principal = fields.UUIDField(db_index=True)
    epoch = fields.IntField()
    mark = fields.CharField(max_length=64)
    """
    Stands for the credential: a keyed hash, so a stolen table recognises no passkey.

    Unique per account: who claims another's credential neither meets it nor stands in its way.
    """
    pepper_id = fields.IntField()
    guard = fields.IntField()
    box = fields.BinaryField()

    class Meta:
        table = "passkey_wrap"
        unique_together = (("principal", "mark"),)


class Seal(Model):
    """A key handed to somebody absent."""

    id = fields.UUIDField(primary_key=True)
    target_kind = fields.CharField(max_length=KIND)
    target = fields.UUIDField()
    target_epoch = fields.IntField()
    holder_kind = fields.CharField(max_length=KIND)
    holder = fields.UUIDField(db_index=True)
    holder_epoch = fields.IntField()
    box = fields.BinaryField()

    class Meta:
        table = "seal"
        unique_together = (("target", "target_kind", "target_epoch", "holder", "holder_epoch"),)


class LocalKey(Model):
    """A study key in its owner's own keeping."""

    id = fields.UUIDField(primary_key=True)
    study = fields.UUIDField()
    owner = fields.UUIDField(db_index=True)
    owner_epoch = fields.IntField()
    box = fields.BinaryField()

    class Meta:
        table = "local_key"
        unique_together = (("study", "owner"),)


class Session(Model):
    """A root under the key in somebody's cookie.  Left out of every dump and backup."""

    sid_hash = fields.CharField(max_length=64, primary_key=True)
    principal = fields.UUIDField(db_index=True)
    epoch = fields.IntField()
    account_kind = fields.CharField(max_length=12)
    language = fields.CharField(max_length=2)
    abs_exp = fields.DatetimeField(db_index=True)
    idle_exp = fields.DatetimeField(db_index=True)
    box = fields.BinaryField()
    """Bound to everything above: a row that somebody edited opens no more."""
    mark = fields.BinaryField(null=True)
    """The portal's own mark over the same, for whoever asks without the cookie: an open socket."""
    note = fields.BinaryField(null=True)
    """What only the owner may know of it (device, network, last proof), under the owner's root."""
    note_rev = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "session"


class Token(Model):
    """
    A root under the key in a program's token.  Left out of every dump and backup.

    It says of its owner and its use no more than what decides whether it counts.
    """

    token_hash = fields.CharField(max_length=64, primary_key=True)
    principal = fields.UUIDField(db_index=True)
    epoch = fields.IntField()
    account_kind = fields.CharField(max_length=12)
    language = fields.CharField(max_length=2)
    scopes = fields.CharField(max_length=40)
    exp = fields.DatetimeField(db_index=True)
    box = fields.BinaryField()
    """Bound to everything above: a row that somebody edited opens no more."""
    note = fields.BinaryField()
    """What its owner calls it, since when it is there and when it was used, under their root."""
    note_rev = fields.IntField(default=1, db_default=1)

    class Meta:
        table = "token"


class HalfSession(Model):
    """
    Somebody of whom one proof is there and another is lacking.  Left out of every dump and backup.

    Bound into its box like a session; for the portal's pages it is no session at all.
    """

    sid_hash = fields.CharField(max_length=64, primary_key=True)
    principal = fields.UUIDField(db_index=True)
    epoch = fields.IntField()
    account_kind = fields.CharField(max_length=12)
    language = fields.CharField(max_length=2)
    stage = fields.CharField(max_length=8)
    exp = fields.DatetimeField(db_index=True)
    box = fields.BinaryField()

    class Meta:
        table = "half_session"
