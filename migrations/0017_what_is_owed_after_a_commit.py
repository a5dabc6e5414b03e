from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0016_passkeys_of_one_account_devices_of_one_browser')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Owed',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=60)),
                ('facts', fields.TextField(unique=False)),
                ('owed_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('tries', fields.IntField(default=0)),
                ('again_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'owed', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'Something that follows from a commit and has not been done yet.'},
            bases=['Model'],
        ),
    ]
