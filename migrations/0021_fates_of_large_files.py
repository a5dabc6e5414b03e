from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0020_answers_of_an_upload')]

    initial = False

    operations = [
        ops.CreateModel(
            name='UploadFate',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('upload', fields.UUIDField()),
                ('file', fields.IntField()),
                ('part', fields.IntField()),
                ('answer', fields.BinaryField()),
            ],
            options={'table': 'upload_fate', 'app': 'hds', 'unique_together': (('upload', 'file'),), 'pk_attr': 'id', 'table_description': 'What became of a large file, written together with it: from then on its pieces are gone.'},
            bases=['Model'],
        ),
    ]
