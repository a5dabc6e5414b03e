"""What goes into an archive, in which order and under which names; nothing is read but lists."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from portal import documents, records, studies
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.core.language import gettext as _
from portal.exporting import dicomdir, drawing, names, readme
from portal.exporting.archive import UNREADABLE, Archive, Known, of_bytes
from portal.exporting.contents import Contents, Examination, Paper, Written, as_json
from portal.exporting.drafts import Drafts, Make
from portal.exporting.places import Placed, by_series
from portal.exporting.plans import Plan, Series
from portal.exporting.reading import Reader, marked, picture_mark
from portal.exporting.zipping import Entry

Front = Callable[[Contents], Awaitable[list[Entry]]]
"""Makes what stands in front, and tells of what comes."""


async def planned(  # noqa: PLR0913 -- the named ones are for who has a reason
    shelf: studies.Shelf,
    actor: Actor,
    known: Known,
    wanted: Sequence[studies.Entry],
    only: UUID | None = None,
    *,
    dicom: bool,
    front: Front | None = None,
) -> Plan:
    """
    The archive of these entries in the language of whoever asks, with or without DICOM files;
    with *only* that image and the rest of its series; with what *front* puts in front.  What was
    written here is not made yet: `Plan.sized` does.

    The same entries in the same state give the same archive.  Raises `Busy`; `Unknown` when there
    is no such image.
    """
    planner = _Planner(shelf, actor, known, dicom=dicom)
    for number, entry in enumerate(wanted, start=1):
        uid = "" if entry.study is None else await planner.add_study(number, entry.study, only)
        for paper in entry.papers:
            planner.add_paper(paper, uid)
    await planner.add_records([each.record for each in wanted if each.record is not None])
    planner.counts = replace(planner.counts, whole=front is not None)
    first = [of_bytes("README.txt", readme.text(planner.counts).encode())]
    if planner.files:
        directory = await asyncio.to_thread(planner.directory.written)
        first.append(of_bytes(dicomdir.NAME, directory))
    if front is not None:
        first += await front(planner.contents)
    entries = first + planner.entries + planner.files
    archive = await asyncio.to_thread(Archive, entries, known)
    return Plan(archive, planner.counts, planner.drafts, tuple(planner.series))


class _Planner:
    """Entries one after another."""

    def __init__(self, shelf: studies.Shelf, actor: Actor, known: Known, *, dicom: bool) -> None:
        self._actor, self._reader, self._known = actor, Reader(shelf, actor), known
        self._dicom = dicom
        self.series: list[Series] = []
        self.entries: list[Entry] = []
        """What everybody can open."""
        self.files: list[Entry] = []
        """DICOM files, and `directory` names them."""
        self.directory = dicomdir.Directory()
        self.contents = Contents()
        self.counts = readme.Counts(dicom=dicom)
        self.drafts = Drafts(known)

    async def add_study(
        self, number: int, study: studies.StudySummary, only: UUID | None = None
    ) -> str:
        """
        The pictures, findings and, if wanted, files of an examination; see `planned`.

        Its UID; empty when nothing of it opens.
        """
        try:
            files = {} if study.damaged else await self._reader.files(study.id)
        except (*UNREADABLE, Unknown):
            files = {}
        if not files:
            self.counts = replace(
                self.counts, missing=self.counts.missing + max(1, study.instances)
            )
            return ""
        self.counts = replace(self.counts, examinations=self.counts.examinations + 1)
        title = names.part(study.title, _("Examination"))
        folder = " ".join(filter(None, (f"{number:03}", names.day(study.date), title)))
        told = Examination.of(study, next(iter(files.values())).entry["header"])
        self.contents.examinations.append(told)
        for listed in by_series(files, only):
            first, header = listed[0][0], listed[0][1].entry["header"]
            named = str(header["series_description"] or header["protocol_name"])
            shown = header["series_number"]
            order = len(self.series) + 1
            self.series.append(Series(first, order if shown is None else shown, named, len(listed)))
            for place, (instance, file) in enumerate(listed, start=1):
                at = Placed(study.id, instance, file, folder, order, place, told)
                seen = await self._add_seen(at)
                self._add_file(at, seen=seen)
        return told.uid

    def add_paper(self, paper: documents.DocumentSummary, study: str) -> None:
        """A document as it came; *study*: the UID of the examination it belongs to, or empty."""
        lies = marked("document", paper.id.hex)
        if paper.damaged or lies in self._known.unreadable:
            self.counts = replace(self.counts, missing=self.counts.missing + 1)
            return
        path = self._add_document(paper.title, paper.facts.suffix, Entry(
            "", paper.facts.size, marked("document", paper.id.hex, paper.facts.sha256),
            self._reader.paper(paper.id), paper.day, lies, bytes.fromhex(paper.facts.sha256),
        ))  # fmt: skip
        self.contents.documents.append(Paper.of(path, paper, study))

    async def add_records(self, listed: Sequence[records.RecordSummary]) -> None:
        """What was written here, on paper and as data."""
        there = {each.id for each in listed}
        if there:
            async for copy in records.everything(self._actor):
                if copy.id in there:
                    self._add_record(copy)
        missing = len(there) - self.counts.records
        self.counts = replace(self.counts, missing=self.counts.missing + missing)

    def _add_record(self, copy: records.Copy) -> None:
        lies = self._where(copy)
        if lies is None:
            return
        number = self.counts.records + 1
        folder = _("Records")  # catalogues are not made from words inside a name
        stem = f"{folder}/{number:03} {names.part(copy.name, _('Document'))}"
        paper, data = f"{stem}{copy.suffix}", f"{stem}.json"
        makes: dict[str, Make] = {paper: copy.paper, data: partial(_data_of, copy)}
        for (name, make), about in zip(makes.items(), copy.about, strict=True):
            mark = marked("record", lies.hex(), name.rpartition(".")[2])
            entry = self.drafts.entry(mark, lies, make, about)
            self.entries.append(replace(entry, name=name))
        self.contents.records.append(Written.of(copy, paper, data))
        self.counts = replace(self.counts, records=number)

    def _where(self, copy: records.Copy) -> bytes | None:
        """
        By what the record is known.  One that was not what it had been, as when a version of it
        stopped opening, is another one, once; what goes on changing is nowhere.
        """
        first = marked("record", copy.mark.hex())
        places = (first, marked("record", first.hex(), "again"))
        return next((each for each in places if each not in self._known.unreadable), None)

    async def _add_seen(self, at: Placed) -> bool:
        """What can be seen of a file without a viewer, if there is something."""
        if at.header["kind"] == "document":
            return await self._add_inside(at)
        return (not self._dicom and self._add_drawn(at)) or self._add_small(at)

    def _add_drawn(self, at: Placed) -> bool:
        """Each frame as a picture in full size; False when there is no room or no way."""
        frames = drawing.chosen(at.file)
        drawn = self.counts.drawn + (0 if at.file.is_gone else len(frames))
        if not frames or drawn > drawing.MOST_DRAWN:
            return False
        marks = drawing.marks(at.instance, at.file, frames)
        if any(each in self._known.unreadable for each in marks):
            return False
        entries = drawing.entries(
            self._reader, self.drafts, at, dict(zip(marks, frames, strict=True))
        )
        self.entries += entries
        at.told.pictures.extend(each.name for each in entries)
        self.counts = replace(
            self.counts,
            pictures=self.counts.pictures + len(entries),
            drawn=drawn,
            shortened=self.counts.shortened + (len(frames) < drawing.count(at.file)),
        )
        return True

    def _add_small(self, at: Placed) -> bool:
        """The picture of the overview."""
        mark = picture_mark(at.instance, at.file)
        if not at.file.shown or mark in self._known.unreadable:
            return False
        size = sum(int(place[2]) for place in at.file.shown)
        name = f"{at.stem}.jpg"
        read = self._reader.picture(at.study, at.instance, mark)
        self.entries.append(Entry(name, size, mark, read, at.header["study_date"]))
        at.told.pictures.append(name)
        if at.file.is_gone:
            at.told.without_original.append(name)
        self.counts = replace(
            self.counts, pictures=self.counts.pictures + 1, small=self.counts.small + 1
        )
        return True

    async def _add_inside(self, at: Placed) -> bool:
        """The finding inside a DICOM file, as it was before somebody put it there."""
        mark = marked("inside", at.instance.hex, at.file.entry["sha256"])
        size = self._known.sizes.get(mark)
        enclosed = await self._reader.enclosed(at.study, at.instance)
        if size is None:
            try:
                size = len(await enclosed.whole()) if mark not in self._known.unreadable else 0
            except (*UNREADABLE, Unknown):
                size = 0
            size = size if enclosed.is_pdf else 0
            self._known.sizes.put(mark, size)
        if not size or mark in self._known.unreadable:
            return False
        read = self._reader.inside(at.study, at.instance)
        at.told.enclosed.append(self._add_document(
            enclosed.title, ".pdf", Entry("", size, mark, read, at.header["study_date"])
        ))  # fmt: skip
        return True

    def _add_document(self, title: str, suffix: str, entry: Entry) -> str:
        """The name it has in the archive."""
        number = self.counts.documents + 1
        title = " ".join(filter(None, (names.day(entry.day), names.part(title, _("Document")))))
        name = f"{_('Documents')}/{number:03} {title}{suffix}"
        self.entries.append(replace(entry, name=name))
        self.counts = replace(self.counts, documents=number)
        return name

    def _add_file(self, at: Placed, *, seen: bool) -> None:
        if at.file.is_gone:
            self.counts = replace(self.counts, gone=self.counts.gone + 1)
            return
        if not self._dicom:
            if not seen:
                self.counts = replace(self.counts, unseen=self.counts.unseen + 1)
            return
        lies = marked("file", str(at.file.entry["at"] or at.file.entry["view"]["skeleton"]))
        if lies in self._known.unreadable:
            self.counts = replace(self.counts, missing=self.counts.missing + 1)
            return
        path = ("DICOM", f"S{at.series:07}", f"I{at.number:07}")
        sha256 = at.file.entry["sha256"]
        self.directory.add(at.header, path)
        at.told.files.append("/".join(path))
        self.files.append(Entry(
            "/".join(path), at.file.size, marked("file", at.instance.hex, sha256),
            self._reader.original(at.study, at.instance, sha256), at.header["study_date"], lies,
            bytes.fromhex(sha256), at.file.entry.get("crc32"),
        ))  # fmt: skip
        self.counts = replace(self.counts, files=self.counts.files + 1)


async def _data_of(copy: records.Copy) -> bytes:
    data = await copy.data()
    return await asyncio.to_thread(as_json, data)
