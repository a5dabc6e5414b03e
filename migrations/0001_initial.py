from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='StoredObject',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.UUIDField(db_index=True)),
                ('holding', fields.UUIDField(db_index=True)),
                ('size', fields.BigIntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('gone_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'stored_object', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'One sealed object of the store.  An object without a row, or with `gone_at`, is swept.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Usage',
            fields=[
                ('account', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('used', fields.BigIntField(default=0)),
                ('allowed', fields.BigIntField(null=True)),
            ],
            options={'table': 'storage_usage', 'app': 'hds', 'pk_attr': 'account', 'table_description': 'How much of its space an account uses.'},
            bases=['Model'],
        ),
    ]
