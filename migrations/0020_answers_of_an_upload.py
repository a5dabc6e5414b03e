from tortoise import migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [('hds', '0019_indexes_for_what_is_asked_on_every_page')]

    initial = False

    operations = [
        ops.RenameField(model_name='Upload', old_name='touched', new_name='answers'),
    ]
