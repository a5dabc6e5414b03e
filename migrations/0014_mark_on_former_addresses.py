from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0013_licence_numbers')]

    initial = False

    operations = [
        ops.AddField(
            model_name='FormerAddress',
            name='mac',
            field=fields.BinaryField(null=True),
        ),
    ]
