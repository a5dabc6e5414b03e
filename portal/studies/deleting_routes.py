"""Addresses of deleting examinations: into the bin, out of it, and for good."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from quart import Blueprint, ResponseReturnValue, redirect, render_template, request

from portal import accounts, edge, storing
from portal.core.actor import AccountId
from portal.core.web import signed_in
from portal.studies import binning, listing, thinning
from portal.studies.access import kept, kept_study_for, study_for
from portal.studies.shelf import Shelf

ShownIn = Callable[[UUID], Awaitable[int]]
"""How many cases show a study."""


def add_deleting(blueprint: Blueprint, shelf: Shelf) -> None:
    """One examination."""

    @blueprint.get("/documents/<uuid:study_id>/delete")
    async def confirm_delete(study_id: UUID) -> ResponseReturnValue:
        row = await kept_study_for(signed_in(), study_id)
        found = await listing.summaries_of(shelf, signed_in(), kept(signed_in(), [study_id]))
        return await render_template(
            "studies/delete.html",
            id=study_id,
            study=next(iter(found), None),
            binned=row.binned_at is not None,
            days=storing.KEPT.days,
        )

    @blueprint.post("/documents/<uuid:study_id>/delete")
    async def delete(study_id: UUID) -> ResponseReturnValue:
        await accounts.step_up(signed_in())
        await listing.delete(signed_in(), study_id)
        return redirect("/documents", 303)

    @blueprint.post("/documents/<uuid:study_id>/bin")
    async def throw(study_id: UUID) -> ResponseReturnValue:
        await binning.throw(signed_in(), study_id)
        return redirect(f"/documents?binned={study_id}", 303)

    @blueprint.post("/documents/<uuid:study_id>/restore")
    async def take_out(study_id: UUID) -> ResponseReturnValue:
        await binning.take_out(signed_in(), study_id)
        to_bin = (await request.form).get("to") == "bin"
        return redirect("/documents/bin" if to_bin else "/documents", 303)


def add_thinning(blueprint: Blueprint, shelf: Shelf, shown_in: ShownIn) -> None:
    """The original data of one examination, whose pictures stay."""
    # It holds a child for a while: the pictures are made now.
    turns = edge.Turnstile[AccountId](each=1, all_=2, waiting=8, patience=60)

    @blueprint.get("/documents/<uuid:study_id>/originals/delete")
    async def confirm_thin(study_id: UUID) -> ResponseReturnValue:
        await study_for(signed_in(), study_id)
        study = next(iter(await listing.some_of_mine(shelf, signed_in(), [study_id])), None)
        if study is None or not study.can_be_thinned:
            return redirect(f"/documents/{study_id}/delete", 303)
        return await render_template(
            "studies/thin.html", study=study, cases=await shown_in(study_id)
        )

    @blueprint.post("/documents/<uuid:study_id>/originals/delete")
    async def thin(study_id: UUID) -> ResponseReturnValue:
        await accounts.step_up(signed_in())
        with await turns.through(signed_in().id):
            await thinning.thin(shelf, signed_in(), study_id)
        return redirect("/documents", 303)


def add_bin(blueprint: Blueprint, shelf: Shelf) -> None:
    """The bin, with examinations and documents."""

    @blueprint.get("/documents/bin")
    async def show_bin() -> ResponseReturnValue:
        return await _bin_page(shelf, "studies/bin.html")

    @blueprint.get("/documents/bin/empty")
    async def confirm_empty() -> ResponseReturnValue:
        return await _bin_page(shelf, "studies/empty_bin.html")

    @blueprint.post("/documents/bin/empty")
    async def empty_bin() -> ResponseReturnValue:
        await accounts.step_up(signed_in())
        await binning.empty(shelf, signed_in())
        return redirect("/documents/bin", 303)


async def _bin_page(shelf: Shelf, template: str) -> str:
    thrown = await binning.in_bin(shelf, signed_in())
    return await render_template(
        template,
        thrown=thrown,
        frees=sum(each.thing.size for each in thrown),
        days=storing.KEPT.days,
    )
