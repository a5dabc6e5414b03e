from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('hds', '0007_documents_and_what_an_upload_says_of_them')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SweepTurn',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=10)),
                ('part', fields.IntField()),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'storage_sweep', 'app': 'hds', 'pk_attr': 'name', 'table_description': 'The one row that says which part of the store is looked through next, and when.'},
            bases=['Model'],
        ),
    ]
