from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0014_mark_on_former_addresses')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Account',
            name='devices_rev',
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
