from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0024_records_and_their_versions')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Record',
            name='binned_at',
            field=fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False),
        ),
    ]
