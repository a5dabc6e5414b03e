from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0025_bin_of_records')]

    initial = False

    operations = [
        ops.AddField(
            model_name='UploadPiece',
            name='digest_mark',
            field=fields.CharField(null=True, max_length=32),
        ),
    ]
