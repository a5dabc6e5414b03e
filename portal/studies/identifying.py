"""All studies of an account with what identifies them, for who searches them by that."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from portal import storing, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Unknown
from portal.studies import manifests
from portal.studies.access import kept, live
from portal.studies.marks import Marks
from portal.studies.models import Study
from portal.studies.said import LIVE, Said, Seen, seen_of
from portal.studies.shelf import Shelf
from portal.studies.summaries import summary_of

ORDER: Final = ("date", "time", "study_uid")
"""The latest examination first; of several at the same moment the same one always."""


class Catalogue:
    """
    The studies of an account, the latest examination first, by columns (`summaries.summary_of`).

    Columns are opened when they are asked for: for threads.
    """

    def __init__(self, seen: Seen, anew: Sequence[Mapping[str, Any]]) -> None:
        """Of what was *seen*, the facts that were opened *anew*."""
        self._seen, self._anew = seen, anew
        self._known: dict[str, Sequence[Any]] = {}
        self._order: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self._seen.places) + len(self._anew)

    def column(self, name: str) -> Sequence[Any]:
        """One fact of every study; None where nothing is known."""
        if name not in self._known:
            found, order = self._unordered(name), self._in_order()
            self._known[name] = found if order is None else [found[at] for at in order]
        return self._known[name]

    def _unordered(self, name: str) -> Sequence[Any]:
        standing: Sequence[Any] = self._seen.columns[name] if self._seen.columns else ()
        if len(standing) == len(self) and not self._anew:
            return standing
        return [standing[at] for at in self._seen.places] + [each.get(name) for each in self._anew]

    def _in_order(self) -> Sequence[int] | None:
        """None while everything stands as it was remembered, in this very order."""
        if self._order is None and self._anew:
            by = list(zip(*map(self._unordered, ORDER), strict=True))
            self._order = sorted(range(len(by)), key=by.__getitem__, reverse=True)
        return self._order


async def catalogue_of_mine(
    shelf: Shelf, actor: Actor, uids: Collection[str] | None = None
) -> Catalogue:
    """
    The actor's studies, those with *uids* alone if they are given.

    What does not open is left out: nothing of it is known by which it could be found.
    """
    mine, name = live(), LIVE
    if uids is not None:
        marks = await Marks.of(actor)
        mine, name = mine.filter(uid_mark__in=[marks.study(uid) for uid in uids]), ""
    seen = await seen_of(shelf.remembered, actor, mine, name=name)
    lacking = {each.id for each in seen.anew if not _identifies(each)}
    rows = {row.id: row for row in await kept(actor, lacking)} if lacking else {}
    found: list[Mapping[str, Any]] = []
    for each in seen.anew:
        facts: Mapping[str, Any] | None = each.facts
        if each.id in lacking:
            row = rows.get(each.id)
            facts = await _read(shelf, row, each.key) if row and each.key else None
        if facts is not None and facts["study_uid"]:
            found.append(facts)
    return Catalogue(seen, found)


def _identifies(study: Said) -> bool:
    """Whether its row says enough; older boxes do not say what identifies."""
    return study.facts is not None and "study_uid" in study.facts


async def _read(shelf: Shelf, row: Study, key: Secret) -> Mapping[str, Any] | None:
    """The same from the manifest; None for what is gone, empty, or does not open."""
    try:
        manifest, _ = await manifests.load(shelf.boxes, row, key)
    except Unknown:
        return None
    except (vault.Tampered, storing.Damaged):
        vault.report("study does not open: row", row.id)
        return None
    return await asyncio.to_thread(summary_of, manifest) if manifest else None
