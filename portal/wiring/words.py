"""What one room shows of another room's things, in words its reader may see."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import cases
from cases.search import DescribeStudies
from portal import notices, studies
from portal.core.actor import Actor, Secret


def describing(shelf: studies.Shelf) -> DescribeStudies:
    """What the images of cases say in words, for the search."""

    async def describe(opened: Mapping[UUID, Secret]) -> dict[UUID, str]:
        found = await studies.summaries_with(shelf, opened)
        inside = await studies.words_with(opened)
        said = {each.id: f"{each.description} {each.body_part}" for each in found}
        return {each: f"{said[each]}\n{inside.get(each, '')}".strip() for each in said}

    return describe


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
