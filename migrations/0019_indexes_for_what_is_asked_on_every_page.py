from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('hds', '0018_mark_on_the_second_factors')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Account',
            index=Index(fields=['state', 'created_at']),
        ),
        ops.AddIndex(
            model_name='CaseStudy',
            index=Index(fields=['added_by']),
        ),
        ops.AddIndex(
            model_name='Closure',
            index=Index(fields=['by']),
        ),
        ops.AddIndex(
            model_name='Invitation',
            index=Index(fields=['invited_by']),
        ),
        ops.AddIndex(
            model_name='Notice',
            index=Index(fields=['by']),
        ),
        ops.AddIndex(
            model_name='Outcome',
            index=Index(fields=['by']),
        ),
        ops.AddIndex(
            model_name='Post',
            index=Index(fields=['deleted_by']),
        ),
        ops.AddIndex(
            model_name='Reaction',
            index=Index(fields=['account']),
        ),
        ops.AddIndex(
            model_name='Refusal',
            index=Index(fields=['refused_by']),
        ),
        ops.AddIndex(
            model_name='Standing',
            index=Index(fields=['confirmed_by']),
        ),
        ops.AddIndex(
            model_name='Thread',
            index=Index(fields=['case_id']),
        ),
    ]
