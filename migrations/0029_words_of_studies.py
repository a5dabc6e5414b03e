from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0028_log_of_who_opened_what')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Study',
            name='words',
            field=fields.BinaryField(null=True),
        ),
    ]
