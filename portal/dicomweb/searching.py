"""QIDO-RS (PS3.18 10.6): one's own studies, opened and compared in memory, page by page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal import storing, studies, vault
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.dicomweb.attributes import Record, as_json
from portal.dicomweb.errors import TooBroad
from portal.dicomweb.holdings import open_named
from portal.dicomweb.matching import Matcher, uids_in
from portal.dicomweb.queries import Query
from portal.dicomweb.records import Header, instance_record, series_record, study_record
from portal.studies import Shelf, StudyFacts

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
        found = await self._matching(query)
        page = found[query.offset : query.offset + query.limit]
        results = await asyncio.to_thread(_listed, page, query)
        return Found(results, max(0, len(found) - query.offset - len(page)))

    async def within(self, query: Query) -> Found:
        """
        The page of series or instances, of all studies that the query's keys leave.

        Raises `BadQuery`, `TooBroad`.
        """
        series, instance = query.keys_of("series"), query.keys_of("instance")
        matches = Matcher(series, fuzzy=query.fuzzy)
        inner = Matcher(instance, fuzzy=query.fuzzy) if query.level == "instance" else None
        may = Matcher({"ModalitiesInStudy": series.get("Modality", "")})
        found: list[Record] = []
        left = [study for study in await self._matching(query) if may(study)]
        counts = [study[_COUNTS[query.level]] for study in left]
        exact = not any([*series.values(), *instance.values(), *(each["gone"] for each in left)])
        skip = _before(counts, query.offset) if exact else 0
        start = query.offset - sum(counts[:skip])
        wanted = start + query.limit
        for number, study in enumerate(left[skip:]):
            if len(found) > wanted or (number >= OPENED and exact):
                break
            if number >= OPENED:
                raise TooBroad
            headers = await self._headers(study["StudyInstanceUID"])
            found += await asyncio.to_thread(_below, study, headers, matches, inner)
        page = found[start:wanted]
        results = await asyncio.to_thread(_listed, page, query)
        more = sum(counts) - query.offset if exact else len(found) - start
        return Found(results, max(0, more - len(page)))

    async def _matching(self, query: Query) -> list[Record]:
        keys = query.keys_of("study")
        matches = Matcher(keys, fuzzy=query.fuzzy)
        uid = keys.get("StudyInstanceUID")
        named = uids_in(uid) if uid else None
        mine = await studies.facts_of_mine(self.shelf, self.actor, named)
        return await asyncio.to_thread(_kept, mine, self.root, matches)

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


def _kept(mine: Sequence[StudyFacts], root: str, matches: Matcher) -> list[Record]:
    records = (study_record(study, root) for study in mine)
    return [record for record in records if matches(record)]


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
