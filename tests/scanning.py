"""Looking for ids in everything that is stored: rows of all tables and the names of all objects."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from tortoise import Tortoise

from tests.people import World


async def scan_for_ids(world: World, ids: Collection[UUID]) -> list[str]:
    """Where one of *ids* still stands, as a value, as text or as bytes."""
    apps = Tortoise.apps
    assert apps is not None
    found = [
        f"{model._meta.db_table}.{column}"
        for model in apps["hds"].values()
        for row in await model.all().values()
        for column, value in row.items()
        if any(names(value, each) for each in ids)
    ]
    objects = [path.name for path in world.settings.object_folder.rglob("*") if path.is_file()]
    return found + [f"object {name}" for name in objects if any(each.hex in name for each in ids)]


def names(value: Any, sought: UUID) -> bool:
    """Whether a column's value is that id, or holds it as text or bytes."""
    if isinstance(value, str):
        return sought.hex in value or str(sought) in value
    if isinstance(value, bytes):
        return sought.bytes in value or sought.hex.encode() in value
    return bool(value == sought)
