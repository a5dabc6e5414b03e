from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0011_who_confirmed_a_professional')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Administrator',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('mark', fields.BinaryField()),
            ],
            options={'table': 'administrator', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': "Somebody who looks after the portal's people, believed only with its mark."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Refusal',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('refused_by', fields.UUIDField()),
                ('refused_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('reason', fields.BinaryField()),
            ],
            options={'table': 'standing_refusal', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': 'That an administrator could not confirm a professional, and why.'},
            bases=['Model'],
        ),
    ]
