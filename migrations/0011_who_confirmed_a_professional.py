from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0010_notices')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Standing',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('confirmed_by', fields.UUIDField()),
                ('confirmed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('mark', fields.BinaryField()),
            ],
            options={'table': 'standing', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': "That somebody confirmed an account to be a professional's, believed only with its mark."},
            bases=['Model'],
        ),
    ]
