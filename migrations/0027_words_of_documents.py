from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0026_what_a_waiting_piece_holds')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Document',
            name='words',
            field=fields.BinaryField(null=True),
        ),
    ]
