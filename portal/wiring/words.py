"""What one room shows of another room's things, in words its reader may see."""

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

import cases
from cases.search import DescribeStudies
from portal import notices, studies
from portal.core.actor import Actor


def describing(shelf: studies.Shelf) -> Callable[[Actor], DescribeStudies]:
    """What the images of a case say in words, for the search."""

    def for_actor(actor: Actor) -> DescribeStudies:
        async def describe(ids: Collection[UUID]) -> list[str]:
            opened = {study: await cases.study_key(actor, study) for study in ids}
            known = {study: key for study, key in opened.items() if key is not None}
            found = await studies.summaries_with(shelf, known)
            return [f"{each.description} {each.body_part}" for each in found]

        return describe

    return for_actor


def wording(shelf: studies.Shelf) -> notices.Describe:
    """Notices in words: each room says what its reader may see of them."""

    async def describe(actor: Actor, told: Sequence[notices.Told]) -> Mapping[UUID, notices.Words]:
        new = [each for each in told if each.kind == "prepared"]
        ready = {study for each in new for study in (each.about, *each.beside)}
        titles = {each.id: each.title for each in await studies.some_of_mine(shelf, actor, ready)}
        return {
            **await cases.describe_notices(actor, told),
            **notices.of_studies(told, titles),
            **notices.of_safety(told),
        }

    return describe
