"""Tables of the release after it: a longer name, no note, for the migration tests."""

from tortoise import fields
from tortoise.models import Model


class Parent(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=200)
    year = fields.IntField(db_index=True)
    code = fields.CharField(max_length=8, unique=True)

    class Meta:
        table = "parent"
        unique_together = (("name", "year"),)
        indexes = (("code", "year"),)


class Child(Model):
    id = fields.IntField(primary_key=True)
    parent: fields.ForeignKeyRelation[Parent] = fields.ForeignKeyField("hds.Parent")
    text = fields.TextField()

    class Meta:
        table = "child"
