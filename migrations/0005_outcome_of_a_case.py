from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0004_a_mark_on_every_session')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Outcome',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('case', fields.OneToOneField('hds.Case', source_field='case_id', db_constraint=True, to_field='id', related_name='outcome', on_delete=OnDelete.CASCADE)),
                ('by', fields.UUIDField()),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('epoch', fields.IntField()),
                ('rev', fields.IntField(default=1)),
                ('document', fields.BinaryField()),
            ],
            options={'table': 'case_outcome', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'What a closed case turned out to be, as its author learnt later.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Closure',
            name='ask_on',
            field=fields.DateField(null=True),
        ),
    ]
