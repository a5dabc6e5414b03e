"""Where a community's sealed index lies, and how far it reaches."""

from tortoise import fields
from tortoise.models import Model


class SearchIndex(Model):
    """One row a community: a new generation replaces the old one by compare-and-set."""

    community = fields.UUIDField(primary_key=True)
    epoch = fields.IntField()
    generation = fields.IntField()
    seq = fields.BigIntField()
    """The last change of the community that the index knows."""
    object = fields.UUIDField()

    class Meta:
        table = "search_index"
