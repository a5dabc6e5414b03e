"""QIDO-RS (PS3.18 10.6): one's own studies, opened and compared in memory, page by page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal import storing, studies, vault
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.dicomweb.attributes import Level, Record, as_json
from portal.dicomweb.errors import TooBroad
from portal.dicomweb.holdings import open_named
from portal.dicomweb.matching import Matcher, uids_in
from portal.dicomweb.queries import Query
from portal.dicomweb.records import (
    Header,
    instance_record,
    series_record,
    study_record,
    study_values,
)
from portal.studies import Catalogue, Shelf

OPENED: Final = 200
"""
Examinations that one search for series or instances opens, one after another.  A page of everything
ends there; by what only the images say, no more are searched.
"""
_COUNTS: Final = {
    "series": "NumberOfStudyRelatedSeries",
    "instance": "NumberOfStudyRelatedInstances",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    results: list[dict[str, Any]] = field(repr=False)
    """DICOM JSON (PS3.18 F.2)."""
    more: int = 0
    """How many come after the page, as far as is known."""


@dataclass(frozen=True, slots=True)
class Search:
    """Whose studies are searched; *root* is the address of the service, for what is found."""

    shelf: Shelf
    actor: Actor
    root: str

    async def studies(self, query: Query) -> Found:
        """The page of studies that *query* asks for.  Raises `BadQuery`."""
        matches = Matcher(query.keys_of("study"), fuzzy=query.fuzzy)
        mine = await self._mine(query)
        return await asyncio.to_thread(_page_of, mine, query, matches, self.root)

    async def within(self, query: Query) -> Found:
        """
        The page of series or instances, of all studies that the query's keys leave.

        Raises `BadQuery`, `TooBroad`.
        """
        series, instance = query.keys_of("series"), query.keys_of("instance")
        matches = Matcher(series, fuzzy=query.fuzzy)
        inner = Matcher(instance, fuzzy=query.fuzzy) if query.level == "instance" else None
        may = query.keys_of("study"), {"ModalitiesInStudy": series.get("Modality", "")}
        above = [Matcher(each, fuzzy=query.fuzzy) for each in may]
        mine = await self._mine(query)
        left, is_thinned = await asyncio.to_thread(_left, mine, query.level, above, self.root)
        counts = [each.count for each in left]
        exact = not (is_thinned or any([*series.values(), *instance.values()]))
        skip = _before(counts, query.offset) if exact else 0
        start = query.offset - sum(counts[:skip])
        wanted, found = start + query.limit, list[Record]()
        for number, study in enumerate(left[skip:]):
            if len(found) > wanted or (number >= OPENED and exact):
                break
            if number >= OPENED:
                raise TooBroad
            headers = await self._headers(study.uid)
            record = await asyncio.to_thread(study_record, mine, study.number, self.root)
            found += await asyncio.to_thread(_below, record, headers, matches, inner)
        page = found[start:wanted]
        results = await asyncio.to_thread(_listed, page, query)
        more = sum(counts) - query.offset if exact else len(found) - start
        return Found(results, max(0, more - len(page)))

    async def _mine(self, query: Query) -> Catalogue:
        """All studies that may match, or of those that are named these alone."""
        uid = query.keys_of("study").get("StudyInstanceUID")
        named = uids_in(uid) if uid else None
        return await studies.catalogue_of_mine(self.shelf, self.actor, named)

    async def _headers(self, uid: str) -> Sequence[Header]:
        """Of a study that was deleted meanwhile, or does not open, there are none."""
        try:
            study = await open_named(self.shelf, self.actor, uid)
            return [file.entry["header"] async for _, file in study.originals()]
        except (Unknown, vault.Tampered, storing.Damaged):
            return []


def _before(counts: Sequence[int], offset: int) -> int:
    """How many studies lie wholly before a page that begins at *offset*."""
    end = 0
    for number, count in enumerate(counts):
        end += count
        if end > offset:
            return number
    return len(counts)


@dataclass(frozen=True, slots=True)
class _Above:
    """A study of which the series or instances are searched."""

    number: int
    """In the catalogue."""
    uid: str
    count: int
    """Series or instances in it."""


def _matching(mine: Catalogue, matches: Matcher, root: str) -> Sequence[int]:
    return matches.among(len(mine), lambda keyword: study_values(mine, keyword, root))


def _page_of(mine: Catalogue, query: Query, matches: Matcher, root: str) -> Found:
    """Only what is on the page is written; for a thread."""
    found = _matching(mine, matches, root)
    page = found[query.offset : query.offset + query.limit]
    records = [study_record(mine, number, root) for number in page]
    return Found(_listed(records, query), max(0, len(found) - query.offset - len(page)))


def _left(
    mine: Catalogue, level: Level, above: Sequence[Matcher], root: str
) -> tuple[list[_Above], bool]:
    """The studies that match, and whether of some not everything is listed; for a thread."""
    every = [set(_matching(mine, matches, root)) for matches in above]
    numbers = sorted(set.intersection(*every))
    uids, counts = mine.column("study_uid"), study_values(mine, _COUNTS[level], root)
    thinned = mine.column("thinned_on")
    left = [_Above(number, uids[number], counts[number]) for number in numbers]
    return left, any(thinned[number] for number in numbers)


def _listed(page: Sequence[Record], query: Query) -> list[dict[str, Any]]:
    return [as_json(record, query.fields) for record in page]


def _below(
    study: Record, headers: Sequence[Header], matches: Matcher, inner: Matcher | None
) -> list[Record]:
    """The series of a study that match, or of these the instances that *inner* leaves."""
    by_series: dict[str, list[Header]] = {}
    for header in headers:
        by_series.setdefault(header["series_instance_uid"], []).append(header)
    groups = sorted(by_series.values(), key=lambda group: _order(group[0], "series"))
    series = ((series_record(group, study), group) for group in groups)
    kept = [(record, group) for record, group in series if matches(record)]
    if inner is None:
        return [record for record, _ in kept]
    instances = (
        instance_record(header, record)
        for record, group in kept
        for header in sorted(group, key=lambda each: _order(each, "instance"))
    )
    return [record for record in instances if inner(record)]


def _order(header: Header, level: str) -> tuple[bool, int, str]:
    number = header[f"{level}_number"]
    uid = header["series_instance_uid" if level == "series" else "sop_instance_uid"]
    return number is None, number or 0, uid
