"""What did not open when somebody looked: remembered, so that it can be sent again."""

from typing import Final
from uuid import UUID

from portal import storing, vault
from portal.studies.models import Instance

DOUBTED: Final = ""
"""In place of an instance's content mark: it did not open when somebody looked at it last."""
UNREADABLE: Final = (storing.Damaged, vault.Tampered)


async def doubt(study: UUID, instance: UUID) -> None:
    """It did not open: whoever has it and asks is told to send it again."""
    await Instance.filter(id=instance, study=study).update(digest_mark=DOUBTED)
