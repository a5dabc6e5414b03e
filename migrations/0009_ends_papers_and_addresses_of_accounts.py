from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0008_turns_of_the_sweeper')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FormerAddress',
            fields=[
                ('mail_mark', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account_id', fields.UUIDField(db_index=True)),
                ('until', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'former_address', 'app': 'hds', 'pk_attr': 'mail_mark', 'table_description': 'Whose address this was lately, so that invitations under way arrive.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Leaving',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('why', fields.CharField(max_length=8)),
                ('stop_digest', fields.CharField(unique=True, max_length=64)),
                ('due_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account_leaving', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': 'An account that will be emptied or deleted, and when.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Papers',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('pass_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('recovery_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account_papers', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': "When an account's Pass and recovery sheet were made, and when it was last asked for them."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Readdressing',
            fields=[
                ('account_id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('mail', fields.BinaryField()),
                ('mail_mark', fields.CharField(max_length=64)),
                ('new_digest', fields.CharField(unique=True, max_length=64)),
                ('old_digest', fields.CharField(unique=True, max_length=64)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('agreed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account_readdressing', 'app': 'hds', 'pk_attr': 'account_id', 'table_description': "A change of address that waits for the new side, and for the old one's veto."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ResetLink',
            fields=[
                ('link_digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account_id', fields.UUIDField(null=True, db_index=True)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'reset_link', 'app': 'hds', 'pk_attr': 'link_digest', 'table_description': 'The mailed link of somebody who has lost password and code, one per time it was asked for.'},
            bases=['Model'],
        ),
    ]
