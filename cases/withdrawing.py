"""
Images that their owner deletes while a case talks about them.

The case and its discussion stay, since they are the community's; the images show as withdrawn, and
the search finds the case no longer by what the images said of themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from cases import access
from cases.ids import CommunityId
from cases.models import CaseStudy
from cases.writing import lock, note
from portal.core.db import transaction
from portal.core.events import listening
from portal.studies import StudyDeleted


@contextmanager
def withdrawing() -> Iterator[None]:
    """Hear of deleted studies while the block lasts."""
    with listening(StudyDeleted, withdraw):
        yield


async def withdraw(event: StudyDeleted) -> None:
    """
    Every case about the study has changed: members' pages show it, and the search reads it anew.

    Nothing is written under the community's root, so nobody needs to hold it.
    """
    about = CaseStudy.filter(study=event.study)
    for case, of in await about.values_list("case_id", "case__community_id"):
        community = CommunityId(UUID(str(of)))
        async with transaction():
            await lock(community)
            current = await access.community_row(community).get()
            await note(community, current.next_seq, "case", case=UUID(str(case)))
