from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('hds', '0009_ends_papers_and_addresses_of_accounts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Notice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.UUIDField()),
                ('kind', fields.CharField(max_length=20)),
                ('about', fields.UUIDField()),
                ('community', fields.UUIDField(null=True, db_index=True)),
                ('post', fields.UUIDField(null=True)),
                ('by', fields.UUIDField(null=True)),
                ('many', fields.IntField(default=1)),
                ('shown', fields.BooleanField()),
                ('mailed', fields.BooleanField(default=False)),
                ('pushed', fields.BooleanField(default=False)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('read_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice', 'app': 'hds', 'unique_together': (('account', 'kind', 'about'),), 'indexes': [Index(fields=['account', 'at']), Index(fields=['account', 'read_at'])], 'pk_attr': 'id', 'table_description': 'Something one account is told. News about the same thing collapse into one row.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='NoticeDevice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.UUIDField(db_index=True)),
                ('mark', fields.CharField(unique=True, max_length=64)),
                ('subscription', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice_device', 'app': 'hds', 'pk_attr': 'id', 'table_description': 'A browser that wishes to be told by its push service, boxed for the portal alone.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='NoticeDue',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.UUIDField()),
                ('channel', fields.CharField(max_length=4)),
                ('due_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('urgent', fields.BooleanField()),
                ('told_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('tries', fields.IntField(default=0)),
                ('lease_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice_due', 'app': 'hds', 'unique_together': (('account', 'channel'),), 'pk_attr': 'id', 'table_description': 'When an account is to hear by mail or push that something waits.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='NoticePreference',
            fields=[
                ('account', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('choices', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('rhythm', fields.CharField(max_length=8)),
                ('hour', fields.IntField()),
                ('quiet_from', fields.IntField(null=True)),
                ('quiet_until', fields.IntField(null=True)),
                ('zone', fields.CharField(max_length=64)),
                ('urgent_breaks', fields.BooleanField()),
                ('paused_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('mails_stopped', fields.BooleanField(default=False)),
                ('stop_mark', fields.CharField(null=True, unique=True, max_length=64)),
            ],
            options={'table': 'notice_preference', 'app': 'hds', 'pk_attr': 'account', 'table_description': 'What an account wishes to hear, where and when.'},
            bases=['Model'],
        ),
    ]
