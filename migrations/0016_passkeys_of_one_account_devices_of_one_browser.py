from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('hds', '0015_known_devices')]

    initial = False

    operations = [
        ops.AddField(
            model_name='NoticeDevice',
            name='browser',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AlterField(
            model_name='PasskeyWrap',
            name='mark',
            field=fields.CharField(max_length=64),
        ),
        ops.AddConstraint(
            model_name='PasskeyWrap',
            constraint=UniqueConstraint(fields=('principal', 'mark'), name=None),
        ),
    ]
