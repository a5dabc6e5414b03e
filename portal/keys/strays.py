"""Keys that outlive what they open (the box audit, T14)."""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final, cast
from uuid import UUID

from tortoise.expressions import F

from portal.keys.holders import TargetKind
from portal.keys.models import LocalKey, Seal

log = logging.getLogger(__name__)

PAGE: Final = 500
"""Things that are looked for at once."""


async def stray_keys(
    kind: TargetKind, there: Callable[[Collection[UUID]], Awaitable[set[UUID]]]
) -> list[UUID]:
    """
    What of this *kind* is gone although somebody still has a key to it; *there* says what is.

    Each is reported, by its id alone.
    """
    strays: list[UUID] = []
    after = UUID(int=0)
    while page := await _opened_by_keys(kind, after):
        if missing := set(page) - await there(page):
            # Read again: what was deleted between the two questions took its keys with it.
            strays += sorted(missing.intersection(await _opened_by_keys(kind, after)))
        after = page[-1]
    for each in strays:
        log.critical("there is a key to what is no more: %s %s", kind, each)
    return strays


async def _opened_by_keys(kind: TargetKind, after: UUID) -> list[UUID]:
    """What there are keys to: the next ids above *after*, in order."""
    handed = Seal.filter(target__gt=after, target_kind=kind).order_by("target")
    found = set(await handed.distinct().limit(PAGE).values_list("target", flat=True))
    if kind == "study":
        # Beside the study keys lies the key of an account's marks, under the account's own id.
        own = LocalKey.filter(study__gt=after).exclude(study=F("owner")).order_by("study")
        found |= set(await own.distinct().limit(PAGE).values_list("study", flat=True))
    return sorted(cast("set[UUID]", found))[:PAGE]
