"""Sorting what arrived: images are filed under their studies, others go to the documents."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from portal import documents
from portal.core.actor import Actor
from portal.studies import parts
from portal.studies.filing import file_all
from portal.studies.marks import Marks
from portal.studies.notes import NOTHING_SAID, Note, Notes
from portal.studies.outcomes import Bytes, Incoming, Outcome, Then
from portal.studies.shelf import Shelf

UNCLEANABLE: Final = "uncleanable"
"""A photo that nobody can read well enough to leave anything out of it."""


async def take_in(
    shelf: Shelf,
    actor: Actor,
    incoming: Sequence[Incoming],
    notes: Notes,
    then: Then,
    *,
    looking: bool = True,
) -> Outcome:
    """
    Keep images and documents in one transaction and say what became of each.

    *then* runs in it.  Not *looking* leaves the first look at documents to `documents.look_at`.
    Raises `QuotaFull`, `DiskFull` or `Busy`; nothing is kept then.
    """
    papers = [each for each in incoming if documents.is_document(each.data)]
    images = [each for each in incoming if not documents.is_document(each.data)]
    refused = await asyncio.to_thread(_refused, papers)
    total = Outcome()

    arrived = await _arrived(actor, [each for each in papers if each.file not in refused], notes)
    arrived = await _cleaned(shelf, actor, arrived, notes, refused)
    async with documents.taking(shelf.desk, actor, arrived, looking=looking) as taking:

        async def keep_papers(outcome: Outcome) -> None:
            nonlocal total
            taken = await taking.keep()
            total = Outcome(
                taken.kept, taken.duplicates, list(refused.items()), restored=taken.restored
            )
            total.add(outcome)
            await then(total)

        await file_all(shelf, actor, images, keep_papers)
    return total


def _refused(papers: Sequence[Incoming]) -> dict[int, str]:
    """By the file's number: why it is no document to keep."""
    found = {each.file: documents.why_refused(each.data) for each in papers}
    return {file: why for file, why in found.items() if why}


async def _arrived(
    actor: Actor, papers: Sequence[Incoming], notes: Notes
) -> list[documents.Arrived]:
    marks = await Marks.of(actor)
    found = []
    for each in papers:
        note = notes.get(each.file, Note())
        mark = marks.study(note.study_uid) if note.study_uid else ""
        found.append(documents.Arrived(each.file, each.data, each.fingerprint, note.name, mark))
    return found


async def _cleaned(
    shelf: Shelf,
    actor: Actor,
    arrived: Sequence[documents.Arrived],
    notes: Notes,
    refused: dict[int, str],
) -> list[documents.Arrived]:
    """
    Photos without what they tell, where that is wanted: nothing else of them is ever filed.

    One that cannot be cleaned is *refused*.  Raises `Busy`.
    """
    found = []
    for each in arrived:
        if not notes.get(each.file, Note()).cleaned:
            found.append(each)
            continue
        clean = await documents.cleaned(shelf.desk, actor, each, parts.known_by)
        if clean is None:
            refused[each.file] = UNCLEANABLE
        else:
            found.append(clean)
    return found


async def keep_files(
    shelf: Shelf, actor: Actor, files: Sequence[Bytes], notes: Notes = NOTHING_SAID
) -> Outcome:
    """Take in whole files that are here already, as a program does; see `take_in`."""
    total = Outcome()

    async def nothing_else(_outcome: Outcome) -> None:
        return None

    for batch in _batches(files):
        total.add(await take_in(shelf, actor, batch, notes, nothing_else))
    return total


async def keep_images(
    shelf: Shelf, actor: Actor, files: Sequence[tuple[Bytes, bytes]], *, within: str = ""
) -> Outcome:
    """
    Take in whole DICOM files with their fingerprints, in one transaction, and nothing else.

    With the StudyInstanceUID *within*, of this study alone.  Raises like `take_in`.
    """

    async def nothing_else(_outcome: Outcome) -> None:
        return None

    incoming = [Incoming(number, *file) for number, file in enumerate(files)]
    return await file_all(shelf, actor, incoming, nothing_else, within=within)


def _batches(files: Sequence[Bytes]) -> Iterator[list[Incoming]]:
    batch: list[Incoming] = []
    size = 0
    for number, data in enumerate(files):
        if batch and (size + len(data) > parts.PART or len(batch) >= parts.RECORDS):
            yield batch
            batch, size = [], 0
        batch.append(Incoming(number, data, parts.known_by(data)))
        size += len(data)
    if batch:
        yield batch
