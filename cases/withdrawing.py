"""
Images that their owner deletes, or puts into the bin, while a case talks about them.

The case and its discussion stay, since they are the community's; the images show as withdrawn, and
the search finds the case no longer by what the images said of themselves.  Out of the bin they
come back with all that.  When somebody has read what is written inside them, the search reads them
anew as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from cases.ids import CommunityId
from cases.models import CaseStudy
from cases.writing import say_changed
from portal import owing
from portal.studies import StudyBinned, StudyDeleted, StudyThinned, StudyWorded


@contextmanager
def withdrawing() -> Iterator[None]:
    """What a deleted, binned, thinned or read study owes the cases about it."""
    with (
        owing.paying(StudyDeleted, withdraw),
        owing.paying(StudyBinned, withdraw),
        owing.paying(StudyThinned, withdraw),
        owing.paying(StudyWorded, withdraw),
    ):
        yield


async def cases_about(study: UUID) -> int:
    """How many cases a study was put before, open and closed ones: its owner may know that."""
    return await CaseStudy.filter(study=study).count()


async def withdraw(event: StudyDeleted | StudyBinned | StudyThinned | StudyWorded) -> None:
    """
    Every case about the study has changed: members' pages show it, and the search reads it anew.

    Nothing is written under the community's root, so nobody needs to hold it.  Joins a transaction.
    """
    about = CaseStudy.filter(study=event.study).values_list("case__community_id", "case_id")
    # In the order in which everybody locks communities who needs several.
    for of, case in sorted((UUID(str(of)), UUID(str(case))) for of, case in await about):
        await say_changed(CommunityId(of), case)
