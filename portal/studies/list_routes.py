"""My documents: one list of images and findings; filtered, sorted, named by their owner."""

import asyncio
from typing import Final
from uuid import UUID

from quart import Blueprint, ResponseReturnValue, redirect, render_template, request

from portal.core.errors import reading
from portal.core.language import gettext as _
from portal.core.web import signed_in
from portal.documents import LONGEST_LABEL, matching
from portal.studies import binning, catching_up, labels, listing, words
from portal.studies.access import study_for
from portal.studies.finding import KINDS, SORTS, Wanted, choices, chosen
from portal.studies.shelf import Shelf

LISTED: Final = 100
"""Examinations and documents on one page of My documents."""


def add_list(blueprint: Blueprint, shelf: Shelf) -> None:
    """The list, and the names in it."""

    @blueprint.get("/documents")
    async def documents() -> ResponseReturnValue:
        return await _page(shelf, Wanted(), request.args.get("from", 0, type=int))

    # By POST: what somebody looks for among their images is nobody's business, and addresses end
    # up in logs.
    @blueprint.post("/documents")
    async def find() -> ResponseReturnValue:
        form = await request.form
        with reading():
            first = int(form.get("from", "0"))
        return await _page(shelf, Wanted.typed(form), first)

    @blueprint.get("/documents/<uuid:study_id>/label")
    async def ask_label(study_id: UUID) -> ResponseReturnValue:
        await study_for(signed_in(), study_id)
        found = await listing.some_of_mine(shelf, signed_in(), [study_id])
        return await render_template(
            "studies/label.html", id=study_id, study=next(iter(found), None), longest=LONGEST_LABEL
        )

    @blueprint.post("/documents/<uuid:study_id>/label")
    async def rename(study_id: UUID) -> ResponseReturnValue:
        with reading():
            label = (await request.form)["label"]
        await labels.rename(signed_in(), study_id, label)
        return redirect("/documents", 303)


async def _page(shelf: Shelf, wanted: Wanted, start: int) -> str:
    found = await listing.overview(shelf, signed_in())
    inside = await matching(signed_in(), wanted.words)
    written = await words.matching(signed_in(), wanted.words)
    # Afterwards, so that the page says what was known when it was asked for.
    await shelf.desk.catching_up.look_for(signed_in())
    await catching_up.look_for(shelf, signed_in(), found.entries)
    kept = await asyncio.to_thread(chosen, found.entries, wanted, inside, written)
    count, there = len(kept), choices(found.entries)
    first = min(max(0, start), max(0, count - 1))
    last = min(first + LISTED, count)
    return await render_template(
        "studies/documents.html",
        kept=kept[first:last],
        space=found.space,
        packing=found.packing,
        is_empty=not found.entries,
        wanted=wanted,
        kinds=[(code, _(words)) for code, words in KINDS.items()],
        modalities=[(each, each) for each in there.modalities],
        years=[(each, each) for each in there.years],
        sorts=[(code, _(words)) for code, words in SORTS.items()],
        first=first,
        last=last,
        count=count,
        step=LISTED,
        thrown=await _just_thrown(shelf),
    )


async def _just_thrown(shelf: Shelf) -> binning.Thrown | None:
    """What somebody just put into the bin, so that they can undo it where they are."""
    just = request.args.get("binned", None, type=UUID)
    found = [] if just is None else await binning.in_bin(shelf, signed_in(), just)
    return next(iter(found), None)
