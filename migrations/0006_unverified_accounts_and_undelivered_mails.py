from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0005_outcome_of_a_case')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Undelivered',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('why', fields.CharField(max_length=8)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'mail_undelivered', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'That a mail will never arrive, kept for a day for whoever waits for it: no words, no name.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Account',
            name='waiting_mark',
            field=fields.CharField(null=True, db_index=True, max_length=64),
        ),
        ops.AddField(
            model_name='Throttle',
            name='lasting',
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
