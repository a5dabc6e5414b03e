from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0012_administrators_and_refusals')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Account',
            name='licence',
            field=fields.BinaryField(null=True),
        ),
    ]
