"""Addresses of what is done with every kind of record; those of one kind stand beside this file."""

from typing import Final
from uuid import UUID

from quart import Blueprint, ResponseReturnValue, redirect, render_template, request

from portal import accounts, storing
from portal.core.web import signed_in
from portal.records import binning, book, bringing, chain, listing
from portal.records.diary_routes import add_diary
from portal.records.plan_routes import add_plans

BACK: Final = {"bin": "/documents/bin", "diary": "/diary"}
"""Where somebody goes on who took something out of the bin, by what their page says."""


def create_blueprint(free_quota: int) -> Blueprint:
    """One's own plans and diary; *free_quota*: bytes a free account may keep."""
    blueprint = Blueprint("records", __name__)
    add_plans(blueprint, free_quota)
    add_diary(blueprint, free_quota)
    _deleting(blueprint)
    _bringing(blueprint, free_quota)
    return blueprint


def _bringing(blueprint: Blueprint, free_quota: int) -> None:
    @blueprint.post("/records/bring")
    async def bring() -> ResponseReturnValue:
        """A copy out of an archive, as the page for uploading found it there."""
        brought = await bringing.bring(signed_in(), await request.get_json(), free_quota)
        return brought._asdict()


def _deleting(blueprint: Blueprint) -> None:
    @blueprint.get("/records/<uuid:record_id>/delete")
    async def confirm_delete(record_id: UUID) -> ResponseReturnValue:
        record = await listing.one_of_mine(signed_in(), record_id)
        return await render_template(
            "records/delete.html",
            record=record,
            binned=await binning.is_binned(signed_in(), record_id),
            days=storing.KEPT.days,
        )

    @blueprint.post("/records/<uuid:record_id>/delete")
    async def delete(record_id: UUID) -> ResponseReturnValue:
        await accounts.step_up(signed_in())
        await chain.delete(signed_in(), record_id)
        return redirect("/documents", 303)

    @blueprint.post("/records/<uuid:record_id>/bin")
    async def throw(record_id: UUID) -> ResponseReturnValue:
        await binning.throw(signed_in(), record_id)
        return redirect(f"/documents?binned={record_id}", 303)

    @blueprint.post("/records/<uuid:record_id>/restore")
    async def take_out(record_id: UUID) -> ResponseReturnValue:
        await book.take_out(signed_in(), record_id)
        back = (await request.form).get("to", "")
        return redirect(BACK.get(back, "/documents"), 303)
