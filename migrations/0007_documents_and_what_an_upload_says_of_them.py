from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0006_unverified_accounts_and_undelivered_mails')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Document',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.UUIDField()),
                ('digest_mark', fields.CharField(max_length=32)),
                ('study_mark', fields.CharField(default='', max_length=32)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('object', fields.UUIDField()),
                ('facts', fields.BinaryField()),
                ('preview', fields.BinaryField(null=True)),
            ],
            options={'table': 'document', 'app': 'hds', 'unique_together': (('owner', 'digest_mark'),), 'pk_attr': 'id', 'table_description': "One document in somebody's keeping."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Upload',
            name='notes',
            field=fields.BinaryField(null=True),
        ),
    ]
