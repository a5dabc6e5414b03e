from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0001_initial')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='Parent',
            name='name',
            field=fields.CharField(max_length=200),
        ),
        ops.RemoveField(model_name='Parent', name='note'),
    ]
