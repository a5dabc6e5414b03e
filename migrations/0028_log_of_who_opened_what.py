from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('hds', '0027_words_of_documents')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditHead',
            fields=[
                ('owner', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('seq', fields.IntField()),
                ('digest', fields.BinaryField()),
            ],
            options={'table': 'audit_head', 'app': 'hds', 'pk_attr': 'owner', 'table_description': "How far somebody's log goes: without it a line taken off its end would not be missed."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuditLine',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.UUIDField()),
                ('seq', fields.IntField()),
                ('key', fields.UUIDField(db_index=True)),
                ('mark', fields.CharField(max_length=32)),
                ('body', fields.BinaryField()),
                ('digest', fields.BinaryField()),
            ],
            options={'table': 'audit_line', 'app': 'hds', 'unique_together': (('owner', 'seq'),), 'indexes': [Index(fields=['owner', 'mark'])], 'pk_attr': 'id', 'table_description': "One line of somebody's log. Lines are only ever added, until the account ends."},
            bases=['Model'],
        ),
    ]
