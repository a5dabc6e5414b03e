from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0021_fates_of_large_files')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Token',
            fields=[
                ('token_hash', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('principal', fields.UUIDField(db_index=True)),
                ('epoch', fields.IntField()),
                ('account_kind', fields.CharField(max_length=12)),
                ('language', fields.CharField(max_length=2)),
                ('scopes', fields.CharField(max_length=40)),
                ('exp', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('box', fields.BinaryField()),
                ('note', fields.BinaryField()),
                ('note_rev', fields.IntField(default=1, db_default=1)),
            ],
            options={'table': 'token', 'app': 'hds', 'pk_attr': 'token_hash', 'table_description': "A root under the key in a program's token.  Left out of every dump and backup."},
            bases=['Model'],
        ),
    ]
