from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='HumanWrap',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=9)),
                ('principal', fields.UUIDField()),
                ('epoch', fields.IntField()),
                ('how', fields.CharField(max_length=8)),
                ('salt', fields.BinaryField()),
                ('cost', fields.CharField(max_length=20)),
                ('pepper_id', fields.IntField(null=True)),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'human_wrap', 'app': 'hds', 'unique_together': (('principal', 'how'),), 'pk_attr': 'id', 'table_description': 'A root under something a person types.  It is the only verifier there is.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LocalKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('study', fields.UUIDField()),
                ('owner', fields.UUIDField(db_index=True)),
                ('owner_epoch', fields.IntField()),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'local_key', 'app': 'hds', 'unique_together': (('study', 'owner'),), 'pk_attr': 'id', 'table_description': "A study key in its owner's own keeping."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Principal',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=9)),
                ('epoch', fields.IntField()),
            ],
            options={'table': 'principal', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'Somebody who owns a key pair: an account, an inbox, a community.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PrincipalKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('principal', fields.UUIDField()),
                ('epoch', fields.IntField()),
                ('public', fields.BinaryField(source_field='pk')),
                ('dir_sig', fields.BinaryField()),
                ('chain_box', fields.BinaryField(null=True)),
            ],
            options={'table': 'principal_key', 'app': 'hds', 'unique_together': (('principal', 'epoch'),), 'pk_attr': 'id', 'table_description': "The public key of one generation, vouched for by the directory's signature."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Seal',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('target_kind', fields.CharField(max_length=9)),
                ('target', fields.UUIDField()),
                ('target_epoch', fields.IntField()),
                ('holder_kind', fields.CharField(max_length=9)),
                ('holder', fields.UUIDField(db_index=True)),
                ('holder_epoch', fields.IntField()),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'seal', 'app': 'hds', 'unique_together': (('target', 'target_kind', 'target_epoch', 'holder', 'holder_epoch'),), 'pk_attr': 'id', 'table_description': 'A key handed to somebody absent.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('sid_hash', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('principal', fields.UUIDField(db_index=True)),
                ('epoch', fields.IntField()),
                ('account_kind', fields.CharField(max_length=12)),
                ('language', fields.CharField(max_length=2)),
                ('abs_exp', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('idle_exp', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('box', fields.BinaryField()),
            ],
            options={'table': 'session', 'app': 'hds', 'pk_attr': 'sid_hash', 'table_description': "A root under the key in somebody's cookie.  Left out of every dump and backup."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StoredObject',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.UUIDField(db_index=True)),
                ('holding', fields.UUIDField(db_index=True)),
                ('size', fields.BigIntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('gone_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'stored_object', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'One sealed object of the store.  An object without a row, or with `gone_at`, is swept.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Usage',
            fields=[
                ('account', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('used', fields.BigIntField(default=0)),
                ('allowed', fields.BigIntField(null=True)),
            ],
            options={'table': 'storage_usage', 'app': 'hds', 'pk_attr': 'account', 'table_description': 'How much of its space an account uses.'},
            bases=['Model'],
        ),
    ]
