from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0002_epoch_guard')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Challenge',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('bound', fields.CharField(max_length=64)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'challenge', 'app': 'hds', 'pk_attr': 'digest', 'table_description': 'A number an authenticator signs, good once, for the one browser that asked for it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Factors',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('rev', fields.IntField()),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'factors', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': 'What an account asks for besides the password, as one document under its root.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='HalfSession',
            fields=[
                ('sid_hash', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('principal', fields.UUIDField(db_index=True)),
                ('epoch', fields.IntField()),
                ('account_kind', fields.CharField(max_length=12)),
                ('language', fields.CharField(max_length=2)),
                ('stage', fields.CharField(max_length=8)),
                ('exp', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'half_session', 'app': 'hds', 'pk_attr': 'sid_hash', 'table_description': 'Somebody of whom one proof is there and another is lacking.  Left out of every dump and backup.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PasskeyWrap',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('principal', fields.UUIDField(db_index=True)),
                ('epoch', fields.IntField()),
                ('mark', fields.CharField(unique=True, max_length=64)),
                ('pepper_id', fields.IntField()),
                ('guard', fields.IntField()),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'passkey_wrap', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'A root under what a passkey computes (PRF), in an outer box under the pepper.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SeenBefore',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
            ],
            options={'table': 'seen_before', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': 'Accounts that signed in at least once: the first device is no news to anybody.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='HumanWrap',
            name='guard',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Session',
            name='note',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Session',
            name='note_rev',
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
