from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Parent',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=20)),
                ('year', fields.IntField(db_index=True)),
                ('code', fields.CharField(unique=True, max_length=8)),
                ('note', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'parent', 'app': 'hds', 'unique_together': (('name', 'year'),), 'indexes': [Index(fields=['code', 'year'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Child',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('parent', fields.ForeignKeyField('hds.Parent', source_field='parent_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('text', fields.TextField(unique=False)),
            ],
            options={'table': 'child', 'app': 'hds', 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
