from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0017_what_is_owed_after_a_commit')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Principal',
            name='guard',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Principal',
            name='mark',
            field=fields.BinaryField(null=True),
        ),
    ]
