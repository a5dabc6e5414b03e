"""
The database itself refuses a post under a root that is over, or while a new root is due.

Posting checks this under the community's lock; the trigger holds even for a program that does not.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

WRONG = """
    (SELECT "rotation_due" OR "epoch" <> NEW."epoch" FROM "community" WHERE "id" = NEW."community_id")
"""
SQLITE = [
    f"""CREATE TRIGGER "post_epoch_insert" BEFORE INSERT ON "post" WHEN {WRONG}
    BEGIN SELECT RAISE(ABORT, 'this epoch takes no posts'); END""",
    f"""CREATE TRIGGER "post_epoch_update" BEFORE UPDATE OF "body" ON "post"
    WHEN NEW."body" IS NOT NULL AND {WRONG}
    BEGIN SELECT RAISE(ABORT, 'this epoch takes no posts'); END""",
]
POSTGRES = [
    f"""CREATE FUNCTION "post_epoch"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW."body" IS NOT NULL AND {WRONG} THEN
            RAISE EXCEPTION 'this epoch takes no posts' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER "post_epoch_insert" BEFORE INSERT ON "post"
    FOR EACH ROW EXECUTE FUNCTION "post_epoch"()""",
    """CREATE TRIGGER "post_epoch_update" BEFORE UPDATE OF "body" ON "post"
    FOR EACH ROW EXECUTE FUNCTION "post_epoch"()""",
]
SQLITE_BACK = ['DROP TRIGGER "post_epoch_insert"', 'DROP TRIGGER "post_epoch_update"']
POSTGRES_BACK = [
    'DROP TRIGGER "post_epoch_insert" ON "post"',
    'DROP TRIGGER "post_epoch_update" ON "post"',
    'DROP FUNCTION "post_epoch"()',
]


async def _run(editor: Any, sqlite: list[str], postgres: list[str]) -> None:
    is_sqlite = editor.client.capabilities.dialect == "sqlite"
    for statement in sqlite if is_sqlite else postgres:
        await editor.client.execute_script(statement)


async def forward(_apps: Any, editor: Any) -> None:
    await _run(editor, SQLITE, POSTGRES)


async def backward(_apps: Any, editor: Any) -> None:
    await _run(editor, SQLITE_BACK, POSTGRES_BACK)


class Migration(migrations.Migration):
    dependencies = [("hds", "0001_initial")]

    initial = False

    operations = [ops.RunPython(forward, backward)]
