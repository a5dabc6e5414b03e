from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0003_second_factors_and_sessions')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Session',
            name='mark',
            field=fields.BinaryField(null=True),
        ),
    ]
