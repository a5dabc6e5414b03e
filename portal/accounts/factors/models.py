from tortoise import fields
from tortoise.models import Model


class Factors(Model):
    """
    What an account asks for besides the password, as one document under its root.

    The wraps of the root are bound to the revision: without this row, or with an older one, nobody
    signs in.
    """

    account_id = fields.UUIDField(primary_key=True)
    rev = fields.IntField()
    box = fields.BinaryField()

    class Meta:
        table = "factors"


class Challenge(Model):
    """A number an authenticator signs, good once, for the one browser that asked for it."""

    digest = fields.CharField(max_length=64, primary_key=True)
    bound = fields.CharField(max_length=64)
    """Hash of the session, the half session or the visit that asked, and for what."""
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "challenge"


class SeenBefore(Model):
    """Accounts that signed in at least once: the first device is no news to anybody."""

    account_id = fields.UUIDField(primary_key=True)

    class Meta:
        table = "seen_before"
