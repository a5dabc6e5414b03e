from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0022_tokens_of_programs')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Document',
            name='binned_at',
            field=fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Study',
            name='binned_at',
            field=fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Study',
            name='label',
            field=fields.BinaryField(null=True),
        ),
    ]
