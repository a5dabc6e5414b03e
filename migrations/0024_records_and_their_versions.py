from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('hds', '0023_bin_and_own_labels')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Record',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.UUIDField()),
                ('client_id', fields.UUIDField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('summary', fields.BinaryField()),
            ],
            options={'table': 'record', 'app': 'hds', 'unique_together': (('owner', 'client_id'),), 'pk_attr': 'id', 'table_description': 'One document that its owner writes here: what it is, is in its box.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RecordVersion',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('record', fields.UUIDField()),
                ('item', fields.UUIDField()),
                ('rev', fields.IntField()),
                ('newest', fields.BooleanField()),
                ('client_id', fields.UUIDField()),
                ('body', fields.BinaryField()),
            ],
            options={'table': 'record_version', 'app': 'hds', 'unique_together': (('record', 'item', 'rev'), ('record', 'client_id')), 'indexes': [Index(fields=['record', 'newest'])], 'pk_attr': 'id', 'table_description': 'One version of an item of a record, kept as long as the record.'},
            bases=['Model'],
        ),
    ]
