"""Addresses of deleting examinations: into the bin, out of it, and for good."""

from uuid import UUID

from quart import Blueprint, ResponseReturnValue, redirect, render_template, request

from portal import accounts, storing
from portal.core.web import signed_in
from portal.studies import binning, listing
from portal.studies.access import kept_study_for
from portal.studies.shelf import Shelf


def add_deleting(blueprint: Blueprint, shelf: Shelf) -> None:
    """One examination."""

    @blueprint.get("/documents/<uuid:study_id>/delete")
    async def confirm_delete(study_id: UUID) -> ResponseReturnValue:
        row = await kept_study_for(signed_in(), study_id)
        found = await listing.summaries_of(shelf, signed_in(), [row])
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
